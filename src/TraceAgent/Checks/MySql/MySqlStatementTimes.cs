namespace Apm.TraceAgent.Checks.MySql;

/// <summary>How long statements take, from performance_schema (<c>options.extra_performance_metrics</c>). Its times are in picoseconds, ours in microseconds.</summary>
static class MySqlStatementTimes
{
    const string Digests = "performance_schema.events_statements_summary_by_digest";
    const string Grant = "SELECT ON performance_schema.*";

    public static async Task CollectAsync(MySqlRun run)
    {
        if (!run.Values.IsOn("performance_schema"))
        {
            run.Output.Warn("mysql: `extra_performance_metrics` needs performance_schema = ON in the server's configuration; it is off.");
            return;
        }
        const string Average = $"SELECT schema_name, ROUND(SUM(sum_timer_wait) / SUM(count_star) / 1000000) FROM {Digests} WHERE schema_name IS NOT NULL AND count_star > 0 GROUP BY schema_name";
        foreach (var row in (await run.AskAsync(Average, "mysql.performance.query_run_time.avg", Grant))?.Rows ?? [])
            if (MySqlValues.Number(row[1]) is { } micros) run.Gauge("mysql.performance.query_run_time.avg", micros, $"schema:{MySqlValues.Text(row[0])}");

        // The kind of statement that is slower than 95 of 100 kinds.
        if (await run.AskAsync($"SELECT COUNT(*) FROM {Digests}", "mysql.performance.digest_95th_percentile.avg_us", Grant) is not { Rows: [[var counted], ..] }) return;
        if (MySqlValues.Number(counted) is not (>= 1 and var count)) return;
        var slowest = await run.AskAsync($"SELECT ROUND(avg_timer_wait / 1000000) FROM {Digests} ORDER BY avg_timer_wait LIMIT {RankOf95th((long)count)}, 1", "mysql.performance.digest_95th_percentile.avg_us", Grant);
        if (slowest is { Rows: [[var average], ..] } && MySqlValues.Number(average) is { } avgMicros) run.Gauge("mysql.performance.digest_95th_percentile.avg_us", avgMicros);
    }

    /// <summary>The first place, from 0, with more than 95 % of all at or before it.</summary>
    internal static long RankOf95th(long count) => Math.Min(count - 1, count * 95 / 100);
}
