using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD24: traces break between two services, because one does not read what the other sends.</summary>
sealed class BrokenSeams : IFaultRule
{
    public string Code => "TD24";

    public Verdict? Judge(Facts facts)
    {
        if (!facts.IsOverall || facts.Agent is not { Seams: [var seam, ..] }) return null; // Told once, not with each instance of both.
        var headers = (seam.Writes.Length, seam.Reads.Length) switch
        {
            ( > 0, > 0) => $": {seam.Caller} sends {seam.Writes}, {seam.Callee} reads {seam.Reads}",
            ( > 0, _) => $": {seam.Caller} sends {seam.Writes}, and {seam.Callee} does not read it or a proxy drops it",
            (_, > 0) => $": {seam.Callee} reads {seam.Reads}, which {seam.Caller} does not send or a proxy drops",
            _ => ": the header that carries the trace is lost on the way",
        };
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Query,
            IsNote = true,
            Sentence = $"Traces break between {seam.Caller} and {seam.Callee}{headers}. Give both a style in common.",
            Evidence = [$"{Say.Count(seam.Count, "call")} of {seam.Caller} to {seam.Callee} in the past 15 min began a trace of their own there, within the time of the call."],
            Fix = "export DD_TRACE_PROPAGATION_STYLE=datadog,tracecontext,b3multi   # OpenTelemetry: OTEL_PROPAGATORS=tracecontext,baggage,b3multi",
        };
    }
}
