using Apm.Core.Counting;
using Apm.Core.Hosts;
using Apm.Core.Limits;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.BuiltIn;
using Apm.TraceAgent.Checks.HostMetrics;
using Apm.TraceAgent.Checks.Python;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Metrics;

namespace Apm.Cli.Host;

/// <summary>Puts the agent's side together: which checks there are, where their files lie, and where what they find goes.</summary>
static class CheckParts
{
    /// <summary>What runs the checks of this host, once it is started; the tags of the settings are attached to the host here, and again when their file changes.</summary>
    /// <param name="api">Takes what they find, and knows the hosts.</param>
    public static CheckAgent Make(HostSettings settings, PipelineParts parts, MetricsApiParts api)
    {
        var clock = parts.Clock is CatchUpClock ? TimeProvider.System : parts.Clock; // What is measured is measured now, whatever time a demonstration plays in.
        var file = Attached(settings);
        return new CheckAgent(Folders(settings), file, () => settings.Checks.ReadAgain?.Invoke() is { } again ? Attached(settings with { Checks = again }) : null, Collector(settings, clock, parts.Counters, parts.Memory), settings.Checks.Schedule, plan => SumsOf(plan, settings, parts.Counters, clock), api.Intake, parts.Memory, parts.Counters, parts.Problems, clock);

        HostFile Attached(HostSettings now)
        {
            var tags = HostTags(now);
            api.Hosts.SetTags(settings.Checks.Host, HostCatalogue.AgentSource, tags);
            return new HostFile(tags, now.Checks.Complaints);
        }
    }

    /// <summary>Sums up what one instance submits.</summary>
    public static ICheckSums SumsOf(CheckPlan plan, HostSettings settings, Counters counters, TimeProvider clock) => new InstanceSums(new CheckAggregator("", plan.Interval, settings.Histograms, counters, clock));

    /// <summary>Reads the checks' folders.</summary>
    public static CheckCollector Collector(HostSettings settings, TimeProvider clock, Counters counters, MemoryBudget memory)
    {
        var folders = Folders(settings);
        var python = new PythonChecks(settings.Checks.Python with
        {
            Folders = [folders.ChecksD], CacheFolder = Path.Combine(settings.DataFolder, "checks"), Host = folders.Host, Version = Product.Version, HostTags = HostTags(settings),
        }, clock, counters);
        return new CheckCollector(folders, Kinds(clock, memory), HostChecks.BuiltIn, python.Create);
    }

    /// <summary>Tags of this host: those of the settings, and its environment when one is set (metrics-monitors §9.2).</summary>
    public static IReadOnlyList<string> HostTags(HostSettings settings)
    {
        var env = settings.Agent.DefaultEnv is { Length: > 0 } named && named != HostSettings.Default.Agent.DefaultEnv ? new[] { $"env:{named}" } : [];
        return [.. settings.Checks.Tags.Concat(settings.Checks.ExtraTags).Concat(env).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>All kinds of checks that are written in C#.</summary>
    static IReadOnlyList<ICheckKind> Kinds(TimeProvider clock, MemoryBudget memory) => [.. HostChecks.Kinds(new HostFiles(), clock), .. BuiltInChecks.All(clock, memory.OpenWork("checks"))];

    static CheckFolders Folders(HostSettings settings) => new()
    {
        ConfD = FolderOf(settings.Checks.ConfD, settings.Checks.Folder, "conf.d"),
        ChecksD = FolderOf(settings.Checks.ChecksD, settings.Checks.Folder, "checks.d"),
        AcceptsTabs = settings.Checks.AcceptsTabs,
        Host = settings.Checks.Host,
        HasHostMetrics = settings.Checks.HasHostMetrics,
    };

    static string FolderOf(string named, string settingsFolder, string usual) => Path.GetFullPath(named.Length > 0 ? named : Path.Combine(settingsFolder, usual));
}
