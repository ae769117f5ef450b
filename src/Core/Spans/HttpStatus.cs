using System.Buffers.Text;
using System.Globalization;

namespace Apm.Core.Spans;

/// <summary>Reads the HTTP status of a span, which tracers send as a number or as text, by one of two names.</summary>
public static class HttpStatus
{
    const string OtelStatusCode = "http.response.status_code";

    /// <summary>The status code; 0 when the span has none.</summary>
    public static int Of(SpanBatch batch, int span) => new HttpStatusKeys(batch.Strings).Of(batch, span);

    /// <summary>The status code; 0 when the span has none.</summary>
    public static int Of(Span span) =>
        double.TryParse(span.Tag(TagNames.HttpStatusCode) ?? span.Tag(OtelStatusCode), NumberStyles.Float, CultureInfo.InvariantCulture, out var code) ? Checked(code) : 0;

    internal static int Checked(double code) => code is >= 0 and <= 999 ? (int)code : 0;

    internal static int OfText(ReadOnlySpan<byte> text) => Utf8Parser.TryParse(text, out double number, out var read) && read == text.Length ? Checked(number) : 0;

    internal static (int Code, int OtelCode) KeysIn(StringTable strings) => (strings.FindName(TagNames.HttpStatusCode), strings.FindName(OtelStatusCode));
}

/// <summary>The keys of the status, found once for many spans of a batch.</summary>
public readonly struct HttpStatusKeys(StringTable strings)
{
    readonly (int Code, int OtelCode) _keys = HttpStatus.KeysIn(strings);

    /// <summary>The status code; 0 when the span has none.</summary>
    /// <param name="batch">Whose strings the keys are.</param>
    /// <param name="span">Index of the span.</param>
    public int Of(SpanBatch batch, int span) => TryRead(batch, span, _keys.Code, out var status) || TryRead(batch, span, _keys.OtelCode, out status) ? status : 0;

    /// <summary>True when the span has the tag, whatever it says.</summary>
    static bool TryRead(SpanBatch batch, int span, int key, out int status)
    {
        status = 0;
        if (key < 0) return false;
        if (batch.Numbers.TryGet(span, key, out var number)) status = HttpStatus.Checked(number);
        else if (!batch.Tags.TryGet(span, key, out var text)) return false;
        else status = HttpStatus.OfText(batch.Strings.Utf8(text));
        return true;
    }
}

/// <summary>Reads the status of some of a batch's spans. Of a stored batch only the columns of the status are read.</summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class HttpStatusColumn(SpanBatch batch)
{
    readonly (int Code, int OtelCode) _keys = HttpStatus.KeysIn(batch.Strings);
    TagAccess? _code;
    TagAccess? _otelCode;

    /// <summary>The status code; 0 when the span has none.</summary>
    public int Of(int span) => TryRead(ref _code, _keys.Code, span, out var status) || TryRead(ref _otelCode, _keys.OtelCode, span, out status) ? status : 0;

    /// <summary>True when the span has the tag, whatever it says.</summary>
    bool TryRead(ref TagAccess? tag, int key, int span, out int status)
    {
        status = 0;
        if (key < 0) return false;
        tag ??= new TagAccess(batch, key);
        if (tag.TryNumber(span, out var number)) status = HttpStatus.Checked(number);
        else if (!tag.TryText(span, out var text)) return false;
        else status = HttpStatus.OfText(batch.Strings.Utf8(text));
        return true;
    }
}
