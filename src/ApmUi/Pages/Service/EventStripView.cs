using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Services;
using Apm.Core.Time;

namespace Apm.ApmUi.Pages.Service;

/// <summary>
/// What happened to a service in the time shown, on one axis: when it was first seen, deployments, restarts. All of it: events too near
/// to each other to be told apart share a flag that says how many they are. Immutable.
/// </summary>
public sealed record EventStripView
{
    /// <summary>Events nearer than this share a flag, percent of the strip.</summary>
    public const double NearPercent = 2.5;

    /// <summary>Room that a flag's text needs, percent of the strip.</summary>
    const double TextPercent = 9;

    /// <summary>From left to right.</summary>
    public required IReadOnlyList<EventFlag> Flags { get; init; }
    public required long FromMs { get; init; }
    public required long ToMs { get; init; }

    /// <summary>Of one service.</summary>
    /// <param name="state">Time and environment.</param>
    /// <param name="service">Null when it is not known.</param>
    /// <param name="processes">All known ones.</param>
    public static EventStripView Of(PageState state, ServiceInfo? service, IEnumerable<ProcessInfo> processes)
    {
        var range = state.Window.Range;
        var marks = ChartMarks.AllOfService(service, processes, state.Env, range).ToList();
        if (service is { FirstSeenUnixNanos: > 0 } && range.Contains(service.FirstSeenUnixNanos))
            marks.Insert(0, new ChartMark(service.FirstSeenUnixNanos / UnixTime.NanosPerMillisecond, "first seen", $"{service.Name} was first seen", "first"));
        var groups = new List<List<ChartMark>>();
        foreach (var mark in marks.OrderBy(mark => mark.AtMs))
        {
            if (groups.Count > 0 && LeftOf(mark) - LeftOf(groups[^1][0]) < NearPercent) groups[^1].Add(mark);
            else groups.Add([mark]);
        }
        return new EventStripView
        {
            FromMs = state.Window.FromMillis,
            ToMs = state.Window.ToMillis,
            Flags = [.. groups.Select((group, i) => FlagOf(group, (i + 1 < groups.Count ? LeftOf(groups[i + 1][0]) : 100) - LeftOf(group[0]) >= TextPercent))],
        };

        double LeftOf(ChartMark mark) => Math.Clamp(100.0 * (mark.AtMs - state.Window.FromMillis) / Math.Max(1, state.Window.ToMillis - state.Window.FromMillis), 0, 100);

        EventFlag FlagOf(List<ChartMark> group, bool hasRoom)
        {
            // A deployment is what one looks for; what else happened with it stands in the title.
            var shown = group.FindLast(mark => mark.Kind == "deploy") ?? group[^1];
            var link = shown.Kind switch
            {
                "deploy" => state.Here(("tab", "deployments"), ("deploy", shown.AtMs.ToString(CultureInfo.InvariantCulture)), ("sort", null), ("skip", null), ("find", null)),
                "restart" => state.Here(("tab", "instances"), ("sort", null), ("skip", null), ("find", null)),
                _ => null,
            };
            return new EventFlag(LeftOf(group[0]), shown.Kind, !hasRoom ? "" : group.Count > 1 ? $"{shown.Text} +{group.Count - 1}" : shown.Text,
                string.Join("\n", group.Take(12).Select(mark => $"{state.Time(mark.AtMs * UnixTime.NanosPerMillisecond)}  {mark.Detail}").Concat(group.Count > 12 ? [$"and {Figure.Of(group.Count - 12, "more event")}"] : [])), link);
        }
    }
}

/// <summary>One event, or some that lie close to each other.</summary>
/// <param name="Left">Percent of the strip.</param>
/// <param name="Kind"><c>deploy</c>, <c>restart</c> or <c>first</c>.</param>
/// <param name="Text">Beside the flag; "" when there is no room.</param>
/// <param name="Title">Each event with its time, a line each.</param>
/// <param name="Link">Where more is told; null when nowhere.</param>
public sealed record EventFlag(double Left, string Kind, string Text, string Title, string? Link);
