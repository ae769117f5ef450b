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
    public static IReadOnlyList<ICheckKind> All(TimeProvider clock) =>
        [new DiskCheckKind(), new HttpCheckKind(clock), new MySqlCheckKind(), new OpenMetricsCheckKind(), new ProcessCheckKind(clock), new TcpCheckKind(clock)];
}
