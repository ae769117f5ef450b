using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Messages;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>One group of a monitor.</summary>
public sealed record GroupRow(string Group, string StateKind, string StateWord, string Value, string Since, string Triggered, string Told);

/// <summary>One line of its history.</summary>
/// <param name="Traces">Leads to the traces of the window that was looked at; null when the monitor is about none.</param>
public sealed record NoteRow(string At, string AtExact, string Group, string From, string To, string Value, string What, string? Traces);

/// <summary>A monitor with its groups, thresholds and history. Immutable.</summary>
public sealed record MonitorView
{
    /// <summary>Most groups listed, the worst first; default 200. The page says how many there are.</summary>
    public const int MaxGroupsListed = 200;

    /// <summary>Most lines of the history listed, the newest first; default 100. The page says how many there are.</summary>
    public const int MaxNotesListed = 100;

    /// <summary>Most notifications listed, the newest first; default 20. The page says how many there are, and the outbox has them all.</summary>
    public const int MaxDeliveriesListed = 20;

    public required MonitorRule Rule { get; init; }

    /// <summary>The states over the time of the page, as they were noted.</summary>
    public required IReadOnlyList<StateBar> Bars { get; init; }
    public required string StateKind { get; init; }
    public required string StateWord { get; init; }
    public required IReadOnlyList<GroupRow> Groups { get; init; }
    public required int GroupCount { get; init; }
    public required IReadOnlyList<NoteRow> Notes { get; init; }
    public required int NoteCount { get; init; }

    /// <summary>What is set and not the default, name and value.</summary>
    public required IReadOnlyList<(string Name, string Value)> Settings { get; init; }

    /// <summary>The metric query to draw; "" when it asks something else.</summary>
    public required string Charted { get; init; }

    /// <summary>When it is evaluated next, for one that has found nothing yet.</summary>
    public required string WhenJudged { get; init; }

    public static MonitorView Of(PageState state, MonitorSnapshot monitor, MonitorQuery? query, IReadOnlyList<EvaluationNote> notes)
    {
        var worst = RuleText.Worst(monitor.Groups.Select(group => group.State));
        return new MonitorView
        {
            Rule = monitor.Rule,
            StateKind = MonitorSigns.KindOf(worst),
            StateWord = worst.Word(),
            Groups = [.. monitor.Groups.OrderByDescending(group => group.State.Gravity()).ThenBy(group => group.Group, StringComparer.Ordinal).Take(MaxGroupsListed).Select(group => RowOf(state, group))],
            GroupCount = monitor.Groups.Count,
            Bars = StateBar.Of(state, monitor, notes, state.Window.Range.FromUnixNanos / UnixTime.NanosPerSecond, Math.Min(state.Window.Range.ToUnixNanos, state.NowUnixNanos) / UnixTime.NanosPerSecond),
            Notes = [.. notes.Take(MaxNotesListed).Select(note => RowOf(state, note, monitor.Rule, query))],
            NoteCount = notes.Count,
            Settings = SettingsOf(monitor.Rule),
            Charted = query is MetricMonitorQuery metric ? metric.Query.ToString() : "",
            WhenJudged = WhenJudgedOf(state, monitor.Rule),
        };
    }

    /// <summary>When something is found, while nothing was: with the next minute, or at its own next time.</summary>
    static string WhenJudgedOf(PageState state, MonitorRule rule) => !CustomTimes.Has(rule) ? "A new monitor is evaluated with the next minute; groups appear with their data."
        : CustomTimes.FirstAfter(rule, state.NowUnixNanos / UnixTime.NanosPerSecond) is { } next ? $"It is evaluated at the times of its schedule only; the next is {RecurrenceWords.Time(next, state.Zone.Id)}."
        : "Its schedule has no further time, so it is not evaluated any more.";

    /// <summary>A monitor without groups has one, which is all that it looks at.</summary>
    static string Named(string group) => group == GroupState.Whole ? "all" : group;

    static GroupRow RowOf(PageState state, GroupState group) => new(
        Named(group.Group), MonitorSigns.KindOf(group.State), group.State.Word(), group.Value is { } value ? Figure.Plain(value) : Figure.None,
        Ago(state, group.StateSinceUnixSeconds), Ago(state, group.LastTriggeredUnixSeconds), Ago(state, group.ToldAtUnixSeconds));

    static NoteRow RowOf(PageState state, EvaluationNote note, MonitorRule rule, MonitorQuery? query)
    {
        var at = note.AtUnixSeconds * UnixTime.NanosPerSecond;
        return new NoteRow(state.Time(at), state.TimeExact(at), Named(note.Group), note.From.Word(), note.To.Word(), note.Value is { } value ? Figure.Plain(value) : Figure.None, note.Happening switch
        {
            EvaluationHappening.Told => "told",
            EvaluationHappening.Muted => "muted, not told",
            EvaluationHappening.Forgotten => "silent for 24 h, forgotten",
            EvaluationHappening.Skipped => "not evaluated: " + note.Reason,
            _ => "not told",
        }, TracesOf(note, rule, query));
    }

    /// <summary>Only of what was bad: what is well again has nothing to look for.</summary>
    static string? TracesOf(EvaluationNote note, MonitorRule rule, MonitorQuery? query)
    {
        if (note.To is not (MonitorState.Alert or MonitorState.Warn) || query is null || TracesBehind.SearchOf(rule, note.Group is "*" or "" ? [] : note.Group.Split(',')) is not { } search) return null;
        var end = note.AtUnixSeconds - rule.Options.EvaluationDelaySeconds;
        return new PageUrl("/traces", [new("q", search), new("from", ((end - query.WindowSeconds) * 1000).ToString(CultureInfo.InvariantCulture)), new("to", (end * 1000).ToString(CultureInfo.InvariantCulture))]).ToString();
    }

    static List<(string, string)> SettingsOf(MonitorRule rule)
    {
        var (options, thresholds) = (rule.Options, rule.Options.Thresholds);
        var settings = new List<(string, string)>();
        void Add(string name, object? value, string unit = "")
        {
            if (value is not null) settings.Add((name, Convert.ToString(value, CultureInfo.InvariantCulture) + unit));
        }
        Add("Alert", thresholds.Critical);
        Add("Warning", thresholds.Warning);
        Add("Alert recovers at", thresholds.CriticalRecovery);
        Add("Warning recovers at", thresholds.WarningRecovery);
        Add("Missing data", options.OnMissingData?.Replace('_', ' ') ?? (options.NotifyNoData ? "told" + (options.NoDataTimeframeMinutes is { } minutes ? $" after {minutes} min" : "") : "state is kept"));
        Add("Told again", options.RenotifyIntervalMinutes is > 0 ? options.RenotifyIntervalMinutes : null, " min");
        Add("Window ends earlier by", options.EvaluationDelaySeconds > 0 ? options.EvaluationDelaySeconds : null, " s");
        Add("New groups wait", options.NewGroupDelaySeconds, " s");
        Add("Resolved without data after", options.TimeoutHours > 0 ? options.TimeoutHours : null, " h");
        Add("Priority", rule.Priority is { } priority ? $"P{priority}" : null);
        return settings;
    }

    static string Ago(PageState state, long? unixSeconds) => unixSeconds is { } then ? Figure.Ago(then * UnixTime.NanosPerSecond, state.NowUnixNanos) : Figure.None;
}
