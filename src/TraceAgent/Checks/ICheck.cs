namespace Apm.TraceAgent.Checks;

/// <summary>One instance of a check: asks something outside and gives out numbers, on a schedule (metrics-monitors §9.5, §9.7).</summary>
/// <remarks>One thread at a time; runs of an instance never overlap.</remarks>
public interface ICheck : IAsyncDisposable
{
    /// <summary>Runs once.</summary>
    /// <param name="output">Takes what was found.</param>
    /// <param name="cancel">Ends a run that lasts too long.</param>
    /// <exception cref="CheckFailedException">It could not find out; the message says why and what to do. What was given out before counts.</exception>
    Task RunAsync(ICheckOutput output, CancellationToken cancel);
}

/// <summary>Takes what a check found; names and tags as the check has them. One thread.</summary>
public interface ICheckOutput
{
    /// <summary>A number of a kind; how kinds are summed up between two flushes is metrics-monitors §2.6.</summary>
    void Submit(CheckMetricKind kind, string metric, double value, IReadOnlyList<string> tags);

    /// <summary>An answer such as <c>mysql.can_connect</c>: 0 OK, 1 warning, 2 critical, 3 unknown.</summary>
    void ServiceCheck(string name, Core.Checks.CheckStatus status, IReadOnlyList<string> tags, string message);

    void Event(Core.Events.EventRecord happened);

    /// <summary>Something that the user should know and that stops nothing; shown with the instance.</summary>
    void Warn(string sentence);

    /// <summary>A fact of what is watched, such as the server's version; shown with the instance.</summary>
    void Metadata(string name, string value);
}

/// <summary>The kinds of submission of an <c>AgentCheck</c>.</summary>
public enum CheckMetricKind
{
    Gauge,
    Rate,
    Count,
    MonotonicCount,
    Histogram,
    Historate,
    Counter,
    Distribution,
}

/// <summary>Makes the instances of one kind of check that is written in C#.</summary>
public interface ICheckKind
{
    /// <summary>As its files in <c>conf.d</c> are called: <c>mysql</c>.</summary>
    string Name { get; }

    /// <summary>An instance from its settings; nothing is connected yet.</summary>
    /// <exception cref="CheckFailedException">The settings cannot be used; the message names the key.</exception>
    ICheck Create(CheckSettings settings);
}

/// <summary>What the file says to one instance.</summary>
/// <param name="Init">Of <c>init_config</c>; values are texts, longs, doubles, bools, lists and maps of such, or null.</param>
/// <param name="Instance">Of the list item under <c>instances</c>.</param>
/// <param name="Host">The name of this host, for submissions of the instance.</param>
public sealed record CheckSettings(IReadOnlyDictionary<string, object?> Init, IReadOnlyDictionary<string, object?> Instance, string Host);

/// <summary>A check could not be made or could not find out. The message is for the user.</summary>
public sealed class CheckFailedException : Exception
{
    public CheckFailedException()
    {
    }

    public CheckFailedException(string message) : base(message)
    {
    }

    public CheckFailedException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Of a Python check: the lines of its traceback, outermost first; empty for others.</summary>
    public IReadOnlyList<string> Traceback { get; init; } = [];
}
