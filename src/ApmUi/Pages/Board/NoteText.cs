using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Board;

/// <summary>
/// The Markdown of a note as HTML. HTML in it stands there as text, links lead to pages and addresses of mail only, and pictures from elsewhere
/// become links: the page loads nothing that is not ours.
/// </summary>
public static class NoteText
{
    static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseAutoLinks().UseEmphasisExtras().UseTaskLists().Build();

    public static MarkupString Html(string markdown)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var link in document.Descendants<LinkInline>())
        {
            if (!IsSafe(link.Url)) link.Url = "";
            if (link.IsImage && link.Url?.StartsWith('/') != true) link.IsImage = false;
        }
        foreach (var link in document.Descendants<AutolinkInline>())
            if (!link.IsEmail && !IsSafe(link.Url)) link.Url = "";
        return new MarkupString(document.ToHtml(Pipeline));
    }

    static bool IsSafe(string? url) =>
        url is not null && (Links.PageUrl.IsOurs(url) || (Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" or "mailto"));
}
