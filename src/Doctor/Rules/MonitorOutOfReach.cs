using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD27: a monitor's threshold lies beyond all that its metric has ever been.</summary>
sealed class MonitorOutOfReach : IFaultRule
{
    public string Code => "TD27";

    public Verdict? Judge(Facts facts) =>
        !facts.IsOverall || facts.Agent is not { Monitors: [var monitor, ..] } agent ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Query,
            IsNote = true,
            Sentence = $"Monitor \"{monitor.Name}\" can never alert: the {(monitor.IsAbove ? "maximum" : "minimum")} of {monitor.Metric} in {Say.Number(monitor.Days)} days is {Say.Number(monitor.Furthest)}, its threshold {Say.Number(monitor.Threshold)}.",
            Evidence = [.. agent.Monitors.Take(5).Select(one => $"\"{one.Name}\": {one.Metric} came to {Say.Number(one.Furthest)}, the threshold is {Say.Number(one.Threshold)}.")],
            Fix = $"# a threshold {(monitor.IsAbove ? "below" : "above")} {Say.Number(monitor.Furthest)}",
        };
}
