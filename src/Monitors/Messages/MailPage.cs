using System.Security.Cryptography;
using System.Text;

namespace Apm.Monitors.Messages;

/// <summary>How a mail looks at the first glance.</summary>
public enum MailLook
{
    Bad,
    Warning,
    Missing,
    Good,
    Calm,
}

/// <summary>
/// The frame of every mail. Mail readers know tables and little more: styles stand both in the head, for those that read it, and on the
/// elements that carry the look.
/// </summary>
public static class MailPage
{
    /// <summary>Stands where the picture of the chart belongs; who sends puts it there, or nothing.</summary>
    public const string ChartMark = "<!--chart-->";

    const string Font = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

    const string Style = """
        body{margin:0;padding:0;background:#f2f3f5}
        .message p,.fact p{margin:0 0 10px}.message img{max-width:100%;height:auto;border-radius:6px}
        .message{font-size:15px;line-height:1.5}.message a,.item a,.links a{color:#2456b8}
        .message code,.fact code{font-family:ui-monospace,Consolas,monospace;font-size:13px;background:#eef0f3;border-radius:4px;padding:1px 4px;word-break:break-word}
        .message pre{background:#eef0f3;border-radius:6px;padding:10px;overflow:auto}.message blockquote{margin:0 0 10px;padding-left:12px;border-left:3px solid #d5d9e0;color:#4b5261}
        .message table{border-collapse:collapse}.message th,.message td{border:1px solid #d5d9e0;padding:4px 8px}
        .fact{font-size:14px;line-height:1.5;color:#3c4351}.item{font-size:14px;line-height:1.5;padding:8px 0;border-top:1px solid #e6e8ec}
        .facts td{font-size:14px;line-height:1.5;padding:4px 12px 4px 0;vertical-align:top}.facts .name{color:#667085;white-space:nowrap}
        @media (prefers-color-scheme:dark){body,.back{background:#15171c!important}.sheet{background:#1f2229!important;color:#e6e8ec!important}.fact,.facts td,.title{color:#d5d9e0!important}.message code,.fact code,.message pre{background:#2c3038!important}.message a,.item a,.links a{color:#8fb4ff!important}.item,.foot{border-color:#353a44!important}}
        """;

    /// <summary>By which a page that shows a mail may allow its style: <c>sha256-…</c>.</summary>
    public static string StyleDigest { get; } = "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)));

    /// <summary>A whole page.</summary>
    /// <param name="badge">A word or two on colour.</param>
    /// <param name="aside">Stands small under the title; "" for nothing.</param>
    /// <param name="body">HTML.</param>
    public static string Of(MailLook look, string badge, string title, string aside, string body, IReadOnlyList<(string Words, string Url)> links)
    {
        var colour = look switch { MailLook.Bad => "#c0272d", MailLook.Warning => "#a15c00", MailLook.Missing => "#5b6270", MailLook.Good => "#1a7f45", _ => "#2456b8" };
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>")
            .Append(MarkdownText.Encode(title)).Append("</title><style>").Append(Style).Append("</style></head><body>")
            .Append("<table class=\"back\" role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#f2f3f5\"><tr><td align=\"center\" style=\"padding:24px 12px\">")
            .Append("<table class=\"sheet\" role=\"presentation\" width=\"640\" cellpadding=\"0\" cellspacing=\"0\" style=\"width:100%;max-width:640px;background:#ffffff;border-radius:8px;color:#1c2029;font-family:").Append(Font).Append("\">")
            .Append("<tr><td style=\"height:5px;line-height:5px;font-size:0;background:").Append(colour).Append(";border-radius:8px 8px 0 0\">&nbsp;</td></tr>")
            .Append("<tr><td style=\"padding:20px 24px 6px\"><span style=\"display:inline-block;padding:2px 9px;border-radius:10px;background:").Append(colour).Append(";color:#ffffff;font-size:12px;font-weight:600;line-height:18px\">").Append(MarkdownText.Encode(badge)).Append("</span>")
            .Append("<div class=\"title\" style=\"margin-top:10px;font-size:20px;line-height:1.3;font-weight:650;word-break:break-word\">").Append(MarkdownText.Encode(title)).Append("</div>");
        if (aside.Length > 0) page.Append("<div style=\"margin-top:3px;font-size:13px;color:#667085;font-family:ui-monospace,Consolas,monospace;word-break:break-word\">").Append(MarkdownText.Encode(aside)).Append("</div>");
        page.Append("</td></tr><tr><td style=\"padding:10px 24px 14px\">").Append(body).Append("</td></tr>");
        page.Append("<tr><td class=\"foot\" style=\"padding:12px 24px 18px;border-top:1px solid #e6e8ec;font-size:13px;line-height:1.6;color:#667085\">");
        if (links.Count > 0)
            page.Append("<div class=\"links\">").AppendJoin(" &nbsp;·&nbsp; ", links.Select(link => $"<a href=\"{MarkdownText.Encode(link.Url)}\" style=\"color:#2456b8\">{MarkdownText.Encode(link.Words)}</a>")).Append("</div>");
        return page.Append("<div>Sent by Apm, because a message there mentions this address.</div></td></tr></table></td></tr></table></body></html>").ToString();
    }

    /// <summary>The picture of a chart, which leads to a page.</summary>
    /// <param name="source">Such as <c>cid:chart</c>.</param>
    public static string Picture(string source, string url, string words) =>
        $"<a href=\"{MarkdownText.Encode(url)}\"><img src=\"{MarkdownText.Encode(source)}\" alt=\"{MarkdownText.Encode(words)}\" width=\"592\" style=\"display:block;width:100%;max-width:592px;height:auto;border:0;border-radius:6px;margin:6px 0 12px\"></a>";
}
