namespace Apm.Tracer.Propagation;

/// <summary>The W3C headers <c>traceparent</c> and <c>tracestate</c>.</summary>
internal static class W3CHeaders
{
    public const string TraceParent = "traceparent";
    public const string TraceState = "tracestate";

    /// <summary>Reads a context; null when there is none or <c>traceparent</c> is not valid.</summary>
    public static TraceContext? Extract(Func<string, string?> header)
    {
        if (header(TraceParent) is not { } text || !TryParse(text, out var high, out var low, out var parentId, out var isSampled)) return null;

        var state = Propagation.TraceState.Parse(header(TraceState));
        var context = new TraceContext
        {
            TraceIdHigh = high,
            TraceIdLow = low,
            ParentId = parentId,
            Origin = state.Origin,
            Tags = [.. state.Tags],
            ForeignState = state.Foreign,
            LastParentId = state.LastParentId,
        };
        SamplingPriority.Decide(context, isSampled, state.Priority);
        return context;
    }

    /// <summary>Writes a context.</summary>
    public static void Inject(TraceContext context, ulong spanId, Action<string, string> set)
    {
        set(TraceParent, Format(context.TraceIdHigh, context.TraceIdLow, spanId, context.Priority is > 0));
        set(TraceState, Propagation.TraceState.Format(context, spanId, isLimited: true));
    }

    /// <summary>The text of <c>traceparent</c>, version 00.</summary>
    public static string Format(ulong traceIdHigh, ulong traceIdLow, ulong spanId, bool isSampled) =>
        $"00-{Hex.Of(traceIdHigh)}{Hex.Of(traceIdLow)}-{Hex.Of(spanId)}-{(isSampled ? "01" : "00")}";

    /// <summary>Reads the four fields <c>version-traceid-parentid-flags</c> of 2, 32, 16, 2 lower-case hex digits.</summary>
    public static bool TryParse(string text, out ulong traceIdHigh, out ulong traceIdLow, out ulong parentId, out bool isSampled)
    {
        (traceIdHigh, traceIdLow, parentId, isSampled) = (0, 0, 0, false);
        var value = text.AsSpan().Trim();
        if (value.Length < 55 || value[2] != '-' || value[35] != '-' || value[52] != '-') return false;

        var version = value[..2];
        if (!Hex.IsLowerHex(version) || version.SequenceEqual("ff")) return false;
        if (value.Length > 55 && (version.SequenceEqual("00") || value[55] != '-')) return false;
        var flags = value[53..55];
        if (!Hex.IsLowerHex(flags)) return false;
        if (!Hex.TryRead16(value[3..19], out traceIdHigh) || !Hex.TryRead16(value[19..35], out traceIdLow)) return false;
        if (!Hex.TryRead16(value[36..52], out parentId)) return false;
        isSampled = flags[1] is '1' or '3' or '5' or '7' or '9' or 'b' or 'd' or 'f';
        return (traceIdHigh | traceIdLow) != 0 && parentId != 0;
    }
}
