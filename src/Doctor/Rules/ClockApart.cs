using Apm.Core.Diagnosis;
using Apm.Core.Time;

namespace Apm.Doctor.Rules;

/// <summary>TD11: the clock of the app's host is off, so that its spans lie where nobody looks.</summary>
sealed class ClockApart : IFaultRule
{
    /// <summary>The time shown around them: ten minutes before the newest, and half of it after.</summary>
    const long BeforeNanos = 600 * UnixTime.NanosPerSecond;

    public string Code => "TD11";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Process is not { SkewNanos: { } skew } process || !facts.IsOutOfTime) return null;
        var host = process.Info.Hostname.Length > 0 ? process.Info.Hostname : "its host";
        var newest = process.SkewSeenUnixNanos + skew;
        var there = facts.Agent is not { UiUrl.Length: > 0 } agent ? "" : $"{agent.UiUrl}/traces?q={Uri.EscapeDataString("service:\"" + process.Info.Service.Replace("\"", "", StringComparison.Ordinal) + "\"")}&from={(newest - BeforeNanos) / UnixTime.NanosPerMillisecond}&to={(newest + BeforeNanos / 2) / UnixTime.NanosPerMillisecond}";
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Store,
            Sentence = $"Spans of {Who.Name(facts)} arrive {Say.Span(skew)} in the {(skew > 0 ? "future" : "past")}: the clock of {host} is {(skew > 0 ? "ahead of" : "behind")} this machine's. They are stored at the time they tell, and shown under \"arrived recently\".",
            Evidence = [$"The newest span began {Say.Span(skew)} {(skew > 0 ? "after" : "before")} it was received, which was {Say.Ago(process.SkewSeenUnixNanos, facts.NowUnixNanos)}: at {Say.At(newest, facts.NowUnixNanos)} by its clock."],
            Fix = $"sudo timedatectl set-ntp true   # on {host}",
            ThereUrl = there,
        };
    }
}
