using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD12: the screen looks at an environment that has none, and another has some.</summary>
sealed class OtherEnvironment : IFaultRule
{
    public string Code => "TD12";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Screen is not { FoundCount: 0, OtherEnvs: [var most, ..] } screen || screen.Filters.FirstOrDefault(filter => filter.Text.StartsWith("env:", StringComparison.Ordinal)) is not { } env) return null;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Query,
            Sentence = $"{Say.Count(most.Count, screen.Noun.TrimEnd('s'), screen.Noun)} {(most.Count == 1 ? "exists" : "exist")} for {most.Text}; you are looking at {env.Text}, which has none.",
            Evidence = [.. screen.OtherEnvs.Take(5).Select(other => $"{other.Text}: {Say.Count(other.Count)} {screen.Noun}")],
            Fix = most.Url,
        };
    }
}
