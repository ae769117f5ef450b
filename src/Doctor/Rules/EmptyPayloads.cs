using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD33: payloads come, and nothing is in them.</summary>
sealed class EmptyPayloads : IFaultRule
{
    public string Code => "TD33";

    public Verdict? Judge(Facts facts)
    {
        if (!facts.IsOverall || facts.Agent is not { } agent || agent.Paths.Sum(path => path.Ok) == 0 || agent.Paths.Any(path => path.Ok > path.Empty)) return null;
        var path = agent.Paths.MaxBy(one => one.Empty)!;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Receiver,
            Sentence = $"{path.Path} answered 200 {Say.Count(path.Empty, "time")}, and no span was inside: a tracer is connected and has nothing to send. Send its app a request.",
            Evidence = [.. agent.Paths.Where(one => one.Empty > 0).Select(one => $"{one.Path}: {Say.Count(one.Empty, "body", "bodies")} without a span.")],
        };
    }
}
