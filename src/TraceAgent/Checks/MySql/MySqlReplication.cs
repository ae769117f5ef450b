using Apm.Core.Checks;

namespace Apm.TraceAgent.Checks.MySql;

/// <summary>
/// Replication (<c>options.replication</c>): lag and threads of each channel, replicas that are connected, and group replication. A server
/// may be both replica and source; each gets its own answer, told apart by the tag <c>replication_mode</c>.
/// </summary>
static class MySqlReplication
{
    public static async Task CollectAsync(MySqlRun run)
    {
        var channels = await ReadChannelsAsync(run);
        var replicas = await ReadReplicasAsync(run);
        if (replicas is { } connected)
        {
            run.Gauge("mysql.replication.replicas_connected", connected);
            run.Gauge("mysql.replication.slaves_connected", connected);
        }
        // Who neither follows anybody nor is known to have followers was set up to be a source: nobody listens to it.
        if (replicas is > 0 || (channels is { Count: 0 } && replicas is not null))
            Answer(run, "source", replicas > 0 && run.Values.IsOn("log_bin") ? CheckStatus.Ok : CheckStatus.Warning);
        if (channels is { Count: > 0 }) Answer(run, "replica", StatusOf(channels));
        if (!run.Version.IsMariaDb) await CollectGroupAsync(run);
    }

    /// <summary>OK when every thread of every channel runs, critical when none does, a warning between.</summary>
    internal static CheckStatus StatusOf(IReadOnlyList<Channel> channels)
    {
        if (channels.All(channel => channel is { Reads: true, Applies: true })) return CheckStatus.Ok;
        return channels.Any(channel => channel.Reads || channel.Applies) ? CheckStatus.Warning : CheckStatus.Critical;
    }

    /// <param name="Reads">Its thread that takes the source's log runs.</param>
    /// <param name="Applies">Its thread that carries the log out runs.</param>
    internal readonly record struct Channel(bool Reads, bool Applies);

    /// <summary>Null when the server does not say.</summary>
    static async Task<List<Channel>?> ReadChannelsAsync(MySqlRun run)
    {
        var grant = run.Version is { IsMariaDb: true } version && version.IsAtLeast(10, 5) ? "SLAVE MONITOR ON *.*" : "REPLICATION CLIENT ON *.*";
        var rows = await run.AskAsync(StatementFor(run.Version, run.Settings.ReplicationChannel), "the replication of this server (mysql.replication.*)", grant);
        if (rows is null) return null;
        var channels = new List<Channel>();
        for (var row = 0; row < rows.Rows.Count; row++)
        {
            var name = run.Settings.ReplicationChannel ?? FirstFilled(rows.Text(row, "Channel_Name"), rows.Text(row, "Connection_name")) ?? "default";
            if (MySqlValues.Number(rows.Text(row, "Seconds_Behind_Source") ?? rows.Text(row, "Seconds_Behind_Master")) is { } seconds)
            {
                run.Gauge("mysql.replication.seconds_behind_master", seconds, $"channel:{name}");
                run.Gauge("mysql.replication.seconds_behind_source", seconds, $"channel:{name}");
            }
            channels.Add(new Channel(IsYes(rows.Text(row, "Replica_IO_Running") ?? rows.Text(row, "Slave_IO_Running")), IsYes(rows.Text(row, "Replica_SQL_Running") ?? rows.Text(row, "Slave_SQL_Running"))));
        }
        return channels;
    }

    /// <summary>Each server has its own words: MariaDB names channels before STATUS and shows only one without ALL; MySQL says REPLICA from 8.0.22 on.</summary>
    internal static string StatementFor(MySqlVersion version, string? channel)
    {
        var name = channel?.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
        if (version.IsMariaDb) return name is null ? "SHOW ALL SLAVES STATUS" : $"SHOW SLAVE '{name}' STATUS";
        var statement = version.IsAtLeast(8, 0, 22) ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
        return name is null ? statement : $"{statement} FOR CHANNEL '{name}'";
    }

    static async Task<double?> ReadReplicasAsync(MySqlRun run)
    {
        const string Statement = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog dump%'";
        var rows = await run.AskAsync(Statement, "mysql.replication.replicas_connected", "PROCESS ON *.*");
        return rows is { Rows: [[var count], ..] } ? MySqlValues.Number(count) : null;
    }

