using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD32: one filter of a search leaves nothing.</summary>
sealed class FilterTooNarrow : IFaultRule
{
    public string Code => "TD32";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Screen is not { FoundCount: 0 } screen || screen.Filters.Where(filter => filter.Count > 0).MaxBy(filter => filter.Count) is not { } guilty) return null;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Query,
            Sentence = $"No {screen.Noun} match; without {guilty.Text} there {(guilty.Count == 1 ? "is" : "are")} {Say.Count(guilty.Count)}.",
            Evidence = [.. screen.Filters.Select(filter => $"Without {filter.Text}: {Say.Count(filter.Count)} {screen.Noun}")],
            Fix = guilty.Url,
        };
    }
}
