using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD17: gRPC on a port of HTTP, or the reverse; both are taken.</summary>
sealed class OtherProtocol : IFaultRule
{
    public string Code => "TD17";

    public Verdict? Judge(Facts facts)
    {
        if (TlsMismatch.Mine(facts, facts.Agent?.WrongProtocols.Where(wrong => wrong.Spoken != SpokenProtocol.Tls) ?? []) is not { } wrong) return null;
        var better = facts.Agent!.Listeners.GetValueOrDefault(wrong.Spoken == SpokenProtocol.Http2 ? "otlp-grpc" : "otlp-http");
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Socket,
            IsNote = true,
            Sentence = wrong.Spoken == SpokenProtocol.Http2
                ? $"gRPC came on port {wrong.Port}, which is for HTTP/1: it is taken all the same.{(better > 0 ? $" The port for it is {better}." : "")}"
                : $"HTTP/1 came on port {wrong.Port}, which is for gRPC: it is taken all the same.{(better > 0 ? $" The port for it is {better}." : "")}",
            Evidence = [$"{Say.Count(wrong.Count, "connection")} from {wrong.Sender?.ToString() ?? "a process that the system does not name"}, the last {Say.Ago(wrong.LastUnixNanos, facts.NowUnixNanos)}."],
            Fix = better > 0 ? $"export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{better}" : "",
        };
    }
}
