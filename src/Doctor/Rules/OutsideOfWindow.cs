using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD13: what is looked for lies outside of the time shown.</summary>
sealed class OutsideOfWindow : IFaultRule
{
    public string Code => "TD13";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Screen is not { FoundCount: 0, NewestUnixNanos: not 0 } screen) return null;
        var window = screen.WindowText.Length > 0 ? screen.WindowText : Say.Span(screen.WindowNanos);
        var isAhead = screen.NewestUnixNanos > facts.NowUnixNanos;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Query,
            Sentence = isAhead
                ? $"The newest of the {screen.Noun} lie {Say.Span(screen.NewestUnixNanos - facts.NowUnixNanos)} in the future, outside of the {window} shown: the clock of their host is ahead."
                : $"The last of the {screen.Noun} is {Say.Span(facts.NowUnixNanos - screen.NewestUnixNanos)} old, and the window shows {window}.",
            Evidence = [$"The newest that matches began at {Say.At(screen.NewestUnixNanos, facts.NowUnixNanos)}."],
            Fix = screen.ThereUrl,
        };
    }
}
