using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Monitors;
using Apm.Core.Ports;

namespace Apm.Cli.Host;

/// <summary>Tells what monitors found by an event in the stream alone (metrics-monitors §7.5).</summary>
/// <remarks>Any thread. Ids that were told are known since the process started only.</remarks>
sealed class EventTeller(IEventStore events, Counters counters) : IAlertTeller
{
    /// <summary>Ids that are remembered; the oldest go.</summary>
    const int RememberedIds = 10_000;

    readonly Lock _lock = new();
    readonly HashSet<string> _told = new(StringComparer.Ordinal);
    readonly Queue<string> _order = [];

    public void Tell(AlertTransition transition)
    {
        lock (_lock)
        {
            if (_told.Contains(transition.Id)) return;
            events.Add(EventOf(transition));
            counters.Add("monitor_events_written");
            _told.Add(transition.Id);
            _order.Enqueue(transition.Id);
            if (_order.Count > RememberedIds) _told.Remove(_order.Dequeue());
        }
    }

    static EventRecord EventOf(AlertTransition transition)
    {
        var rule = transition.Rule;
        var priority = rule.Priority is { } level ? string.Create(CultureInfo.InvariantCulture, $"[P{level}] ") : "";
        var group = rule.Options.IncludeTags && transition.GroupTags.Count > 0 ? $" on {{{transition.Group}}}" : "";
        return new EventRecord
        {
            Title = $"{priority}[{WordOf(transition)}{group}] {rule.Name}",
            Text = transition.IsRepeat && rule.Options.EscalationMessage.Length > 0 ? rule.Options.EscalationMessage : rule.Message,
            UnixSeconds = transition.AtUnixSeconds,
            AlertType = transition.To switch { MonitorState.Alert or MonitorState.NoData => "error", MonitorState.Ok => "success", _ => "warning" },
            Tags = [.. rule.Tags, .. transition.GroupTags, "monitor"],
            AggregationKey = rule.Id.ToString(CultureInfo.InvariantCulture),
            Source = "Monitor Alert",
        };
    }

    static string WordOf(AlertTransition transition) => transition.Kind switch
    {
        AlertKind.NoData => "No Data",
        AlertKind.Repeated => transition.To switch { MonitorState.Alert => "Re-Triggered", MonitorState.NoData => "Re-No Data", _ => $"Re-{transition.To}" },
        _ => transition.Kind.ToString(),
    };
}
