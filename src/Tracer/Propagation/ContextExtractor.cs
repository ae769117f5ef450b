namespace Apm.Tracer.Propagation;

/// <summary>Reads what came in all configured formats and joins it into one context.</summary>
internal static class ContextExtractor
{
    /// <summary>
    /// The first valid context leads. A later one of another trace becomes a link; a later W3C one of the same
    /// trace brings its <c>tracestate</c> and, when it names another parent, that parent.
    /// </summary>
    /// <returns>Null when nothing valid came. With <see cref="ExtractBehavior.Restart"/> a context without ids that holds what came as a link.</returns>
    public static TraceContext? Extract(PropagationSettings settings, Func<string, string?> header)
    {
        if (settings.Behavior == ExtractBehavior.Ignore) return null;

        TraceContext? primary = null;
        var primaryStyle = "";
        foreach (var style in settings.Extract)
        {
            var context = style == PropagationStyle.Datadog
                ? DatadogHeaders.Extract(header, settings.MaxTagsLength)
                : W3CHeaders.Extract(header);
            if (context is null) continue;
            var styleName = style == PropagationStyle.Datadog ? "datadog" : "tracecontext";
            if (primary is null)
            {
                primary = context;
                primaryStyle = styleName;
                if (settings.ExtractFirst) break;
            }
            else if (!IsSameTrace(primary, context))
            {
                primary.Terminated.Add(new TerminatedContext(context, styleName, "terminated_context"));
            }
            else if (style == PropagationStyle.TraceContext)
            {
                Join(primary, context);
            }
        }
        if (primary is null || settings.Behavior == ExtractBehavior.Continue) return primary;

        var restarted = new TraceContext();
        restarted.Terminated.Add(new TerminatedContext(primary, primaryStyle, "propagation_behavior_extract"));
        return restarted;
    }

    static bool IsSameTrace(TraceContext one, TraceContext other) =>
        one.TraceIdLow == other.TraceIdLow
        && (one.TraceIdHigh == 0 || other.TraceIdHigh == 0 || one.TraceIdHigh == other.TraceIdHigh);

    static void Join(TraceContext primary, TraceContext w3c)
    {
        if (primary.TraceIdHigh == 0) primary.TraceIdHigh = w3c.TraceIdHigh;
        primary.ForeignState = w3c.ForeignState;
        if (primary.ParentId == w3c.ParentId) return;
        primary.LastParentId = w3c.LastParentId ?? Hex.Of(primary.ParentId);
        primary.ParentId = w3c.ParentId;
    }
}
