using System.Globalization;
using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>Reads the HTTP status of a span, which tracers send as a number or as text.</summary>
public static class HttpStatus
{
    /// <summary>The status code; 0 when the span has none.</summary>
    public static int Of(SpanBatch batch, int span)
    {
        if (batch.NumberOf(span, TagNames.HttpStatusCode) is { } number) return number is >= 0 and <= 999 ? (int)number : 0;
        return Parse(batch.TagOf(span, TagNames.HttpStatusCode));
    }

    /// <summary>The status code; 0 when the span has none.</summary>
    public static int Of(Span span) => Parse(span.Tag(TagNames.HttpStatusCode));

    static int Parse(string? text) =>
        text is not null && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var code) && code is >= 0 and <= 999 ? (int)code : 0;
}
