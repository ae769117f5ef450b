using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>One state of a bar.</summary>
/// <param name="Kind">Its colour: <c>error</c>, <c>warn</c>, <c>none</c> or <c>ok</c>.</param>
public sealed record StatePart(double LeftPercent, double WidthPercent, string Kind, bool IsMuted, string Title);

/// <summary>The states of one group over a time.</summary>
/// <param name="Summary">In words: <c>Alert 12 %, OK 88 %</c>.</param>
public sealed record StateBar(string Group, IReadOnlyList<StatePart> Parts, string Summary)
{
    /// <summary>Most bars of a page; default 20, those that were in trouble for longest. It says how many groups there are.</summary>
    public const int MaxBars = 20;

    /// <summary>Of a replay.</summary>
    public static IReadOnlyList<StateBar> Of(PageState state, ReplayResult replay) =>
        [.. replay.Groups.Take(MaxBars).Select(group => Of(state, group.Group, group.Spans, replay.FromUnixSeconds, replay.ToUnixSeconds))];

    /// <summary>Of what was noted while it happened. Before the first change that is kept, a group is taken to have been in the state that it came from.</summary>
    public static IReadOnlyList<StateBar> Of(PageState state, MonitorSnapshot monitor, IReadOnlyList<EvaluationNote> notes, long fromUnixSeconds, long toUnixSeconds) =>
        [.. monitor.Groups.OrderByDescending(group => group.State.Gravity()).ThenByDescending(group => group.StateSinceUnixSeconds).ThenBy(group => group.Group, StringComparer.Ordinal).Take(MaxBars)
            .Select(group => Of(state, group.Group, SpansOf(group, notes, fromUnixSeconds, toUnixSeconds), fromUnixSeconds, toUnixSeconds))];

    static List<ReplaySpan> SpansOf(GroupState group, IReadOnlyList<EvaluationNote> notes, long from, long to)
    {
        var spans = new List<ReplaySpan>();
        var (end, current) = (to, group.IsJudged ? group.State : MonitorState.NoData);
        foreach (var note in notes.Where(note => note.Group == group.Group && note.From != note.To).OrderByDescending(note => note.AtUnixSeconds))
        {
            var begin = Math.Max(from, note.AtUnixSeconds);
            if (begin < end) spans.Add(new ReplaySpan(begin, end, current, note.Happening == EvaluationHappening.Muted));
            (end, current) = (Math.Min(end, Math.Max(from, note.AtUnixSeconds)), note.From);
            if (note.AtUnixSeconds <= from) break;
        }
        var seen = Math.Max(from, group.FirstSeenUnixSeconds);
        if (seen < end) spans.Add(new ReplaySpan(seen, end, current, IsMuted: false));
        spans.Reverse();
        return spans;
    }

    static StateBar Of(PageState state, string group, IReadOnlyList<ReplaySpan> spans, long from, long to)
    {
        var length = Math.Max(1.0, to - from);
        var parts = spans.Select(span => new StatePart(
            100 * (span.FromUnixSeconds - from) / length, 100 * (span.ToUnixSeconds - span.FromUnixSeconds) / length, MonitorSigns.KindOf(span.State), span.IsMuted,
            $"{span.State.Word()}{(span.IsMuted ? ", muted" : "")}, {state.Time(span.FromUnixSeconds * UnixTime.NanosPerSecond)} – {state.Time(span.ToUnixSeconds * UnixTime.NanosPerSecond)}"));
        var summary = spans.GroupBy(span => span.State).Select(same => (State: same.Key, Seconds: same.Sum(span => span.ToUnixSeconds - span.FromUnixSeconds))).OrderByDescending(same => same.State.Gravity())
            .Select(same => $"{same.State.Word()} {Figure.Percent(same.Seconds / length)}");
        return new StateBar(group, [.. parts], string.Join(", ", summary));
    }
}
