using System.Globalization;
using System.Text.RegularExpressions;
using Apm.Monitors.Messages;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Shared;

/// <summary>Markdown that somebody wrote, as it may stand on a page: as in mails, but the page loads no picture from elsewhere, and its headings stand beneath those of the page.</summary>
public static partial class MarkdownHtml
{
    /// <summary>The page and the card around it have the first two.</summary>
    const int Levels = 2;

    public static MarkupString Of(string markdown) => new(Heading().Replace(MarkdownText.ToHtml(markdown, loadsFromElsewhere: false),
        tag => tag.Groups[1].Value + Math.Min(6, int.Parse(tag.Groups[2].Value, CultureInfo.InvariantCulture) + Levels).ToString(CultureInfo.InvariantCulture)));

    [GeneratedRegex("(</?h)([1-6])(?=[ >])")]
    private static partial Regex Heading();
}
