using Apm.Core.Limits;
using Apm.TraceAgent.Checks.Disk;
using Apm.TraceAgent.Checks.Http;
using Apm.TraceAgent.Checks.MySql;
using Apm.TraceAgent.Checks.OpenMetrics;
using Apm.TraceAgent.Checks.Processes;
using Apm.TraceAgent.Checks.Tcp;

namespace Apm.TraceAgent.Checks.BuiltIn;

/// <summary>The checks that are written in C#.</summary>
public static class BuiltInChecks
{
    /// <param name="memory">What checks hold while they read is taken from it; null for no account.</param>
    public static IReadOnlyList<ICheckKind> All(TimeProvider clock, MemoryAccount? memory = null) =>
        [new DiskCheckKind(), new HttpCheckKind(clock), new MySqlCheckKind(), new OpenMetricsCheckKind(memory), new ProcessCheckKind(clock), new TcpCheckKind(clock)];
}
