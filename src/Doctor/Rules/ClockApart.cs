using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD11: the clock of the app's host is off, so that its spans lie where nobody looks.</summary>
sealed class ClockApart : IFaultRule
{
    public string Code => "TD11";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Process is not { SkewNanos: { } skew } process || !facts.IsOutOfTime) return null;
        var host = process.Info.Hostname.Length > 0 ? process.Info.Hostname : "its host";
        var from = (facts.NowUnixNanos + skew) / 1_000_000 - 300_000;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Store,
            Sentence = $"Spans of {Who.Name(facts)} arrive {Say.Span(skew)} in the {(skew > 0 ? "future" : "past")}: the clock of {host} is {(skew > 0 ? "ahead of" : "behind")} this machine's. They are stored at the time they tell.",
            Evidence = [$"The newest span began {Say.Span(skew)} {(skew > 0 ? "after" : "before")} it was received."],
            Fix = $"sudo timedatectl set-ntp true   # on {host}; to see them now: {facts.Agent?.UiUrl}/traces?from={from}&to={from + 600_000}",
        };
    }
}
