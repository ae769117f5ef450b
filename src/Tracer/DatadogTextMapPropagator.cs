using System.Buffers.Binary;
using System.Diagnostics;
using Apm.Tracer.Propagation;
using OpenTelemetry.Context.Propagation;

namespace Apm.Tracer;

/// <summary>
/// Reads and writes the Datadog and the W3C headers for the OpenTelemetry SDK. What has no place in a span context
/// travels as our member of its <c>tracestate</c>.
/// </summary>
internal sealed class DatadogTextMapPropagator(PropagationSettings settings) : TextMapPropagator
{
    static readonly HashSet<string> s_fields =
    [
        W3CHeaders.TraceParent, W3CHeaders.TraceState,
        DatadogHeaders.TraceId, DatadogHeaders.ParentId, DatadogHeaders.Priority, DatadogHeaders.Origin, DatadogHeaders.Tags,
    ];

    /// <inheritdoc/>
    public override ISet<string> Fields => s_fields;

    /// <inheritdoc/>
    public override PropagationContext Extract<T>(PropagationContext context, T carrier, Func<T, string, IEnumerable<string>?> getter)
    {
        if (IsValid(context.ActivityContext)) return context;
        // The usual request comes with neither, and should cost no more than the two questions.
        if (getter(carrier, DatadogHeaders.TraceId)?.FirstOrDefault() is null && getter(carrier, W3CHeaders.TraceParent)?.FirstOrDefault() is null) return context;
        return Read(context, carrier, getter);
    }

    PropagationContext Read<T>(PropagationContext context, T carrier, Func<T, string, IEnumerable<string>?> getter)
    {
        if (ContextExtractor.Extract(settings, name => getter(carrier, name)?.FirstOrDefault()) is not { TraceIdLow: not 0 } found) return context;

        var parentId = found.ParentId == 0 ? found.TraceIdLow : found.ParentId;
        var remote = new ActivityContext(
            ActivityTraceId.CreateFromString(Hex.Of(found.TraceIdHigh) + Hex.Of(found.TraceIdLow)),
            ActivitySpanId.CreateFromString(Hex.Of(parentId)),
            found.Priority is not <= 0 ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None,
            TraceState.Format(found, spanId: 0, isLimited: false),
            isRemote: true);
        return new PropagationContext(remote, context.Baggage);
    }

    /// <inheritdoc/>
    public override void Inject<T>(PropagationContext context, T carrier, Action<T, string, string> setter)
    {
        var active = context.ActivityContext;
        if (!IsValid(active)) return;
        Span<byte> bytes = stackalloc byte[24];
        active.TraceId.CopyTo(bytes[..16]);
        active.SpanId.CopyTo(bytes[16..]);
        ContextInjector.Inject(
            settings,
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            (active.TraceFlags & ActivityTraceFlags.Recorded) != 0,
            active.TraceState,
            (name, value) => setter(carrier, name, value));
    }

    static bool IsValid(ActivityContext context) => context.TraceId != default && context.SpanId != default;
}
