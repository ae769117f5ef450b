using Apm.ApmUi.Links;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;

namespace Apm.ApmUi.Shared;

/// <summary>The whole question of a page about traces: what is typed, and what the frame and the fields beside it add.</summary>
public static class TraceQuery
{
    /// <summary>Adds <c>env</c>, <c>min</c> and <c>max</c> of an address to a filter; what was typed wins.</summary>
    /// <exception cref="QueryTextException">A duration cannot be read.</exception>
    public static TraceFilter Complete(TraceFilter typed, PageUrl url)
    {
        var filter = typed;
        if (url["env"] is { } env && filter.Env is null) filter = filter.With("env", env);
        var (min, max) = (Nanos(url["min"]), Nanos(url["max"]));
        return min is null && max is null ? filter : filter.WithDuration(min ?? filter.MinDurationNanos, max ?? filter.MaxDurationNanos);
    }

    static long? Nanos(string? text)
    {
        if (text is null) return null;
        var written = char.IsAsciiDigit(text.TrimEnd()[^1]) ? text.TrimEnd() + "ms" : text;
        return DurationText.TryParse(written, out var nanos) ? nanos
            : throw new QueryTextException($"\"{text}\" is not a duration. Write it with a unit, such as 100ms, 1.5s or 2m.", new TextRange(0, text.Length));
    }
}
