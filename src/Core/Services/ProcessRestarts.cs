namespace Apm.Core.Services;

/// <summary>Tells restarts from processes: a new one in the place of one of the same service, version and host that ended or was silent since.</summary>
public static class ProcessRestarts
{
    /// <summary>The processes that took another's place, the earliest first. Workers that run side by side took nobody's.</summary>
    public static IReadOnlyList<ProcessInfo> Of(IEnumerable<ProcessInfo> processes)
    {
        var restarts = new List<ProcessInfo>();
        foreach (var place in processes.GroupBy(process => (process.Service, process.Env, process.Version, process.Hostname)))
        {
            var taken = new HashSet<string>(StringComparer.Ordinal);
            foreach (var process in place.OrderBy(process => process.FirstSeenUnixNanos))
            {
                // Each process is succeeded once: of four workers that end, four new ones are four restarts.
                var before = place.Where(other => other.LastSeenUnixNanos < process.FirstSeenUnixNanos && !taken.Contains(other.RuntimeId)).MaxBy(other => other.LastSeenUnixNanos);
                if (before is null) continue;
                taken.Add(before.RuntimeId);
                restarts.Add(process);
            }
        }
        return [.. restarts.OrderBy(process => process.FirstSeenUnixNanos)];
    }
}
