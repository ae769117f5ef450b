namespace Apm.Query.Text;

/// <summary>
/// A text that somebody typed is not a query. The message is a sentence for that person: where, what, what to do next.
/// </summary>
/// <param name="message">The sentence.</param>
/// <param name="at">The part of the text that is wrong; length 0 at the end of the text.</param>
/// <param name="suggestion">The nearest valid word; null when nothing is near.</param>
public sealed class QueryTextException(string message, TextRange at, string? suggestion = null) : Exception(message)
{
    /// <summary>The part of the text that is wrong.</summary>
    public TextRange At { get; } = at;

    /// <summary>The nearest valid word to put there; null when nothing is near.</summary>
    public string? Suggestion { get; } = suggestion;

    /// <summary>The text, and beneath it a line that points at the wrong part.</summary>
    public string Point(string text) =>
        $"{text}\n{new string(' ', Math.Min(At.Start, text.Length))}{new string('^', Math.Max(1, At.Length))}";
}
