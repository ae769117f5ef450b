using System.Text;
using Apm.Core.Monitors;

namespace Apm.Monitors.Messages;

/// <summary>A mail before it has a sender: its subject, and its body in both forms.</summary>
/// <param name="Html">May hold <see cref="MailPage.ChartMark"/> where a picture belongs.</param>
public sealed record MailText(string Subject, string Plain, string Html)
{
    /// <summary>The mail of one transition (metrics-monitors §7.6).</summary>
    public static MailText Of(NoticeText notice)
    {
        var transition = notice.Transition;
        var html = new StringBuilder();
        if (notice.ShownMessage() is { Length: > 0 } message) html.Append("<div class=\"message\">").Append(MarkdownText.ToHtml(message)).Append("</div>");
        if (notice.Preset.HasPicture) html.Append(MailPage.ChartMark);
        foreach (var fact in notice.Facts()) html.Append("<div class=\"fact\">").Append(MarkdownText.ToHtml(fact)).Append("</div>");
        var plain = new List<string> { notice.Title, notice.PlainMessage() };
        plain.AddRange(notice.Facts().Select(MarkdownText.ToPlain));
        if (notice.Links().Count > 0) plain.Add(string.Join('\n', notice.Links().Select(link => $"{link.Words}: {link.Url}")));
        return new MailText(
            notice.Subject, string.Join("\n\n", plain.Where(part => part.Length > 0)),
            MailPage.Of(LookOf(transition.To), (notice.Priority is { } priority ? $"P{priority} · " : "") + AlertWords.KindOf(transition) + (transition.IsTest ? " · test" : ""), transition.Rule.Name, AlertWords.GroupOf(transition).Trim('{', '}'), html.ToString(), notice.Links()));
    }

    /// <summary>One mail for several transitions of a monitor that came at once (metrics-monitors §6.6).</summary>
    /// <param name="subjects">The subject of each; at most so many as are shown.</param>
    /// <param name="leftOutCount">How many more there were.</param>
    public static MailText OfSeveral(string monitorName, string kind, string pageUrl, IReadOnlyList<BundledNotice> subjects, int leftOutCount)
    {
        var count = subjects.Count + leftOutCount;
        var html = new StringBuilder("<div class=\"message\"><p>").Append(ValueText.Whole(count)).Append(" groups changed within a few seconds, and are told in one mail.</p></div>");
        foreach (var notice in subjects)
            html.Append("<div class=\"item\"><a href=\"").Append(MarkdownText.Encode(notice.Url)).Append("\">").Append(MarkdownText.Encode(notice.Title)).Append("</a><br>").Append(MarkdownText.Encode(MarkdownText.ToPlain(notice.Sentence))).Append("</div>");
        if (leftOutCount > 0) html.Append("<div class=\"fact\"><p>And ").Append(ValueText.Whole(leftOutCount)).Append(" more, which the monitor's page lists.</p></div>");
        var plain = string.Join("\n\n", [$"{monitorName}: {ValueText.Whole(count)} notices ({kind})", .. subjects.Select(notice => $"{notice.Title}\n{MarkdownText.ToPlain(notice.Sentence)}\n{notice.Url}"), .. leftOutCount > 0 ? [$"And {ValueText.Whole(leftOutCount)} more: {pageUrl}"] : Array.Empty<string>()]);
        return new MailText($"[Monitor Alert] {kind}: {monitorName} ({ValueText.Whole(count)} groups)", plain, MailPage.Of(LookOfKind(kind), kind, monitorName, $"{ValueText.Whole(count)} groups", html.ToString(), [("Monitor Status", pageUrl)]));
    }

    /// <summary>A mail about something else than an alert.</summary>
    /// <param name="facts">Rows of a name and a value.</param>
    public static MailText OfFacts(string subject, string badge, string title, string markdown, IReadOnlyList<(string Name, string Value)> facts, IReadOnlyList<(string Words, string Url)> links)
    {
        var html = new StringBuilder();
        if (markdown.Length > 0) html.Append("<div class=\"message\">").Append(MarkdownText.ToHtml(markdown)).Append("</div>");
        html.Append("<table class=\"facts\" role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\">");
        foreach (var (name, value) in facts) html.Append("<tr><td class=\"name\">").Append(MarkdownText.Encode(name)).Append("</td><td>").Append(MarkdownText.Encode(value)).Append("</td></tr>");
        html.Append("</table>");
        var plain = string.Join("\n\n", new[] { subject, MarkdownText.ToPlain(markdown), string.Join('\n', facts.Select(fact => $"{fact.Name}: {fact.Value}")), string.Join('\n', links.Select(link => $"{link.Words}: {link.Url}")) }.Where(part => part.Length > 0));
        return new MailText(subject, plain, MailPage.Of(MailLook.Calm, badge, title, "", html.ToString(), links));
    }

    static MailLook LookOf(MonitorState state) => state switch { MonitorState.Ok => MailLook.Good, MonitorState.Warn or MonitorState.Unknown => MailLook.Warning, MonitorState.NoData => MailLook.Missing, _ => MailLook.Bad };

    static MailLook LookOfKind(string kind) => kind switch { "Recovered" => MailLook.Good, "Warn" or "Re-Warn" or "Unknown" => MailLook.Warning, "No Data" or "Re-No Data" => MailLook.Missing, _ => MailLook.Bad };
}

/// <summary>One of several notices that are told in one.</summary>
/// <param name="Sentence">What happened, in Markdown.</param>
public sealed record BundledNotice(string Title, string Sentence, string Url);
