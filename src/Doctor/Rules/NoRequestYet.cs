using Apm.Core.Diagnosis;
using Apm.Core.Services;

namespace Apm.Doctor.Rules;

/// <summary>TD01: the app is traced and alive, and nobody has sent it a request.</summary>
sealed class NoRequestYet : IFaultRule
{
    public string Code => "TD01";

    public Verdict? Judge(Facts facts)
    {
        var process = facts.Process ?? facts.Announced.FirstOrDefault(one => !one.Info.HasEnded);
        if (facts.Screen is not null || process is not { HasSpans: false, Info.HasEnded: false } || process.IsRunning == false) return null;
        var line = CurlLines.Of(process.Info) is [var first, ..] ? first : "";
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Process,
            Sentence = $"{Who.Name(facts with { Process = process })} is alive and traced, and has received no request in {Say.Seconds(process.AgeSeconds)}.{(line.Length > 0 ? $" Try: {line}" : process.Info.Routes.Count > 0 ? $" Call one of its routes, such as {process.Info.Routes[0].Resource}." : " Send it one.")}",
            Evidence = [$"Its tracer told of itself {Say.Seconds(process.AgeSeconds)} ago; 0 spans have come from it since.", $"{Say.Count(process.Info.Routes.Count, "route")} known{(process.Info.ListenUrls.Count > 0 ? $"; it listens on {string.Join(", ", process.Info.ListenUrls.Take(3))}" : "")}."],
            Fix = line,
        };
    }
}
