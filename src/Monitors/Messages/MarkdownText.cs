using System.Net;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Helpers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Apm.Monitors.Messages;

/// <summary>Markdown as HTML that may stand in a mail or on a page, and as plain text.</summary>
/// <remarks>
/// HTML in the text is shown, not obeyed; links and pictures lead to http, https and mailto alone, and of others the words stay. So no
/// script, style or form comes out of it, whatever goes in.
/// </remarks>
public static partial class MarkdownText
{
    static readonly MarkdownPipeline s_pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseAutoLinks().UseEmphasisExtras().UseTaskLists().UseSoftlineBreakAsHardlineBreak().Build();

    /// <summary>The scope * in bold, as the original writes it (metrics-monitors §7.6); CommonMark sees five stars.</summary>
    const string BoldStar = "*****";

    static readonly string[] s_schemes = ["http", "https", "mailto"];

    /// <summary>As HTML, without a frame.</summary>
    /// <param name="loadsFromElsewhere">Whether pictures of other servers are shown, as in a mail; on a page of ours they become links.</param>
    public static string ToHtml(string markdown, bool loadsFromElsewhere = true)
    {
        var document = Markdown.Parse(markdown.Replace(BoldStar, @"**\***", StringComparison.Ordinal), s_pipeline);
        foreach (var link in document.Descendants<LinkInline>().ToList())
        {
            if (!LeadsSomewhereGood(link.Url)) Unwrap(link);
            else if (link.IsImage && !loadsFromElsewhere && link.Url?.StartsWith('/') != true) link.IsImage = false;
        }
        foreach (var link in document.Descendants<AutolinkInline>().ToList())
            if (!link.IsEmail && !LeadsSomewhereGood(link.Url)) link.ReplaceBy(new LiteralInline(link.Url));
        return document.ToHtml(s_pipeline);
    }

    /// <summary>Leaves the words of a link, or of a picture, in its place.</summary>
    static void Unwrap(LinkInline link)
    {
        while (link.FirstChild is { } child)
        {
            child.Remove();
            link.InsertBefore(child);
        }
        link.Remove();
    }

    /// <summary>Without the signs that only draw; what is in them stays, an address behind its words when it may be a link.</summary>
    public static string ToPlain(string markdown)
    {
        var text = Picture().Replace(markdown, match => (match.Groups[1].Length > 0 ? $"[picture: {match.Groups[1].Value}]" : "[picture]") + Address(match.Groups[2].Value, " ", ""));
        text = Link().Replace(text, match => match.Groups[1].Value + Address(match.Groups[2].Value, " (", ")"));
        text = Strong().Replace(text, "$1");
        text = Escaped().Replace(text, "$1");
        return BlankLines().Replace(text.ReplaceLineEndings("\n"), "\n\n").Trim();
    }

    /// <summary>An address between two texts; "" for one that may not lead anywhere, however it is written.</summary>
    static string Address(string url, string before, string after) => LeadsSomewhereGood(HtmlHelper.Unescape(url.Trim('<', '>'))) ? before + url + after : "";

    /// <summary>Text for HTML.</summary>
    public static string Encode(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A path of ours, which this system would take for a file, a word that stands for a page, or an address of a scheme that only leads.</summary>
    static bool LeadsSomewhereGood(string? url) => url is not null && !url.Contains('\\', StringComparison.Ordinal) && (url.StartsWith('/') ? !url.StartsWith("//", StringComparison.Ordinal)
        : Uri.TryCreate(url.Trim(), UriKind.Absolute, out var address) ? s_schemes.Contains(address.Scheme) : !url.Contains(':', StringComparison.Ordinal));

    [GeneratedRegex(@"!\[([^\]]*)\]\(\s*((?:[^()\s]|\([^()\s]*\))+)[^)]*\)")]
    private static partial Regex Picture();

    [GeneratedRegex(@"\[([^\]]+)\]\(\s*((?:[^()\s]|\([^()\s]*\))+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\*\*(.+?)\*\*(?!\*)")]
    private static partial Regex Strong();

    [GeneratedRegex(@"\\([\\`\[\]<>*#|])")]
    private static partial Regex Escaped();

    [GeneratedRegex(@"\n[ \t]*(\n[ \t]*)+")]
    private static partial Regex BlankLines();
}
