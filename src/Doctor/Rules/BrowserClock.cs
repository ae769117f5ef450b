using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD31: the browser's clock is off.</summary>
sealed class BrowserClock : IFaultRule
{
    public string Code => "TD31";

    public Verdict? Judge(Facts facts) =>
        facts.Screen?.BrowserSkewNanos is not { } skew || Math.Abs(skew) < Facts.BearableSkew.Ticks * 100 ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Browser,
            IsNote = true,
            Sentence = $"The clock of this browser is {Say.Span(skew)} {(skew > 0 ? "ahead of" : "behind")} the machine that Apm runs on. Windows such as \"past 15 min\" are counted by that machine's clock.",
            Evidence = [$"The browser told its time with a request; it differed by {Say.Span(skew)}."],
        };
}
