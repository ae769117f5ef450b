using System.Diagnostics;
using Apm.Tracer.Propagation;

namespace Apm.StartupHook.Encode;

/// <summary>Reads and writes an activity's events and links.</summary>
internal readonly struct ActivityEvents
{
    /// <summary>Most events, and most links, of one span; further ones are left out.</summary>
    public const int MaxEach = 128;

    static readonly byte[] KeyLinks = MsgPackKey.Of("span_links"), KeyEvents = MsgPackKey.Of("span_events"), KeyTraceId = MsgPackKey.Of("trace_id"),
        KeyTraceIdHigh = MsgPackKey.Of("trace_id_high"), KeySpanId = MsgPackKey.Of("span_id"), KeyFlags = MsgPackKey.Of("flags"),
        KeyAttributes = MsgPackKey.Of("attributes"), KeyName = MsgPackKey.Of("name"), KeyTime = MsgPackKey.Of("time_unix_nano"),
        KeyType = MsgPackKey.Of("type"), KeyStringValue = MsgPackKey.Of("string_value"), KeyReason = MsgPackKey.Of("reason"),
        KeyStyle = MsgPackKey.Of("context_headers");

    /// <summary>Type of the last exception event; null when there is none.</summary>
    public string? ExceptionType { get; private init; }

    /// <summary>Message of the last exception event; null when there is none.</summary>
    public string? ExceptionMessage { get; private init; }

    /// <summary>Stack of the last exception event; null when there is none.</summary>
    public string? ExceptionStack { get; private init; }

    /// <summary>Events that are not exceptions, at most <see cref="MaxEach"/>.</summary>
    public int Others { get; private init; }

    /// <summary>Reads the events.</summary>
    public static ActivityEvents Of(Activity activity)
    {
        string? type = null, message = null, stack = null;
        var others = 0;
        foreach (ref readonly var item in activity.EnumerateEvents())
        {
            if (item.Name != "exception")
            {
                others++;
                continue;
            }
            foreach (ref readonly var tag in item.EnumerateTagObjects())
            {
                if (tag.Value is not string text) continue;
                if (tag.Key == "exception.type") type = text;
                else if (tag.Key == "exception.message") message = text;
                else if (tag.Key == "exception.stacktrace") stack = text;
            }
        }
        return new ActivityEvents { ExceptionType = type, ExceptionMessage = message, ExceptionStack = stack, Others = Math.Min(others, MaxEach) };
    }

    /// <summary>How many links there are, at most <see cref="MaxEach"/>.</summary>
    public static int CountLinks(Activity activity)
    {
        var count = 0;
        foreach (ref readonly var _ in activity.EnumerateLinks()) count++;
        return Math.Min(count, MaxEach);
    }

    /// <summary>Writes <c>span_links</c>: the activity's own, then contexts that came and were not continued.</summary>
    public static void WriteLinks(MsgPackBuffer to, Activity activity, int ownLinks, IReadOnlyList<TerminatedContext> terminated)
    {
        to.Raw(KeyLinks);
        to.Array16(ownLinks + terminated.Count);
        var left = ownLinks;
        foreach (ref readonly var link in activity.EnumerateLinks())
        {
            if (left-- == 0) break;
            var hex = link.Context.TraceId.ToHexString();
            Hex.TryRead16(hex.AsSpan(0, 16), out var high);
            Hex.TryRead16(hex.AsSpan(16), out var low);
            Hex.TryRead16(link.Context.SpanId.ToHexString(), out var spanId);
            WriteLinkIds(to, high, low, spanId, (link.Context.TraceFlags & ActivityTraceFlags.Recorded) != 0);
            to.Raw(KeyAttributes);
            var mark = to.BeginMap16();
            var count = 0;
            foreach (ref readonly var tag in link.EnumerateTagObjects())
            {
                if (tag.Value is null || count == MaxEach) continue;
                to.Text(tag.Key);
                to.Text(TagWriter.TextOf(tag.Value));
                count++;
            }
            to.EndMap16(mark, count);
        }
        foreach (var (context, style, reason) in terminated)
        {
            WriteLinkIds(to, context.TraceIdHigh, context.TraceIdLow, context.ParentId, context.Priority is > 0);
            to.Raw(KeyAttributes);
            to.FixMap(2);
            to.Raw(KeyReason);
            to.Text(reason);
            to.Raw(KeyStyle);
            to.Text(style);
        }
    }

    /// <summary>Writes <c>span_events</c>; attribute values as texts.</summary>
    public static void WriteEvents(MsgPackBuffer to, Activity activity, int count)
    {
        to.Raw(KeyEvents);
        to.Array16(count);
        foreach (ref readonly var item in activity.EnumerateEvents())
        {
            if (item.Name == "exception") continue;
            if (count-- == 0) break;
            to.FixMap(3);
            to.Raw(KeyTime);
            to.UInt64((ulong)((item.Timestamp.UtcTicks - DateTime.UnixEpoch.Ticks) * 100));
            to.Raw(KeyName);
            to.Text(item.Name);
            to.Raw(KeyAttributes);
            var mark = to.BeginMap16();
            var attributes = 0;
            foreach (ref readonly var tag in item.EnumerateTagObjects())
            {
                if (tag.Value is null || attributes == MaxEach) continue;
                to.Text(tag.Key);
                to.FixMap(2);
                to.Raw(KeyType);
                to.Int64(0);
                to.Raw(KeyStringValue);
                to.Text(TagWriter.TextOf(tag.Value));
                attributes++;
            }
            to.EndMap16(mark, attributes);
        }
    }

    static void WriteLinkIds(MsgPackBuffer to, ulong high, ulong low, ulong spanId, bool isKept)
    {
        to.FixMap(5);
        to.Raw(KeyTraceId);
        to.UInt64(low);
        to.Raw(KeyTraceIdHigh);
        to.UInt64(high);
        to.Raw(KeySpanId);
        to.UInt64(spanId);
        to.Raw(KeyFlags);
        to.UInt64(isKept ? 0x80000001UL : 0x80000000UL);
    }
}
