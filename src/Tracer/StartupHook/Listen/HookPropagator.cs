using System.Buffers.Binary;
using System.Diagnostics;
using Apm.StartupHook.Settings;
using Apm.Tracer.Propagation;

namespace Apm.StartupHook.Listen;

/// <summary>
/// Teaches the framework the Datadog headers: ASP.NET Core asks it what came in, HttpClient what to send.
/// What has no place in <c>traceparent</c> (priority, origin, tags) stays with the activity as our member of its
/// <c>tracestate</c>.
/// </summary>
/// <remarks>Thread-safe. What was the propagator before still handles baggage and activities without W3C ids.</remarks>
internal sealed class HookPropagator(DistributedContextPropagator inner, PropagationSettings settings) : DistributedContextPropagator
{
    static readonly string[] s_fields =
    [
        W3CHeaders.TraceParent, W3CHeaders.TraceState,
        DatadogHeaders.TraceId, DatadogHeaders.ParentId, DatadogHeaders.Priority, DatadogHeaders.Origin, DatadogHeaders.Tags,
    ];

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Fields { get; } = [.. s_fields.Union(inner.Fields)];

    /// <inheritdoc/>
    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        try
        {
            if (activity is not null && setter is not null && activity.IdFormat == ActivityIdFormat.W3C)
            {
                InjectAll(activity, carrier, setter);
                return;
            }
        }
        catch (Exception problem)
        {
            // This runs inside the app's own call.
            HookLog.Problem("writing trace headers", problem);
        }
        inner.Inject(activity, carrier, setter);
    }

    /// <inheritdoc/>
    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
    {
        (traceId, traceState) = (null, null);
        try
        {
            ExtractAny(carrier, getter, out traceId, out traceState);
        }
        catch (Exception problem)
        {
            HookLog.Problem("reading trace headers", problem);
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) =>
        settings.Behavior == ExtractBehavior.Ignore ? null : inner.ExtractBaggage(carrier, getter);

    void InjectAll(Activity activity, object? carrier, PropagatorSetterCallback setter)
    {
        Span<byte> bytes = stackalloc byte[24];
        activity.TraceId.CopyTo(bytes[..16]);
        activity.SpanId.CopyTo(bytes[16..]);
        var problem = ContextInjector.Inject(
            settings,
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            activity.Recorded,
            activity.TraceStateString,
            (name, value) => setter(carrier, name, value));
        if (problem is not null) LocalRoot(activity).SetTag("_dd.propagation_error", problem);

        // Setters differ: HttpClient keeps the first value of a header, a dictionary the last. So only what is not ours passes.
        if (HasBaggage(activity))
            inner.Inject(activity, carrier, (to, name, value) =>
            {
                if (!s_fields.Contains(name, StringComparer.OrdinalIgnoreCase)) setter(to, name, value);
            });
    }

    void ExtractAny(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
    {
        (traceId, traceState) = (null, null);
        if (getter is null || settings.Behavior == ExtractBehavior.Ignore) return;

        // The usual request comes with neither, and should cost no more than the two questions.
        if (Read(carrier, getter, DatadogHeaders.TraceId) is null && Read(carrier, getter, W3CHeaders.TraceParent) is null) return;
        if (Extract(carrier, getter) is not { TraceIdLow: not 0 } context) return;

        // Inside the process a parent must not be 0; the encoder writes what really came.
        var parentId = context.ParentId == 0 ? context.TraceIdLow : context.ParentId;
        traceId = W3CHeaders.Format(context.TraceIdHigh, context.TraceIdLow, parentId, context.Priority is not <= 0);
        traceState = TraceState.Format(context, spanId: 0, isLimited: false);
    }

    // On its own: what the lambda holds is then made for those requests alone that need it.
    TraceContext? Extract(object? carrier, PropagatorGetterCallback getter) => ContextExtractor.Extract(settings, name => Read(carrier, getter, name));

    static string? Read(object? carrier, PropagatorGetterCallback getter, string name)
    {
        getter(carrier, name, out var value, out var values);
        return value ?? values?.FirstOrDefault();
    }

    static bool HasBaggage(Activity activity)
    {
        foreach (var _ in activity.Baggage) return true;
        return false;
    }

    static Activity LocalRoot(Activity activity)
    {
        while (activity.Parent is { } parent) activity = parent;
        return activity;
    }
}
