using Apm.Core.Time;

namespace Apm.Core.Services;

/// <summary>
/// Tells deployments from the versions on spans. A version that was never seen before in its environment is a deployment; one that comes back after it was
/// silent for <see cref="ReturnAfter"/> while another version ran is one too (a roll-back). While old and new instances run side by side, nothing more happens.
/// </summary>
public static class DeploymentHistory
{
    /// <summary>Most deployments kept of one service, all environments together; default 100. The oldest go.</summary>
    public const int MaxDeployments = 100;

    /// <summary>How long a version must have been silent to count as deployed anew; default 10 min.</summary>
    public static readonly TimeSpan ReturnAfter = TimeSpan.FromMinutes(10);

    /// <summary>The history after one more span; the same instance when nothing changed.</summary>
    public static IReadOnlyList<Deployment> Saw(IReadOnlyList<Deployment> history, string env, string version, long seenUnixNanos)
    {
        if (version.Length == 0) return history;
        var (own, newest) = (-1, -1);
        for (var i = 0; i < history.Count; i++)
        {
            if (history[i].Env != env) continue;
            newest = i;
            if (history[i].Version == version) own = i;
        }
        if (own >= 0)
        {
            var known = history[own];
            var isBack = own != newest && seenUnixNanos - known.LastSeenUnixNanos >= ReturnAfter.Ticks * UnixTime.NanosPerTick;
            if (!isBack)
                return seenUnixNanos <= known.LastSeenUnixNanos ? history : [.. history.Select((deployment, i) => i == own ? deployment with { LastSeenUnixNanos = seenUnixNanos } : deployment)];
        }
        var begun = new Deployment(env, version, seenUnixNanos, seenUnixNanos, newest < 0 ? "" : history[newest].Version);
        return [.. history.Skip(Math.Max(0, history.Count + 1 - MaxDeployments)), begun];
    }
}
