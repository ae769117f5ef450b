using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>A text is no query of a monitor. The message is a sentence for who wrote it: where, what, what to do next.</summary>
/// <param name="at">The part that is wrong; length 0 at the end of the text.</param>
/// <param name="suggestion">The nearest valid word; null when nothing is near.</param>
public sealed class MonitorQueryException(string message, TextRange at, string? suggestion = null) : Exception(message)
{
    /// <summary>The part of the text that is wrong.</summary>
    public TextRange At { get; } = at;

    /// <summary>What to put there; null when nothing is near.</summary>
    public string? Suggestion { get; } = suggestion;

    /// <summary>What stands where an operator such as <c>&gt;</c> is expected, "" for nothing; null when something else is wrong.</summary>
    public string? WrongOperator { get; init; }
}
