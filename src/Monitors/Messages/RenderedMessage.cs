using System.Text;

namespace Apm.Monitors.Messages;

/// <summary>A message as it is sent: text, and which parts of it came from variables.</summary>
/// <param name="Text">As written and filled in.</param>
/// <param name="Values">Places of what variables put in, in order; none overlap.</param>
/// <param name="Priority">What the message set by <c>override_priority</c>; null when it did not.</param>
public sealed record RenderedMessage(string Text, IReadOnlyList<(int Start, int Length)> Values, int? Priority)
{
    /// <summary>Text that nobody filled in.</summary>
    public static RenderedMessage Plain(string text) => new(text, [], null);

    /// <summary>Whether a character came from a variable.</summary>
    public bool IsFromVariable(int index) => Values.Any(value => value.Start <= index && index < value.Start + value.Length);

    /// <summary>The text as Markdown in which values mean nothing but themselves: a tag or a check's output draws no links.</summary>
    public string ToMarkdown()
    {
        var markdown = new StringBuilder(Text.Length + 16);
        var at = 0;
        foreach (var (start, length) in Values)
        {
            markdown.Append(Text, at, start - at);
            foreach (var c in Text.AsSpan(start, length))
            {
                if (c is '\\' or '`' or '[' or ']' or '<' or '>' or '*' or '#' or '|') markdown.Append('\\');
                markdown.Append(c);
            }
            at = start + length;
        }
        return markdown.Append(Text, at, Text.Length - at).ToString();
    }
}
