using Apm.Monitors.Messages;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Shared;

/// <summary>Markdown that somebody wrote, as it may stand on a page: as in mails, but the page loads no picture from elsewhere.</summary>
public static class MarkdownHtml
{
    public static MarkupString Of(string markdown) => new(MarkdownText.ToHtml(markdown, loadsFromElsewhere: false));
}
