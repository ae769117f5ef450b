using System.Globalization;
using System.Text;

namespace Apm.Tracer.Propagation;

/// <summary>
/// The <c>x-datadog-*</c> headers. Ids are decimal and 64 bits wide; the upper half of a 128-bit trace id
/// travels as <c>_dd.p.tid</c> in <c>x-datadog-tags</c>.
/// </summary>
internal static class DatadogHeaders
{
    public const string TraceId = "x-datadog-trace-id";
    public const string ParentId = "x-datadog-parent-id";
    public const string Priority = "x-datadog-sampling-priority";
    public const string Origin = "x-datadog-origin";
    public const string Tags = "x-datadog-tags";

    const string TagPrefix = "_dd.p.";
    const string TidTag = "_dd.p.tid";
    const string DecisionMakerTag = "_dd.p.dm";

    /// <summary>Reads a context; null when there is none, or its trace id is not a positive 64-bit number.</summary>
    public static TraceContext? Extract(Func<string, string?> header, int maxTagsLength)
    {
        if (!ulong.TryParse(header(TraceId), NumberStyles.None, CultureInfo.InvariantCulture, out var traceId) || traceId == 0) return null;

        var context = new TraceContext { TraceIdLow = traceId };
        if (ulong.TryParse(header(ParentId), NumberStyles.None, CultureInfo.InvariantCulture, out var parentId)) context.ParentId = parentId;
        if (int.TryParse(header(Priority), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var priority)) context.Priority = priority;
        if (header(Origin) is { Length: > 0 } origin) context.Origin = origin;
        if (header(Tags) is { Length: > 0 } tags) ReadTags(context, tags, maxTagsLength);
        return context;
    }

    /// <summary>Writes a context. Says in the result what could not be written, for <c>_dd.propagation_error</c>.</summary>
    public static string? Inject(TraceContext context, ulong spanId, int maxTagsLength, Action<string, string> set)
    {
        set(TraceId, context.TraceIdLow.ToString(CultureInfo.InvariantCulture));
        set(ParentId, spanId.ToString(CultureInfo.InvariantCulture));
        if (context.Priority is { } priority) set(Priority, priority.ToString(CultureInfo.InvariantCulture));
        if (context.Origin is { } origin) set(Origin, origin);

        var text = new StringBuilder();
        foreach (var (key, value) in context.Tags)
        {
            if (!IsTagKey(key) || !IsTagValue(value)) return "encoding_error";
            Append(text, key, value);
        }
        if (context.TraceIdHigh != 0) Append(text, TidTag, Hex.Of(context.TraceIdHigh));
        if (text.Length == 0) return null;
        if (maxTagsLength == 0) return "disabled";
        if (text.Length > maxTagsLength) return "inject_max_size";
        set(Tags, text.ToString());
        return null;
    }

    static void Append(StringBuilder text, string key, string value)
    {
        if (text.Length > 0) text.Append(',');
        text.Append(key).Append('=').Append(value);
    }

    static void ReadTags(TraceContext context, string text, int maxLength)
    {
        if (maxLength == 0) return;
        if (text.Length > maxLength)
        {
            context.Error = "extract_max_size";
            return;
        }

        var tags = new List<KeyValuePair<string, string>>();
        foreach (var pair in text.Split(','))
        {
            var equals = pair.IndexOf('=');
            var key = equals < 0 ? "" : pair[..equals].Trim(' ');
            var value = equals < 0 ? "" : pair[(equals + 1)..].Trim(' ');
            if (value.Length == 0 || !IsTagKey(key) || !IsTagValue(value))
            {
                context.Error = "decoding_error"; // One bad pair makes the whole header unbelievable.
                context.TraceIdHigh = 0;
                return;
            }
            if (key == TidTag) ReadTraceIdHigh(context, value);
            else if (key == DecisionMakerTag && !IsDecisionMaker(value)) context.Error = "decoding_error";
            else if (key.StartsWith(TagPrefix, StringComparison.Ordinal) && key != "_dd.p.upstream_services") tags.Add(new(key, value));
        }
        context.Tags.AddRange(tags);
    }

    static void ReadTraceIdHigh(TraceContext context, string value)
    {
        if (Hex.TryRead16(value, out var high) && high != 0) context.TraceIdHigh = high;
        else context.Error = $"malformed_tid {value}";
    }

    static bool IsDecisionMaker(string value) =>
        value.Length is >= 2 and <= 4 && value[0] == '-'
        && byte.TryParse(value.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    static bool IsTagKey(string key)
    {
        foreach (var c in key)
            if (c is <= ' ' or > '~' or ',' or '=') return false;
        return key.Length > 0;
    }

    static bool IsTagValue(string value)
    {
        foreach (var c in value)
            if (c is < ' ' or > '~' or ',') return false;
        return true;
    }
}
