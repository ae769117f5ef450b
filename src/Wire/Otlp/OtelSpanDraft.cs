using System.Buffers.Text;
using System.Text;
using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>Status codes by OTLP's numbers.</summary>
internal enum OtelStatus : byte
{
    Unset = 0,
    Ok = 1,
    Error = 2,
}

/// <summary>
/// The one span that is being read, whichever form it comes in. Decoders fill it in any order of fields; the mapper turns it into columns.
/// One object serves all spans of a request.
/// </summary>
internal sealed class OtelSpanDraft(StringTable strings, OtelTexts texts)
{
    public ulong TraceIdHigh;
    public ulong TraceIdLow;
    public ulong SpanId;
    public ulong ParentId;

    /// <summary>Why the span cannot be stored; null while nothing speaks against it.</summary>
    public string? Reason;

    /// <summary>Unix nanoseconds, 0 when absent.</summary>
    public ulong Start;
    public ulong End;
    public int Name;
    public int TraceState;
    public SpanKind Kind;

    /// <summary>OTLP's: bit 8 says that bit 9 is known, which says that the parent is of another process. 0 from exporters that do not tell.</summary>
    public uint Flags;
    public OtelStatus Status;
    public int StatusMessage;
    public OtelAttributes Attributes { get; } = new();
    public OtelJsonList Events { get; } = new(strings);
    public OtelJsonList Links { get; } = new(strings);

    /// <summary>Attributes of the event or link being read.</summary>
    public OtelAttributes Inner { get; } = new();

    /// <summary>Texts of the last <c>exception</c> events that said them; 0 when none did.</summary>
    public int ExceptionMessage;
    public int ExceptionType;
    public int ExceptionStack;
    public bool HasException;

    public void Clear()
    {
        TraceIdHigh = TraceIdLow = SpanId = ParentId = 0;
        Reason = null;
        Start = End = 0;
        Name = TraceState = 0;
        Kind = SpanKind.Unspecified;
        Flags = 0;
        Status = OtelStatus.Unset;
        StatusMessage = 0;
        Attributes.Clear();
        Events.Clear();
        Links.Clear();
        ExceptionMessage = ExceptionType = ExceptionStack = 0;
        HasException = false;
    }

    /// <summary>Takes an event; its attributes are in <see cref="Inner"/>.</summary>
    public void AddEvent(ulong timeUnixNanos, int name)
    {
        var json = Events.BeginObject();
        json.WriteString("name"u8, strings.Utf8(name));
        json.WriteNumber("time_unix_nano"u8, timeUnixNanos);
        Events.WriteAttributes(Inner, texts, asTexts: false);
        Events.WriteDropped(Inner.Dropped);
        Events.EndObject();

        if (!Ascii.EqualsIgnoreCase(strings.Utf8(name), "exception"u8)) return;
        HasException = true;
        if (Inner.TryGet(OtelKey.ExceptionMessage, out var message)) ExceptionMessage = texts.Of(message);
        if (Inner.TryGet(OtelKey.ExceptionType, out var type)) ExceptionType = texts.Of(type);
        if (Inner.TryGet(OtelKey.ExceptionStacktrace, out var stack)) ExceptionStack = texts.Of(stack);
    }

    /// <summary>Takes a link; its attributes are in <see cref="Inner"/>. Flags: OTLP's, of which the lower 8 bits are W3C's.</summary>
    public void AddLink(ulong traceIdHigh, ulong traceIdLow, ulong spanId, int traceState, uint flags)
    {
        Span<byte> hex = stackalloc byte[32];
        var json = Links.BeginObject();
        Utf8Formatter.TryFormat(traceIdHigh, hex, out _, new('x', 16));
        Utf8Formatter.TryFormat(traceIdLow, hex[16..], out _, new('x', 16));
        json.WriteString("trace_id"u8, hex);
        Utf8Formatter.TryFormat(spanId, hex, out _, new('x', 16));
        json.WriteString("span_id"u8, hex[..16]);
        Links.WriteAttributes(Inner, texts, asTexts: true);
        if (traceState != 0) json.WriteString("tracestate"u8, strings.Utf8(traceState));
        if ((flags & 0xFF) != 0) json.WriteNumber("flags"u8, flags & 0xFF);
        Links.WriteDropped(Inner.Dropped);
        Links.EndObject();
    }
}
