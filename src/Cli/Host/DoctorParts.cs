using Apm.Core.Diagnosis;
using Apm.TraceAgent;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Configuration;
using Apm.TraceAgent.Doctor;
using Apm.TraceAgent.Doctor.Witness;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Serve;

namespace Apm.Cli.Host;

/// <summary>The doctor of this process: what its receivers saw, and who may ask about it.</summary>
public sealed class DoctorParts(TimeProvider clock) : IDisposable
{
    readonly ProcessTable _processes = new();
    DoctorReporter? _reporter;

    /// <summary>Hears what the receivers see.</summary>
    public FactBook Book { get; } = new(clock, new ProcessTable()) { HasTime = () => clock is not CatchUpClock { IsBehind: true } };

    /// <summary>Puts the reporter together, once all it asks is there.</summary>
    internal void Open(HostSettings settings, PipelineParts parts, TracePipeline pipeline, long budgetBytes, Func<string> uiUrl, Func<IReadOnlyList<ListenerStatus>> listeners, Func<CheckAgentStatus?> checks, ReachOfMonitors monitors) =>
        _reporter = new DoctorReporter(parts, pipeline, Book, _processes, new DoctorSources
        {
            Listeners = () => listeners().GroupBy(listener => listener.Name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First().Port, StringComparer.Ordinal),
            UiUrl = uiUrl,
            ConfigFaults = () => [.. (checks()?.Complaints ?? settings.Checks.Complaints).Select(FaultOf)],
            Monitors = monitors.Find,
            MutedResources = pipeline.Decoder.Settings.Filters.IgnoreResources,
            BudgetBytes = budgetBytes,
            MaxBodyBytes = settings.Agent.MaxBodyBytes,
        });

    /// <summary>What pages and endpoints may ask for.</summary>
    public void AddTo(IServiceCollection services)
    {
        services.AddSingleton(_reporter!);
        services.AddSingleton<IDoctor>(_reporter!);
    }

    /// <inheritdoc/>
    public void Dispose() => _reporter?.Dispose();

    static ConfigFault FaultOf(ConfigComplaint complaint) => new(complaint.Kind, complaint.File, complaint.Line, complaint.Column, complaint.Sentence, complaint.Written, complaint.Corrected) { Key = complaint.Key, Group = complaint.Group };
}
