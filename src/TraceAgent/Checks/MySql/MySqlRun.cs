namespace Apm.TraceAgent.Checks.MySql;

/// <summary>One run over one connection: asks, says what was refused, and sends metrics with the instance's tags.</summary>
sealed class MySqlRun(MySqlCheckSettings settings, IMySqlSession session, ICheckOutput output, CancellationToken cancel)
{
    /// <summary>Most rows of one statement that become metrics; more are left unread, and a warning says which statement.</summary>
    public const int MaxRows = 10_000;

    public MySqlCheckSettings Settings { get; } = settings;

    public ICheckOutput Output { get; } = output;

    public MySqlValues Values { get; } = new();

    public MySqlVersion Version { get; private set; } = MySqlVersion.Parse("");

    /// <summary>The last statement, for the sentence when the server goes away at it.</summary>
    public string Statement { get; private set; } = "";

    string? _account;

    /// <summary>Learns who answers, and as whom it knows us.</summary>
    public async Task IntroduceAsync()
    {
        var rows = await AskAsync("SELECT VERSION(), CURRENT_USER()", "the server's version", "USAGE ON *.*");
        if (rows is not { Rows: [[var version, var account], ..] }) return;
        Version = MySqlVersion.Parse(MySqlValues.Text(version) ?? "");
        _account = MySqlValues.Text(account);
        Output.Metadata("version", Version.Text);
        Output.Metadata("flavor", Version.IsMariaDb ? "MariaDB" : "MySQL");
    }

    /// <summary>Asks the server.</summary>
    /// <param name="missing">What is not collected when it refuses, for the warning.</param>
    /// <param name="grant">The right that it takes: <c>PROCESS ON *.*</c>.</param>
    /// <returns>Null when it refuses; a warning was given.</returns>
    /// <exception cref="MySqlRefusedException">The server is gone.</exception>
    public async Task<MySqlRows?> AskAsync(string statement, string missing, string grant)
    {
        cancel.ThrowIfCancellationRequested();
        Statement = statement;
        try
        {
            var rows = await session.QueryAsync(statement, MaxRows, cancel);
            if (rows.IsCut) Output.Warn($"mysql: `{statement}` gave more than {MaxRows:N0} rows; the first {MaxRows:N0} are used for {missing}.");
            return rows;
        }
        catch (MySqlRefusedException fault) when (!fault.IsGone)
        {
            Output.Warn(MySqlSentences.Refused(statement, fault, missing, grant, _account));
            return null;
        }
    }

    /// <summary>Sends those of the metrics that the server has a value for.</summary>
    public void Send(IEnumerable<MySqlMetric> metrics)
    {
        foreach (var metric in metrics)
            if (Values.TryGet(metric.Source, out var value)) Output.Submit(metric.Kind, metric.Name, value, Settings.Tags);
    }

    public void Gauge(string metric, double value, params IEnumerable<string> tags) => Output.Submit(CheckMetricKind.Gauge, metric, value, [.. Settings.Tags, .. tags]);
}
