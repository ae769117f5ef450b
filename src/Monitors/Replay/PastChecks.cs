using Apm.Core.Checks;
using Apm.Core.Ports;

namespace Apm.Monitors.Replay;

/// <summary>The answers of service checks as they were known at the time that is replayed.</summary>
sealed class PastChecks(IServiceCheckStore checks, PastClock clock) : IServiceCheckStore
{
    public void Add(ServiceCheckRun run) => throw new InvalidOperationException("A replay only reads.");

    public IReadOnlyList<ServiceCheckHistory> Read(string? check = null) =>
        [.. checks.Read(check).Select(history => new ServiceCheckHistory([.. history.Runs.SkipWhile(run => run.UnixSeconds > clock.UnixSeconds)])).Where(history => history.Runs.Count > 0)];

    public void Save()
    {
        // Nothing was added.
    }

    public void Dispose()
    {
        // The store is somebody else's.
    }
}
