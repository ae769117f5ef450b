using Apm.Query.Filters;

namespace Apm.Monitors.Queries;

/// <summary>A value of a search in which <c>*</c> stands for any text; in whatever case.</summary>
sealed class StarText
{
    readonly string _written;
    readonly TextPattern? _whole; // Null without a star.
    readonly TextPattern? _part;

    StarText(string written)
    {
        _written = written;
        if (!written.Contains('*', StringComparison.Ordinal)) return;
        // Of a trace search's patterns only the star means something here.
        var plain = written.ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("?", "\\?", StringComparison.Ordinal);
        (_whole, _part) = (TextPattern.Parse(plain), TextPattern.Parse($"*{plain}*"));
    }

    public static StarText Of(string written) => new(written);

    /// <summary>Whether a text is all of it.</summary>
    public bool Matches(string text) => _whole?.Matches(text.ToLowerInvariant()) ?? text.Equals(_written, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is somewhere in a text.</summary>
    public bool IsIn(string text) => _part?.Matches(text.ToLowerInvariant()) ?? text.Contains(_written, StringComparison.OrdinalIgnoreCase);
}
