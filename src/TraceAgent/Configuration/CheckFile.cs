namespace Apm.TraceAgent.Configuration;

/// <summary>What a file of <c>conf.d</c> says: which check, what for all its instances, and its instances.</summary>
/// <param name="CheckName">As the file or its folder is called: <c>mysql</c>.</param>
/// <param name="File">Its path.</param>
/// <param name="Init">Of <c>init_config</c>; empty when there is none.</param>
/// <param name="Instances">Those that can be run; two that say the same are one.</param>
/// <param name="Complaints">What was wrong, in the order of the file.</param>
public sealed record CheckFile(string CheckName, string File, IReadOnlyDictionary<string, object?> Init, IReadOnlyList<InstanceConfig> Instances, IReadOnlyList<ConfigComplaint> Complaints)
{
    /// <summary>It waits for containers to be found (<c>ad_identifiers</c>), so that it has nothing to run by itself.</summary>
    public bool IsTemplate { get; init; }
}

/// <summary>One instance of a check as its file has it.</summary>
/// <param name="Id">The check's name, a colon and 16 digits that stay the same while its settings do.</param>
/// <param name="Values">All its keys, mended where their shape was wrong; what is in it is as <see cref="YamlValues"/> gives it.</param>
/// <param name="IntervalSeconds">From one run to the next.</param>
/// <param name="Line">Where it begins in the file.</param>
public sealed record InstanceConfig(string Id, IReadOnlyDictionary<string, object?> Values, int IntervalSeconds, int Line)
{
    /// <summary>What an instance runs at that does not say otherwise (metrics-monitors §9.5).</summary>
    public const int DefaultIntervalSeconds = 15;

    /// <summary>Attached to everything that the instance gives out: its <c>tags</c>, and <c>service:NAME</c> when it names one.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Put before its metrics' names, with a dot; "" for none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>What it gives out gets no host.</summary>
    public bool HasNoHost { get; init; }
}