    static void Answer(MySqlRun run, string mode, CheckStatus status)
    {
        string[] tags = [.. run.Settings.Tags, $"replication_mode:{mode}"];
        run.Output.Submit(CheckMetricKind.Gauge, "mysql.replication.slave_running", status is CheckStatus.Ok ? 1 : 0, tags);
        run.Output.ServiceCheck("mysql.replication.replica_running", status, tags, "");
        run.Output.ServiceCheck("mysql.replication.slave_running", status, tags, "");
    }

    /// <summary>Group replication, of MySQL from 5.7.17 on, when its plugin is active.</summary>
    static async Task CollectGroupAsync(MySqlRun run)
    {
        const string Grant = "SELECT ON performance_schema.*";
        var plugin = await run.AskAsync("SELECT plugin_status FROM information_schema.PLUGINS WHERE plugin_name = 'group_replication'", "group replication", "USAGE ON *.*");
        if (plugin is not { Rows: [[var state], ..] } || MySqlValues.Text(state) is not "ACTIVE") return;

        var hasRole = run.Version.IsAtLeast(8, 0);
        var members = await run.AskAsync(
            $"SELECT channel_name, member_state, {(hasRole ? "member_role" : "''")} FROM performance_schema.replication_group_members WHERE member_id = @@server_uuid", "mysql.replication.group.status", Grant);
        foreach (var row in members?.Rows ?? [])
        {
            var memberState = MySqlValues.Text(row[1]) ?? "";
            string[] tags = [.. run.Settings.Tags, $"channel_name:{MySqlValues.Text(row[0])}", $"member_state:{memberState}"];
            if (hasRole) tags = [.. tags, $"member_role:{MySqlValues.Text(row[2])}"];
            run.Output.Submit(CheckMetricKind.Gauge, "mysql.replication.group.member_status", 1, tags);
            run.Output.ServiceCheck("mysql.replication.group.status", memberState is "ONLINE" ? CheckStatus.Ok : CheckStatus.Critical, tags, "");
        }

        var stats = await run.AskAsync("SELECT * FROM performance_schema.replication_group_member_stats WHERE member_id = @@server_uuid", "mysql.replication.group.*", Grant);
        for (var row = 0; row < (stats?.Rows.Count ?? 0); row++)
        {
            string[] tags = [.. run.Settings.Tags, $"channel_name:{stats!.Text(row, "CHANNEL_NAME")}"];
            foreach (var (column, metric, kind) in GroupColumns)
                if (MySqlValues.Number(stats.Text(row, column)) is { } value) run.Output.Submit(kind, metric, value, tags);
        }
    }

    static readonly (string Column, string Metric, CheckMetricKind Kind)[] GroupColumns =
    [
        ("COUNT_TRANSACTIONS_IN_QUEUE", "mysql.replication.group.transactions", CheckMetricKind.Gauge),
        ("COUNT_TRANSACTIONS_CHECKED", "mysql.replication.group.transactions_check", CheckMetricKind.MonotonicCount),
        ("COUNT_CONFLICTS_DETECTED", "mysql.replication.group.conflicts_detected", CheckMetricKind.MonotonicCount),
        ("COUNT_TRANSACTIONS_ROWS_VALIDATING", "mysql.replication.group.transactions_validating", CheckMetricKind.Gauge),
        ("COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE", "mysql.replication.group.transactions_in_applier_queue", CheckMetricKind.Gauge),
        ("COUNT_TRANSACTIONS_REMOTE_APPLIED", "mysql.replication.group.transactions_applied", CheckMetricKind.MonotonicCount),
        ("COUNT_TRANSACTIONS_LOCAL_PROPOSED", "mysql.replication.group.transactions_proposed", CheckMetricKind.MonotonicCount),
        ("COUNT_TRANSACTIONS_LOCAL_ROLLBACK", "mysql.replication.group.transactions_rollback", CheckMetricKind.MonotonicCount),
    ];

    static string? FirstFilled(string? first, string? second) => !string.IsNullOrEmpty(first) ? first : !string.IsNullOrEmpty(second) ? second : null;

    static bool IsYes(string? text) => text is not null && text.Trim().Equals("yes", StringComparison.OrdinalIgnoreCase);
}
