using Apm.Core.Monitors;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Slos;

namespace Apm.Monitors.Schedule;

/// <summary>The groups of monitors, and their past out of the monitors' histories: as far as those reach.</summary>
/// <remarks>Any thread.</remarks>
public sealed class MonitorGroups(MonitorStates states, MonitorHistory history) : IMonitorGroups
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Of(long monitorId) => [.. (states.Find(monitorId)?.Groups ?? []).Where(group => group.Group != GroupState.Whole).Select(group => group.Group)];

    /// <inheritdoc/>
    public IReadOnlyList<UptimeChange> PastOf(long monitorId, string group)
    {
        var all = history.Read(monitorId);
        var notes = all.Where(note => note.Group == group).Reverse().ToList();
        var present = states.Find(monitorId)?.Groups.FirstOrDefault(one => one.Group == group);
        if (notes.Count == 0) return present is { IsJudged: true } ? [new UptimeChange(present.StateSinceUnixSeconds ?? present.FirstSeenUnixSeconds, IsUp(present))] : [];
        var past = new List<UptimeChange>();
        // The oldest lines may be gone; what a group was before its first one, it was as long as there are lines at all.
        if (IsUp(notes[0].From) is { } earlier) past.Add(new UptimeChange(all[^1].AtUnixSeconds, earlier));
        foreach (var note in notes) past.Add(new UptimeChange(note.AtUnixSeconds, note.Happening == EvaluationHappening.Forgotten ? null : IsUp(note.To)));
        return past;
    }

    /// <summary>False in alert, null when nothing is known of it.</summary>
    internal static bool? IsUp(GroupState? group) => group is null || group.IsMissing && group.State != MonitorState.Alert ? null : IsUp(group.State);

    static bool? IsUp(MonitorState state) => state switch { MonitorState.Alert => false, MonitorState.NoData => null, _ => true };
}
