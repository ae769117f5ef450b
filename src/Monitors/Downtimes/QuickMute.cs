using Apm.Core.Downtimes;
using Apm.Core.Monitors;

namespace Apm.Monitors.Downtimes;

/// <summary>The mutes that stand in a monitor's own options: a scope, and until when (metrics-monitors §8.5).</summary>
static class QuickMute
{
    public static string IdOf(MonitorRule rule, string scope) => $"mute:{rule.Id}:{scope}";

    /// <summary>Whether a group is muted by it. A scope that cannot be read mutes nothing.</summary>
    public static bool Accepts(string scope, MonitorRule rule, IReadOnlyList<string> groupTags)
    {
        if (scope == DowntimeScope.Everything) return true;
        var ofQuery = QueryTags.FixedBy(rule);
        try
        {
            return DowntimeScope.OfTags(scope.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Accepts([.. groupTags, .. ofQuery]);
        }
        catch (DowntimeException)
        {
            return false;
        }
    }
}
