using Apm.Core.Checks;

namespace Apm.TraceAgent.Checks.MySql;

/// <summary>Makes the instances of <c>mysql.d/conf.yaml</c>.</summary>
/// <param name="proc">Where the kernel shows processes.</param>
public sealed class MySqlCheckKind(string proc = "/proc") : ICheckKind
{
    public string Name => "mysql";

    public ICheck Create(CheckSettings settings) => new MySqlCheck(MySqlCheckSettings.From(settings), server => new MySqlServer(server), proc);
}

/// <summary>
/// Asks a MySQL, Percona or MariaDB server how it fares (metrics-monitors §10): connects once, asks, sends, closes. A statement that the
/// account may not run costs its own metrics and a warning with the GRANT that is missing; a server that is away costs the run.
/// </summary>
public sealed class MySqlCheck(MySqlCheckSettings settings, Func<MySqlCheckSettings, IMySqlServer> serverOf, string proc) : ICheck
{
    public const string CanConnect = "mysql.can_connect";

    readonly MySqlDerivedValues _derived = new();

    public async Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        foreach (var warning in settings.Warnings) output.Warn(warning);
        var server = settings.DefaultsFile is { } file ? MySqlDefaultsFile.Apply(settings, file) : settings;
        await using var session = await ConnectAsync(server, output, cancel);
        var run = new MySqlRun(server, session, output, cancel);
        try
        {
            await run.IntroduceAsync();
            if (!server.OnlyCustomQueries) await CollectAsync(run);
            await MySqlCustomQueries.CollectAsync(run);
        }
        catch (MySqlRefusedException fault)
        {
            throw Failed(server, output, MySqlSentences.Gone(server, run.Statement, fault), fault);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    async Task<IMySqlSession> ConnectAsync(MySqlCheckSettings server, ICheckOutput output, CancellationToken cancel)
    {
        try
        {
            var session = await serverOf(server).ConnectAsync(cancel);
            output.ServiceCheck(CanConnect, CheckStatus.Ok, Tags(server), "");
            return session;
        }
        catch (MySqlRefusedException fault)
        {
            throw Failed(server, output, MySqlSentences.NoConnection(server, fault), fault);
        }
    }

    async Task CollectAsync(MySqlRun run)
    {
        var settings = run.Settings;
        if (await run.AskAsync("SHOW /*!50002 GLOBAL */ STATUS", "the metrics of SHOW STATUS", "USAGE ON *.*") is { } status) run.Values.Add(status);
        if (await run.AskAsync("SHOW GLOBAL VARIABLES", "the metrics of SHOW VARIABLES", "USAGE ON *.*") is { } variables) run.Values.Add(variables);
        var hasInnodb = !settings.DisableInnodbMetrics && await ReadInnodbAsync(run);
        _derived.AddTo(run.Values);

        run.Send(MySqlMetrics.Status);
        run.Send(MySqlMetrics.Variables);
        if (hasInnodb) run.Send(MySqlMetrics.Innodb);
        if (hasInnodb && settings.ExtraInnodbMetrics) run.Send(MySqlMetrics.ExtraInnodb);
        if (settings.ExtraStatusMetrics) run.Send(MySqlMetrics.ExtraStatus);
        if (settings.GaleraCluster && run.Values.IsOn("wsrep_on")) run.Send(MySqlMetrics.Galera);
        run.Send(settings.AdditionalStatus);
        run.Send(settings.AdditionalVariables);

        await ReadBinaryLogsAsync(run);
        MySqlProcessTimes.Collect(run, proc);
        if (settings.Replication) await MySqlReplication.CollectAsync(run);
        if (settings.ExtraPerformanceMetrics) await MySqlStatementTimes.CollectAsync(run);
        await MySqlSizes.CollectAsync(run);
    }

    /// <summary>Whether the server has InnoDB. What its status text says wins over SHOW STATUS: the two may be of different moments, and the text is of one.</summary>
    static async Task<bool> ReadInnodbAsync(MySqlRun run)
    {
        const string IsOn = "SELECT engine FROM information_schema.ENGINES WHERE engine = 'InnoDB' AND support != 'no' AND support != 'disabled'";
        if (await run.AskAsync(IsOn, "InnoDB's part", "USAGE ON *.*") is not { Rows.Count: > 0 }) return false;
        var rows = await run.AskAsync("SHOW /*!50000 ENGINE*/ INNODB STATUS", "what only the status text of InnoDB tells (of mysql.innodb.*)", "PROCESS ON *.*");
        if (rows is { Rows.Count: > 0 } && rows.Text(0, "Status") is { } text)
            foreach (var (name, value) in InnodbStatusText.Read(text)) run.Values.Set(name, value);
        return true;
    }

    static async Task ReadBinaryLogsAsync(MySqlRun run)
    {
        if (!run.Values.IsOn("log_bin")) return;
        if (await run.AskAsync("SHOW BINARY LOGS", "mysql.binlog.disk_use", "REPLICATION CLIENT ON *.*") is not { } logs) return;
        var size = logs.IndexOf("File_size");
        if (size >= 0) run.Gauge("mysql.binlog.disk_use", logs.Rows.Sum(row => MySqlValues.Number(row[size]) ?? 0));
    }

    static CheckFailedException Failed(MySqlCheckSettings server, ICheckOutput output, string sentence, Exception fault)
    {
        output.ServiceCheck(CanConnect, CheckStatus.Critical, Tags(server), sentence);
        return new CheckFailedException(sentence, fault);
    }

    static IReadOnlyList<string> Tags(MySqlCheckSettings server) => [.. server.ServerTags, .. server.Tags];
}
