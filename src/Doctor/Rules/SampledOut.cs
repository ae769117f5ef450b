using Apm.Core.Diagnosis;
using Apm.Core.Ledger;

namespace Apm.Doctor.Rules;

/// <summary>TD10: requests are seen and counted, and none of their traces is kept.</summary>
sealed class SampledOut : IFaultRule
{
    /// <summary>Where tracers tell their rules, by the name in the environment or the telemetry.</summary>
    static readonly string[] RuleNames = ["DD_TRACE_SAMPLING_RULES", "trace_sampling_rules", "DD_TRACE_SAMPLE_RATE", "trace_sample_rate", "OTEL_TRACES_SAMPLER"];

    public string Code => "TD10";

    public Verdict? Judge(Facts facts)
    {
        var fate = facts.Fate ?? (facts.IsOverall ? facts.Agent?.Services.FirstOrDefault(one => one is { KeptSpanCount: 0, SampledOutSpanCount: > 0 }) : null);
        if (fate is not { KeptSpanCount: 0, SampledOutSpanCount: > 0 }) return null;
        var rule = Array.Find(RuleNames, name => Who.Variable(facts, name).Length > 0);
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Sampler,
            Sentence = rule is null
                ? $"{Say.Count(fate.SampledOutSpanCount, "span")} of {fate.Service} came in and none was kept. {LedgerReasons.Sentence(SpanOutcome.SampledOut, fate.SamplingReason)}"
                : $"{Say.Count(fate.SampledOutSpanCount, "span")} of {fate.Service} came in and none was kept: sampled out by {rule}={Who.Variable(facts, rule)}.",
            Evidence = [$"{Say.Count(fate.ReceivedSpanCount)} received = 0 kept + {Say.Count(fate.SampledOutSpanCount)} sampled out ({fate.SamplingReason}){(fate.ReceivedSpanCount > fate.SampledOutSpanCount ? $" + {Say.Count(fate.ReceivedSpanCount - fate.SampledOutSpanCount)} lost" : "")}. Numbers and charts count them."],
            Fix = rule is null ? "" : $"unset {rule}",
        };
    }
}
