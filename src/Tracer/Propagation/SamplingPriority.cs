namespace Apm.Tracer.Propagation;

/// <summary>Joins the sampled flag of <c>traceparent</c> with the priority in <c>tracestate</c>.</summary>
internal static class SamplingPriority
{
    const string DecisionMakerTag = "_dd.p.dm";

    /// <summary>
    /// The flag wins over a priority that contradicts it; then the inherited decision maker no longer applies:
    /// a forced keep becomes <c>-0</c>, a forced drop removes it. A trace from a browser (origin <c>rum</c>)
    /// without a priority stays undecided.
    /// </summary>
    public static void Decide(TraceContext context, bool isSampled, int? statePriority)
    {
        if (statePriority is not { } told)
        {
            context.Priority = context.Origin == "rum" ? null : isSampled ? 1 : 0;
            return;
        }
        if (isSampled == told > 0)
        {
            context.Priority = told;
            return;
        }
        context.Priority = isSampled ? 1 : 0;
        if (isSampled) context.SetTag(DecisionMakerTag, "-0");
        else context.RemoveTag(DecisionMakerTag);
    }
}
