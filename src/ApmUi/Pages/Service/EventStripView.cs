using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Monitors.Rules;
using Apm.Monitors.Search;

namespace Apm.ApmUi.Pages.Service;

/// <summary>
/// What happened to a service in the time shown, on one axis: when it was first seen, deployments, restarts, and the changes of state of
/// the monitors that are about it. All of it: events too near to each other to be told apart share a flag that says how many they are. Immutable.
/// </summary>
public sealed record EventStripView
{
    /// <summary>Events nearer than this share a flag, percent of the strip.</summary>
    public const double NearPercent = 2.5;

    /// <summary>Room that a flag's text needs, percent of the strip.</summary>
    const double TextPercent = 9;

    /// <summary>From here on, percent of the strip, a flag's text stands at its left.</summary>
    public const double TurnedFrom = 88;

    /// <summary>From left to right.</summary>
    public required IReadOnlyList<EventFlag> Flags { get; init; }
    public required long FromMs { get; init; }
    public required long ToMs { get; init; }

    /// <summary>Of one service.</summary>
    /// <param name="state">Time and environment.</param>
    /// <param name="service">Null when it is not known.</param>
    /// <param name="processes">All known ones.</param>
    /// <param name="changes">What its monitors changed to (<see cref="ServiceMonitors.Changes"/>); null when they are not shown.</param>
    public static EventStripView Of(PageState state, ServiceInfo? service, IEnumerable<ProcessInfo> processes, IReadOnlyList<ServiceMonitorChange>? changes = null)
    {
        var range = state.Window.Range;
        var marks = ChartMarks.AllOfService(service, processes, state.Env, range).Select(mark => (Mark: mark, Link: LinkOf(state, mark))).ToList();
        if (service is { FirstSeenUnixNanos: > 0 } && range.Contains(service.FirstSeenUnixNanos))
            marks.Add((new ChartMark(service.FirstSeenUnixNanos / UnixTime.NanosPerMillisecond, "first seen", $"{service.Name} was first seen", "first"), null));
        marks.AddRange((changes ?? []).Select(change => (MarkOf(change), (string?)WorstMonitor.LinkOf(state, change.MonitorId))));
        var groups = new List<List<(ChartMark Mark, string? Link)>>();
        foreach (var mark in marks.OrderBy(mark => mark.Mark.AtMs))
        {
            if (groups.Count > 0 && LeftOf(mark.Mark) - LeftOf(groups[^1][0].Mark) < NearPercent) groups[^1].Add(mark);
            else groups.Add([mark]);
        }
        return new EventStripView
        {
            FromMs = state.Window.FromMillis,
            ToMs = state.Window.ToMillis,
            Flags = [.. groups.Select((group, i) => FlagOf(group, HasRoom(i)))],
        };

        double LeftOf(ChartMark mark) => Math.Clamp(100.0 * (mark.AtMs - state.Window.FromMillis) / Math.Max(1, state.Window.ToMillis - state.Window.FromMillis), 0, 100);

        bool HasRoom(int i)
        {
            var left = LeftOf(groups[i][0].Mark);
            if (left <= TurnedFrom) return (i + 1 < groups.Count ? LeftOf(groups[i + 1][0].Mark) : 100) - left >= TextPercent;
            var before = i > 0 ? LeftOf(groups[i - 1][0].Mark) : 0;
            return left - before >= (before <= TurnedFrom ? 2 * TextPercent : TextPercent); // The other's text may stand in between, too.
        }

        EventFlag FlagOf(List<(ChartMark Mark, string? Link)> group, bool hasRoom)
        {
            // What is graver than the rest is what one looks for; what else happened with it stands in the title.
            var (shown, link) = group.OrderByDescending(entry => RankOf(entry.Mark.Kind)).ThenByDescending(entry => entry.Mark.AtMs).First();
            return new EventFlag(LeftOf(group[0].Mark), shown.Kind, !hasRoom ? "" : group.Count > 1 ? $"{shown.Text} +{group.Count - 1}" : shown.Text,
                string.Join("\n", group.Take(12).Select(entry => $"{state.Time(entry.Mark.AtMs * UnixTime.NanosPerMillisecond)}  {entry.Mark.Detail}").Concat(group.Count > 12 ? [$"and {Figure.Of(group.Count - 12, "more event")}"] : [])), link);
        }
    }

    /// <summary>A deployment first, as it is the likeliest reason of all else; then an alert, and the rest.</summary>
    static int RankOf(string kind) => kind switch { "deploy" => 5, "error" => 4, "warn" => 3, "none" or "ok" => 2, _ => 1 };

    static string? LinkOf(PageState state, ChartMark mark) => mark.Kind switch
    {
        "deploy" => state.Here(("tab", "deployments"), ("deploy", mark.AtMs.ToString(CultureInfo.InvariantCulture)), ("sort", null), ("skip", null), ("find", null)),
        "restart" => state.Here(("tab", "instances"), ("sort", null), ("skip", null), ("find", null)),
        _ => null,
    };

    static ChartMark MarkOf(ServiceMonitorChange change) => new(
        change.AtUnixSeconds * 1000, change.To.Word(),
        $"{change.Name}{MonitorSigns.Behind(change.Group)}: {change.From.Word()} to {change.To.Word()}{(change.WasMuted ? ", muted" : "")}", MonitorSigns.KindOf(change.To));
}

/// <summary>One event, or some that lie close to each other.</summary>
/// <param name="Left">Percent of the strip.</param>
/// <param name="Kind"><c>deploy</c>, <c>restart</c>, <c>first</c>, or of a monitor the sign of its new state: <c>error</c>, <c>warn</c>, <c>ok</c>, <c>none</c>.</param>
/// <param name="Text">Beside the flag; "" when there is no room.</param>
/// <param name="Title">Each event with its time, a line each.</param>
/// <param name="Link">Where more is told; null when nowhere.</param>
public sealed record EventFlag(double Left, string Kind, string Text, string Title, string? Link);
