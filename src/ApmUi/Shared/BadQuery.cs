using Apm.Query.Text;

namespace Apm.ApmUi.Shared;

/// <summary>A query that cannot be read, for showing where.</summary>
/// <param name="Before">Text in front of the wrong part.</param>
/// <param name="Wrong">The wrong part; " " at the end of the text.</param>
/// <param name="After">Text behind it.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="FixedQuery">The query with the nearest valid word in place; null when nothing is near.</param>
public sealed record BadQuery(string Before, string Wrong, string After, string Message, string? FixedQuery)
{
    public static BadQuery Of(string text, QueryTextException error)
    {
        var start = Math.Clamp(error.At.Start, 0, text.Length);
        var end = Math.Clamp(error.At.End, start, text.Length);
        return new BadQuery(
            text[..start],
            end > start ? text[start..end] : " ",
            text[end..],
            error.Message,
            error.Suggestion switch
            {
                null => null,
                ")" or "}" or "\"" => text + error.Suggestion, // What is not closed is closed at the end.
                var word => text[..start] + word + text[end..],
            });
    }
}
