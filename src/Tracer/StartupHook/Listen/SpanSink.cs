using System.Collections.Concurrent;
using System.Diagnostics;
using Apm.StartupHook.Encode;
using Apm.StartupHook.Send;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Listen;

/// <summary>Where all listeners bring finished spans: one buffer per thread, then the queue.</summary>
/// <remarks>Thread-safe. After <see cref="Stop"/> nothing is taken any more.</remarks>
internal sealed class SpanSink
{
    [ThreadStatic] static MsgPackBuffer? s_buffer;

    readonly SpanQueue _queue;
    readonly SourceSelection _filter;
    readonly ConcurrentDictionary<ActivitySource, bool> _captured = new();
    readonly Func<Activity, bool> _isCaptured;
    volatile bool _isStopped;

    /// <param name="queue">Takes the encoded spans.</param>
    /// <param name="writer">Writes the common parts.</param>
    /// <param name="filter">Tells which sources become spans.</param>
    public SpanSink(SpanQueue queue, SpanWriter writer, SourceSelection filter)
    {
        _queue = queue;
        _filter = filter;
        Writer = writer;
        _isCaptured = IsCaptured;
    }

    /// <summary>Writes the parts that every span has.</summary>
    public SpanWriter Writer { get; }

    /// <summary>True once spans are no longer taken.</summary>
    public bool IsStopped => _isStopped;

    /// <summary>From now on spans are left to somebody else.</summary>
    public void Stop() => _isStopped = true;

    /// <summary>An empty buffer for the span that this thread is about to encode.</summary>
    public static MsgPackBuffer Buffer()
    {
        var buffer = s_buffer ??= new MsgPackBuffer();
        buffer.Reset();
        return buffer;
    }

    /// <summary>Who a span is; false when the activity has no W3C ids or tracing is over.</summary>
    public bool TryIdentify(Activity activity, out SpanIdentity who)
    {
        who = default;
        if (_isStopped || activity.IdFormat != ActivityIdFormat.W3C) return false;
        who = SpanIdentity.Of(activity, _isCaptured);
        return true;
    }

    /// <summary>Takes over what was encoded.</summary>
    public void Accept(MsgPackBuffer buffer, in SpanIdentity who)
    {
        if (buffer.IsOverfull) _queue.CountDropped(DropReason.SpanTooLarge, 1);
        else _queue.Add(buffer.Written, who.TraceIdHigh, who.TraceIdLow, who.IsLocalRoot);
    }

    bool IsCaptured(Activity activity)
    {
        var source = activity.Source;
        return _captured.TryGetValue(source, out var isCaptured) ? isCaptured : _captured[source] = _filter.Takes(source.Name);
    }
}
