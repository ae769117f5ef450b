using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Delivery;

/// <summary>What Slack's incoming webhook is sent: a title that leads to our page, and the message as Slack marks text up.</summary>
public static partial class SlackText
{
    /// <summary>Longest text of one message, in characters; Slack cuts at about as many. A longer one is cut.</summary>
    public const int MaxTextChars = 3_000;

    static readonly JsonSerializerOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly string[] s_marked = ["text"];

    /// <summary>The body as JSON.</summary>
    public static string BodyOf(Delivery delivery)
    {
        var isBundle = delivery.Bundle.Count + delivery.BundleLeftOutCount > 1;
        var title = isBundle ? $"[{delivery.Kind}] {delivery.About} ({delivery.Bundle.Count + delivery.BundleLeftOutCount} groups)" : delivery.Subject;
        var text = isBundle ? string.Join('\n', delivery.Bundle.Select(notice => $"• <{Escaped(notice.Url)}|{Escaped(notice.Title)}>")) + (delivery.BundleLeftOutCount > 0 ? $"\nand {delivery.BundleLeftOutCount} more" : "") : FromMarkdown(delivery.Words.GetValueOrDefault("EVENT_MSG", delivery.Plain));
        if (text.Length > MaxTextChars) text = text[..(MaxTextChars - 1)] + "…";
        var colour = delivery.Kind switch { "Recovered" => "good", "Warn" or "Re-Warn" => "warning", "Triggered" or "Re-Triggered" => "danger", _ => "#5b6270" };
        return JsonSerializer.Serialize(new { text = Escaped(title), attachments = new[] { new { color = colour, fallback = title, title, title_link = delivery.Url, text, mrkdwn_in = s_marked } } }, s_options);
    }

    /// <summary>Markdown as Slack has it: one star, and addresses in angle brackets.</summary>
    public static string FromMarkdown(string markdown)
    {
        var text = Escaped(markdown.Trim());
        text = Picture().Replace(text, "<$2|$1>");
        text = Link().Replace(text, "<$2|$1>");
        return Strong().Replace(text, "*$1*");
    }

    static string Escaped(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    [GeneratedRegex(@"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)")]
    private static partial Regex Picture();

    [GeneratedRegex(@"\[([^\]]+)\]\(([^)\s]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\*\*(.+?)\*\*(?!\*)")]
    private static partial Regex Strong();
}
