namespace Apm.TraceAgent.Checks.MySql;

/// <summary>Runs the user's own statements and sends what they give.</summary>
static class MySqlCustomQueries
{
    public static async Task CollectAsync(MySqlRun run)
    {
        if (run.Settings.CustomQueries.Count == 0) return;
        // Rows that are not wanted would have to be read all the same before the next statement.
        await run.AskAsync($"SET SESSION sql_select_limit = {MySqlRun.MaxRows + 1}", "the limit of rows", "USAGE ON *.*");
        foreach (var query in run.Settings.CustomQueries)
        {
            var rows = await run.AskAsync(query.Query, "what this custom query gives", "SELECT ON <schema>.<table>");
            if (rows is not null) Send(run, query, rows);
        }
    }

    static void Send(MySqlRun run, MySqlCustomQuery query, MySqlRows rows)
    {
        if (rows.Rows.Count > 0 && rows.Columns.Count != query.Columns.Count)
        {
            run.Output.Warn($"mysql: the custom query `{query.Query}` gives {rows.Columns.Count} columns ({string.Join(", ", rows.Columns)}), and {query.Columns.Count} are described under `columns`. " +
                "Describe each, `{}` for one that is not wanted; nothing of it is sent.");
            return;
        }
        var notNumbers = new HashSet<string>();
        foreach (var row in rows.Rows)
        {
            var tags = new List<string>([.. run.Settings.Tags, .. query.Tags]);
            for (var i = 0; i < row.Length; i++)
                if (query.Columns[i] is { Name.Length: > 0, Kind: null } && MySqlValues.Text(row[i]) is { } value) tags.Add($"{query.Columns[i].Name}:{value}");
            for (var i = 0; i < row.Length; i++)
            {
                if (query.Columns[i].Kind is not { } kind || MySqlValues.Text(row[i]) is not { } text) continue;
                if (MySqlValues.Number(row[i]) is { } number) run.Output.Submit(kind, query.Columns[i].Name, number, tags);
                else if (notNumbers.Add(query.Columns[i].Name))
                    run.Output.Warn($"mysql: the custom query `{query.Query}` gives `{(text.Length > 40 ? text[..39] + "…" : text)}` for {query.Columns[i].Name}, which is no number. If it is a tag, give it `type: tag`.");
            }
        }
    }
}
