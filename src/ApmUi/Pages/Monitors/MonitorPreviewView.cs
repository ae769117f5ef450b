using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Hosts;
using Apm.Core.Time;
using Apm.Monitors.Messages;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>A telling that would have been.</summary>
/// <param name="Note">Why it may not count; "" for nothing.</param>
public sealed record TellingRow(string At, string AtExact, string StateKind, string Word, string Group, string Value, string Subject, string Note);

/// <summary>How one kind of telling looks.</summary>
/// <param name="Html">The mail as it is sent, but for its picture.</param>
/// <param name="To">Whom it goes to; "" for nobody.</param>
/// <param name="From">Where its values come from.</param>
public sealed record ExampleMail(string Kind, string StateKind, string Word, string Subject, string Html, string To, string From);

/// <summary>What a rule that is being written would have done, and what it would say. Immutable.</summary>
public sealed record MonitorPreviewView
{
    /// <summary>Tellings listed; default 50, the newest. It says how many there were.</summary>
    public const int MaxListed = 50;

    public required ChartData Chart { get; init; }
    public required IReadOnlyList<StateBar> Bars { get; init; }
    public required int GroupCount { get; init; }

    /// <summary>Such as <c>Would have told 3 times in the last 7 d: 1 Triggered, 1 Warn, 1 Recovered</c>.</summary>
    public required string Summary { get; init; }
    public required IReadOnlyList<TellingRow> Tellings { get; init; }
    public required IReadOnlyList<string> Advice { get; init; }
    public required IReadOnlyList<ExampleMail> Mails { get; init; }

    public static MonitorPreviewView Of(PageState state, KnownRule known, ReplayResult replay, int? dataSeconds, AlertLinks links, Func<string, HostInfo?> findHost)
    {
        var (_, scale) = ReplayChart.UnitOf(known.Query);
        string Value(double? value) => value is not { } number ? Figure.None : ReplayChart.UnitOf(known.Query).Unit == "duration" ? Figure.Duration(number * scale) : Figure.Plain(number);
        return new MonitorPreviewView
        {
            Chart = ReplayChart.Of(known, replay),
            Bars = StateBar.Of(state, replay),
            GroupCount = replay.Groups.Count,
            Summary = SummaryOf(replay),
            Tellings = [.. replay.Told.Reverse().Take(MaxListed).Select(told => new TellingRow(
                state.Time(told.AtUnixSeconds * UnixTime.NanosPerSecond), state.TimeExact(told.AtUnixSeconds * UnixTime.NanosPerSecond), MonitorSigns.KindOf(told.To), AlertWords.KindOf(told), told.Group == "*" ? "" : told.Group, Value(told.Value),
                new NoticeText(told with { Rule = known.Rule }, links, findHost).Subject, replay.IsAtStart(told) ? "It was so already where the preview begins" : ""))],
            Advice = ReplayAdvice.Of(known, replay, dataSeconds),
            Mails = [.. ExampleTelling.All(known, replay, state.NowUnixNanos / UnixTime.NanosPerSecond).Select(example => MailOf(state, example, links, findHost))],
        };
    }

    static string SummaryOf(ReplayResult replay)
    {
        var length = ReplayAdvice.Length(replay.ToUnixSeconds - replay.FromUnixSeconds);
        var muted = replay.MutedCount > 0 ? $" {Figure.Of(replay.MutedCount, "change")} would have been silent in downtimes." : "";
        if (replay.EvaluationCount == 0) return "Nothing was evaluated.";
        if (replay.ToldCount == 0) return $"Would have told nobody in the last {length}.{muted}";
        var kinds = replay.Told.GroupBy(AlertWords.KindOf).Select(kind => $"{kind.Count()} {kind.Key}");
        return $"Would have told {Figure.Of(replay.ToldCount, "time")} in the last {length}{(replay.ToldCount == replay.Told.Count ? ": " + string.Join(", ", kinds) : "")}.{muted}";
    }

    static ExampleMail MailOf(PageState state, ExampleTelling example, AlertLinks links, Func<string, HostInfo?> findHost)
    {
        var notice = new NoticeText(example.Transition, links, findHost);
        var mail = MailText.Of(notice);
        var to = notice.Mentioned().Select(mention => mention.Kind == MentionKind.Mail ? mention.Target : "@" + mention.Handle);
        return new ExampleMail(
            example.Transition.Kind.ToString(), MonitorSigns.KindOf(example.Transition.To), AlertWords.KindOf(example.Transition), mail.Subject, Sealed(mail.Html), string.Join(", ", to),
            example.IsReal ? $"as of {state.Time(example.Transition.AtUnixSeconds * UnixTime.NanosPerSecond)}" : "with a value that is made up");
    }

    /// <summary>It is made of what users and their systems wrote; whatever got into it loads nothing here.</summary>
    static string Sealed(string html) => html.Replace("<head>", "<head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">", StringComparison.Ordinal).Replace(MailPage.ChartMark, "", StringComparison.Ordinal);
}
