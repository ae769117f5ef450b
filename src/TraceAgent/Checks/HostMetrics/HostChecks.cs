using Apm.Core.Checks;

namespace Apm.TraceAgent.Checks.HostMetrics;

/// <summary>The checks of this machine itself (metrics-monitors §9.11): run every 15 s unless <c>conf.d</c> says otherwise.</summary>
public static class HostChecks
{
    /// <summary>Names of those that run without a file asking for them; <c>disk</c> is among the checks that may also be configured.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } = ["agent", "cpu", "disk", "file_handle", "io", "load", "memory", "network", "uptime"];

    /// <summary>All kinds there are on this system.</summary>
    public static IReadOnlyList<ICheckKind> Kinds(HostFiles files, TimeProvider clock) => OperatingSystem.IsLinux()
        ?
        [
            AgentKind(),
            new HostCheckKind("cpu", _ => new CpuCheck(files)),
            new HostCheckKind("file_handle", _ => new SimpleHostCheck(output => FileHandles.Submit(files.Read("sys/fs/file-nr"), output))),
            new HostCheckKind("io", _ => new IoCheck(files, clock)),
            new HostCheckKind("load", _ => new SimpleHostCheck(output => LoadAverage.Submit(files.Read("loadavg"), CpuTimes.Parse(files.Read("stat")).CoreCount, output))),
            new HostCheckKind("memory", _ => new SimpleHostCheck(output => MemoryInfo.Submit(files.Read("meminfo"), files.TryRead("vmstat") ?? "", output))),
            new HostCheckKind("network", settings => new NetworkCheck(files, settings)),
            new HostCheckKind("uptime", _ => new SimpleHostCheck(output => output.Gauge("system.uptime", ProcText.Number(files.Read("uptime").Split(' ')[0])))),
        ]
        : [AgentKind()];

    /// <summary>Says that this agent runs.</summary>
    static HostCheckKind AgentKind() => new("agent", _ => new SimpleHostCheck(static output =>
    {
        output.Gauge("datadog.agent.running", 1);
        output.ServiceCheck("datadog.agent.up", CheckStatus.Ok, [], "");
    }));

    internal static void Gauge(this ICheckOutput output, string metric, double value, params string[] tags) => output.Submit(CheckMetricKind.Gauge, metric, value, tags);
}

/// <summary>A kind whose instances need nothing but this machine.</summary>
sealed class HostCheckKind(string name, Func<CheckSettings, ICheck> make) : ICheckKind
{
    public string Name => name;

    public ICheck Create(CheckSettings settings) => make(settings);
}

/// <summary>A check that remembers nothing and waits for nothing.</summary>
sealed class SimpleHostCheck(Action<ICheckOutput> run) : ICheck
{
    public Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        run(output);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
