using Apm.Core.Diagnosis;

namespace Apm.TraceAgent.Doctor;

/// <summary>What the doctor asks of the rest of the process. Each is asked when a report is made, and may be slow for as long as a page may.</summary>
public sealed record DoctorSources
{
    /// <summary>What listens, by name.</summary>
    public required Func<IReadOnlyDictionary<string, int>> Listeners { get; init; }

    /// <summary>Address of the screens.</summary>
    public required Func<string> UiUrl { get; init; }

    /// <summary>What is wrong in configuration files.</summary>
    public Func<IReadOnlyList<ConfigFault>> ConfigFaults { get; init; } = () => [];

    /// <summary>Monitors whose threshold is out of reach.</summary>
    public Func<IReadOnlyList<UnreachableMonitor>> Monitors { get; init; } = () => [];

    /// <summary>Patterns of <c>ignore_resources</c>.</summary>
    public IReadOnlyList<string> MutedResources { get; init; } = [];

    /// <summary>Largest body of spans that is taken, in bytes; 0 when unknown.</summary>
    public long MaxBodyBytes { get; init; }

    /// <summary>Most bytes of stored traces.</summary>
    public long BudgetBytes { get; init; }

    /// <summary>Name of this machine, as tracers on it tell it.</summary>
    public string Host { get; init; } = Environment.MachineName;
}
