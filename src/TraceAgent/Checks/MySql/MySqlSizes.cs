namespace Apm.TraceAgent.Checks.MySql;

/// <summary>Sizes of schemas and tables in MiB, and how many rows of each table were read and changed; by option. The server counts only tables that the account may see.</summary>
static class MySqlSizes
{
    const string SystemSchemas = "('mysql', 'information_schema', 'performance_schema', 'sys')";
    const string Grant = "SELECT ON *.*";

    public static async Task CollectAsync(MySqlRun run)
    {
        if (run.Settings.SchemaSizeMetrics) await CollectSchemasAsync(run);
        if (run.Settings.TableSizeMetrics) await CollectTablesAsync(run, $"NOT IN {SystemSchemas}");
        if (run.Settings.SystemTableSizeMetrics) await CollectTablesAsync(run, $"IN {SystemSchemas}");
        if (run.Settings.TableRowsStatsMetrics) await CollectRowCountsAsync(run);
    }

    static async Task CollectSchemasAsync(MySqlRun run)
    {
        const string Statement = "SELECT table_schema, SUM(data_length + index_length) / 1048576 FROM information_schema.TABLES GROUP BY table_schema";
        foreach (var row in (await run.AskAsync(Statement, "mysql.info.schema.size", Grant))?.Rows ?? [])
            if (MySqlValues.Number(row[1]) is { } size) run.Gauge("mysql.info.schema.size", size, $"schema:{MySqlValues.Text(row[0])}");
    }

    static async Task CollectTablesAsync(MySqlRun run, string schemas)
    {
        var statement = $"SELECT table_schema, table_name, index_length / 1048576, data_length / 1048576 FROM information_schema.TABLES WHERE table_type = 'BASE TABLE' AND table_schema {schemas}";
        foreach (var row in (await run.AskAsync(statement, "mysql.info.table.*", Grant))?.Rows ?? [])
        {
            string[] tags = [$"schema:{MySqlValues.Text(row[0])}", $"table:{MySqlValues.Text(row[1])}"];
            if (MySqlValues.Number(row[2]) is { } index) run.Gauge("mysql.info.table.index_size", index, tags);
            if (MySqlValues.Number(row[3]) is { } data) run.Gauge("mysql.info.table.data_size", data, tags);
        }
    }

    /// <summary>Needs <c>userstat = 1</c> of MariaDB or Percona Server; without it the table is empty or absent.</summary>
    static async Task CollectRowCountsAsync(MySqlRun run)
    {
        if (!run.Values.IsOn("userstat"))
        {
            run.Output.Warn("mysql: `table_rows_stats_metrics` needs the server to count: set userstat = 1 there (MariaDB and Percona Server; MySQL has no such count).");
            return;
        }
        const string Statement = "SELECT table_schema, table_name, rows_read, rows_changed FROM information_schema.TABLE_STATISTICS";
        foreach (var row in (await run.AskAsync(Statement, "mysql.info.table.rows.*", "PROCESS ON *.*"))?.Rows ?? [])
        {
            string[] tags = [.. run.Settings.Tags, $"schema:{MySqlValues.Text(row[0])}", $"table:{MySqlValues.Text(row[1])}"];
            if (MySqlValues.Number(row[2]) is { } read) run.Output.Submit(CheckMetricKind.MonotonicCount, "mysql.info.table.rows.read", read, tags);
            if (MySqlValues.Number(row[3]) is { } changed) run.Output.Submit(CheckMetricKind.MonotonicCount, "mysql.info.table.rows.changed", changed, tags);
        }
    }
}
