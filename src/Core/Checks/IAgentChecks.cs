namespace Apm.Core.Checks;

/// <summary>Tells of the checks that this process runs, and of what is wrong with their files.</summary>
/// <remarks>Any thread may call anything.</remarks>
public interface IAgentChecks
{
    /// <summary>The name of the host that they run on.</summary>
    string Host { get; }

    /// <summary>Folder of their files.</summary>
    string Folder { get; }

    /// <summary>All instances, by check.</summary>
    IReadOnlyList<CheckState> Checks();

    /// <summary>What is not as it should be in configuration files; empty when nothing is.</summary>
    IReadOnlyList<CheckComplaint> Complaints();

    /// <summary>On which ports something listens on the host, by number; empty when that cannot be read.</summary>
    IReadOnlyList<ListeningPort> Ports();
}

/// <summary>A port on which something listens.</summary>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="IsOpenToOthers">Not only programs of the same machine reach it.</param>
public sealed record ListeningPort(int Port, string Protocol, bool IsOpenToOthers);

/// <summary>One instance of a check as it stands.</summary>
public sealed record CheckState
{
    /// <summary>What <see cref="Source"/> is of a check that no file asks for.</summary>
    public const string BuiltIn = "built in";

    /// <summary>The check's name, a colon and what tells its instances apart.</summary>
    public required string Id { get; init; }

    /// <summary>Such as <c>mysql</c>.</summary>
    public required string Check { get; init; }

    /// <summary>The file that asks for it, or <see cref="BuiltIn"/>.</summary>
    public required string Source { get; init; }
    public required int IntervalSeconds { get; init; }

    /// <summary>How the last run came out; null before the first.</summary>
    public CheckStatus? Status { get; init; }

    /// <summary>Why the last run failed, or what it has to say; "" for nothing. Secrets are masked.</summary>
    public string Sentence { get; init; } = "";

    /// <summary>Runs that ended, failed ones too.</summary>
    public long RunCount { get; init; }

    /// <summary>Runs that failed.</summary>
    public long ErrorCount { get; init; }

    /// <summary>Numbers that the last run gave out.</summary>
    public long MetricSampleCount { get; init; }

    /// <summary>0 before the first run.</summary>
    public long LastRunUnixNanos { get; init; }
    public long LastDurationNanos { get; init; }
    public long NextRunUnixNanos { get; init; }
}

/// <summary>Something in a configuration file that is not as it should be.</summary>
/// <param name="Place">File, line and column.</param>
/// <param name="Sentence">What is wrong, and how it is read all the same or that it is not.</param>
/// <param name="Written">The line as it is written, secrets masked; "" when there is none.</param>
/// <param name="Corrected">The lines as they should be; empty when the sentence says it.</param>
/// <param name="IsError">What it stands in is not used.</param>
public sealed record CheckComplaint(string Place, string Sentence, string Written, IReadOnlyList<string> Corrected, bool IsError);
