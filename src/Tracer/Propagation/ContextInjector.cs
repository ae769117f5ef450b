namespace Apm.Tracer.Propagation;

/// <summary>Writes the context of the running span in all configured formats.</summary>
internal static class ContextInjector
{
    /// <param name="settings">Which formats.</param>
    /// <param name="traceIdHigh">Upper half of the trace id.</param>
    /// <param name="traceIdLow">Lower half of the trace id.</param>
    /// <param name="spanId">The running span: the parent of what is called.</param>
    /// <param name="isSampled">The sampled flag of the running span.</param>
    /// <param name="traceState">The <c>tracestate</c> it carries inside the process; null when the trace began here.</param>
    /// <param name="set">Receives header name and value.</param>
    /// <returns>What could not be written, for <c>_dd.propagation_error</c>; null when all was.</returns>
    public static string? Inject(
        PropagationSettings settings, ulong traceIdHigh, ulong traceIdLow, ulong spanId, bool isSampled, string? traceState, Action<string, string> set)
    {
        var state = TraceState.Parse(traceState);
        var context = new TraceContext
        {
            TraceIdHigh = traceIdHigh,
            TraceIdLow = traceIdLow,
            Origin = state.Origin,
            Tags = state.Tags,
            ForeignState = state.Foreign,
        };
        SamplingPriority.Decide(context, isSampled, state.Priority);
        context.Priority ??= isSampled ? 1 : 0; // A decision must be made before it travels on.
        if (context.Priority > 0 && !context.Tags.Exists(tag => tag.Key == "_dd.p.dm")) context.SetTag("_dd.p.dm", "-0");

        string? error = null;
        foreach (var style in settings.Inject)
        {
            if (style == PropagationStyle.Datadog) error = DatadogHeaders.Inject(context, spanId, settings.MaxTagsLength, set);
            else W3CHeaders.Inject(context, spanId, set);
        }
        return error;
    }
}
