using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD20: a payload is larger than what is taken at once.</summary>
sealed class PayloadTooLarge : IFaultRule
{
    public string Code => "TD20";

    public Verdict? Judge(Facts facts) =>
        Refusals.Of(facts).FirstOrDefault(refusal => refusal.Reason == "too_large") is not { } refused ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Receiver,
            IsNote = true,
            Sentence = $"A payload was refused whole, and nothing of it is stored: {(refused.Bytes > 0 ? $"{Say.Megabytes(refused.Bytes)} in one body" : "its body")} is more than {(facts.Agent!.MaxBodyBytes > 0 ? $"the {Say.Megabytes(facts.Agent.MaxBodyBytes)} that are" : "what is")} taken at once{(refused.Client.Length > 0 ? $" (from {refused.Client})" : "")}. Let the client send smaller batches.",
            Evidence = [$"{refused.Path} answered {refused.Status} {Say.Count(refused.Count, "time")}, the last {Say.Ago(refused.LastUnixNanos, facts.NowUnixNanos)}.", refused.Sentence.ReplaceLineEndings(" ")],
            Fix = "export DD_TRACE_WRITER_MAX_PAYLOAD_SIZE_BYTES=8000000   # OpenTelemetry: OTEL_BSP_MAX_EXPORT_BATCH_SIZE=256",
        };
}
