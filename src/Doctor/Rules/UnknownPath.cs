using System.Text.RegularExpressions;
using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD29: spans were sent to a path that nobody answers, and that is too far from a known one to be taken for it.</summary>
sealed partial class UnknownPath : IFaultRule
{
    public string Code => "TD29";

    public Verdict? Judge(Facts facts) =>
        Refusals.Of(facts).FirstOrDefault(refusal => refusal.Reason == "unknown_path" && LooksLikeSpans().IsMatch(refusal.Path)) is not { } refused ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Receiver,
            Sentence = $"Spans were sent to {refused.Path}, which nobody answers. OTLP goes to the bare address, such as http://localhost:{facts.Agent!.Listeners.GetValueOrDefault("otlp-http", 4318)}: the exporter adds /v1/traces itself.",
            Evidence = [$"{refused.Path} answered {refused.Status} {Say.Count(refused.Count, "time")}, the last {Say.Ago(refused.LastUnixNanos, facts.NowUnixNanos)}{(refused.Sender is { } sender ? $", to {sender}" : "")}."],
            Fix = $"export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{facts.Agent!.Listeners.GetValueOrDefault("otlp-http", 4318)}",
        };

    [GeneratedRegex("trace|span|otlp|opentelemetry", RegexOptions.IgnoreCase)]
    private static partial Regex LooksLikeSpans();
}
