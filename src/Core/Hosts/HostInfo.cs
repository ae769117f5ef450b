namespace Apm.Core.Hosts;

/// <summary>What is known of a host. Stored as a document; texts are "" when unknown.</summary>
public sealed record HostInfo
{
    /// <summary>As it calls itself; the catalogue finds it in whatever case.</summary>
    public required string Name { get; init; }

    /// <summary>Given when first seen, unique and kept.</summary>
    public long Id { get; init; }

    /// <summary>Its other names.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    public long FirstUnixSeconds { get; init; }

    /// <summary>When it last sent anything.</summary>
    public long LastUnixSeconds { get; init; }

    /// <summary>What sends from it, such as <c>agent</c> and <c>mysql</c>; sorted.</summary>
    public IReadOnlyList<string> Apps { get; init; } = [];

    /// <summary>Its tags by who attached them: <c>users</c>, <c>datadog</c> (the agent's file), <c>chef</c> …; normalised, sorted, each once.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> TagsBySource { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    public HostFacts Facts { get; init; } = new();

    /// <summary>Null when it is not muted.</summary>
    public HostMute? Mute { get; init; }

    /// <summary>Whether notifications about it are held back at a time.</summary>
    public bool IsMutedAt(long unixSeconds) => Mute is { } mute && (mute.EndUnixSeconds is not { } end || end > unixSeconds);
}

/// <summary>What the agent of a host tells of the machine.</summary>
public sealed record HostFacts
{
    public string AgentVersion { get; init; } = "";
    public string Machine { get; init; } = "";
    public string Platform { get; init; } = "";
    public string Processor { get; init; } = "";
    public string PythonVersion { get; init; } = "";
    public string SocketHostname { get; init; } = "";
    public string SocketFqdn { get; init; } = "";

    /// <summary>0 when unknown.</summary>
    public int CpuCores { get; init; }

    /// <summary>Name, version and a third text of the operating system; empty when unknown.</summary>
    public IReadOnlyList<string> SystemVersion { get; init; } = [];

    /// <summary>The JSON text that the agent made of processor, memory, file systems and network; "" when there is none.</summary>
    public string Gohai { get; init; } = "";
}

/// <summary>Notifications about a host are held back.</summary>
/// <param name="Id">Unique; shown as <c>downtime_id</c>.</param>
/// <param name="EndUnixSeconds">Null: until somebody ends it.</param>
public sealed record HostMute(long Id, long? EndUnixSeconds, string Message)
{
    /// <summary>When it began; 0 when that was not noted.</summary>
    public long StartUnixSeconds { get; init; }
}

/// <summary>What came in about a host.</summary>
/// <param name="TagsBySource">As they came; a source that is not named here keeps its tags.</param>
/// <param name="Facts">Null when nothing was said of the machine.</param>
public sealed record HostReport(string Host, IReadOnlyList<string> Aliases, IReadOnlyDictionary<string, IReadOnlyList<string>> TagsBySource, IReadOnlyList<string> Apps, HostFacts? Facts);
