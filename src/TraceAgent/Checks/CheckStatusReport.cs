using System.Text.Json.Serialization;

namespace Apm.TraceAgent.Checks;

/// <summary>How a run came out; in JSON as its word.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CheckOutcome>))]
public enum CheckOutcome
{
    /// <summary>It has not run yet.</summary>
    Waiting,
    Ok,

    /// <summary>It ran, and has something to say.</summary>
    Warning,

    /// <summary>It failed.</summary>
    Error,
}

/// <summary>An instance as it stands: what it is, how its last run came out, when it runs again.</summary>
/// <remarks>Immutable. Shown by <c>apm status</c>, <c>/api/status</c> and the screens.</remarks>
public sealed record CheckInstanceStatus
{
    /// <summary>The check's name, a colon and what tells its instances apart.</summary>
    public required string Id { get; init; }

    /// <summary>Such as <c>mysql</c>.</summary>
    public required string Check { get; init; }

    /// <summary>The file that asks for it, or <c>built in</c>.</summary>
    public required string Source { get; init; }
    public required int IntervalSeconds { get; init; }

    /// <summary>As a Python check gives it; <c>unversioned</c> when it gives none, "" for ours.</summary>
    public string Version { get; init; } = "";

    /// <summary>Of the last run.</summary>
    public CheckOutcome Outcome { get; init; }

    /// <summary>A run is going on.</summary>
    public bool IsRunning { get; init; }

    /// <summary>Why the last run failed, in a sentence; "" when it did not.</summary>
    public string Error { get; init; } = "";

    /// <summary>Lines of a Python traceback, outermost first; empty when there are none.</summary>
    public IReadOnlyList<string> Traceback { get; init; } = [];

    /// <summary>What the last run said that stops nothing.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What is known of what is watched, such as its version.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Runs that ended, failed ones too.</summary>
    public long RunCount { get; init; }

    /// <summary>Runs that failed.</summary>
    public long ErrorCount { get; init; }

    /// <summary>Runs left out because the one before was still going on.</summary>
    public long SkippedCount { get; init; }
    public CheckCounts Last { get; init; }
    public CheckCounts Total { get; init; }

    /// <summary>When the last run began; 0 before the first.</summary>
    public long LastRunUnixNanos { get; init; }

    /// <summary>When the last run that did not fail began; 0 when none did.</summary>
    public long LastSuccessUnixNanos { get; init; }
    public long LastDurationNanos { get; init; }

    /// <summary>Over all runs.</summary>
    public long AverageDurationNanos { get; init; }

    /// <summary>When it is its turn again.</summary>
    public long NextRunUnixNanos { get; init; }
}

/// <summary>What was given out: numbers, events, answers.</summary>
public readonly record struct CheckCounts(long MetricSampleCount, long EventCount, long ServiceCheckCount)
{
    public static CheckCounts operator +(CheckCounts left, CheckCounts right) => left.Plus(right);

    public CheckCounts Plus(CheckCounts other) => new(MetricSampleCount + other.MetricSampleCount, EventCount + other.EventCount, ServiceCheckCount + other.ServiceCheckCount);
}
