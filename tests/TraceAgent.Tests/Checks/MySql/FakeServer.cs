using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.MySql;

namespace Apm.TraceAgent.Tests.Checks.MySql;

/// <summary>A server whose answers a test writes down: the first entry whose text the statement contains, none for other statements.</summary>
sealed class FakeServer : IMySqlServer, IMySqlSession
{
    readonly List<(string Part, Func<MySqlRows> Answer)> _answers = [];

    public List<string> Asked { get; } = [];

    public int Open { get; private set; }

    public int Connections { get; private set; }

    public FakeServer Answer(string part, IReadOnlyList<string> columns, params object?[][] rows)
    {
        _answers.Insert(0, (part, () => new MySqlRows(columns, rows)));
        return this;
    }

    public FakeServer Status(params (string Name, object Value)[] values) => Answer("GLOBAL */ STATUS", ["Variable_name", "Value"], [.. values.Select(value => new object?[] { value.Name, value.Value.ToString() })]);

    public FakeServer Variables(params (string Name, object Value)[] values) => Answer("GLOBAL VARIABLES", ["Variable_name", "Value"], [.. values.Select(value => new object?[] { value.Name, value.Value.ToString() })]);

    public FakeServer Refuse(string part, int number, string message, bool isGone = false)
    {
        _answers.Insert(0, (part, () => throw new MySqlRefusedException(number, isGone, message)));
        return this;
    }

    public Task<IMySqlSession> ConnectAsync(CancellationToken cancel)
    {
        foreach (var (part, answer) in _answers) if (part is "connect") answer();
        Open++;
        Connections++;
        return Task.FromResult<IMySqlSession>(this);
    }

    public Task<MySqlRows> QueryAsync(string statement, int maxRows, CancellationToken cancel)
    {
        Asked.Add(statement);
        foreach (var (part, answer) in _answers) if (statement.Contains(part, StringComparison.Ordinal)) return Task.FromResult(answer());
        return Task.FromResult(MySqlRows.Empty);
    }

    public ValueTask DisposeAsync()
    {
        Open--;
        return ValueTask.CompletedTask;
    }

    public FakeServer Version(string version) => Answer("VERSION()", ["v", "u"], [version, "datadog@localhost"]);

    /// <summary>A check over this server; without keys, that of the walkthrough.</summary>
    public MySqlCheck Check(params (string Key, object? Value)[] keys) =>
        new(MySqlCheckSettings.From(Instance.Of([("host", "127.0.0.1"), ("user", "datadog"), ("pass", "secret"), .. keys])), _ => this, "/nonexistent");

    public async Task<RecordingOutput> RunAsync(params (string Key, object? Value)[] keys)
    {
        var output = new RecordingOutput();
        await using var check = Check(keys);
        await check.RunAsync(output, CancellationToken.None);
        return output;
    }
}
