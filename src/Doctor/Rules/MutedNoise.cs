using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD22: what a setting leaves out on purpose, such as health checks.</summary>
sealed class MutedNoise : IFaultRule
{
    public string Code => "TD22";

    public Verdict? Judge(Facts facts)
    {
        var muted = facts.IsOverall ? facts.Agent?.Services.Sum(fate => fate.MutedSpanCount) ?? 0 : facts.Fate?.MutedSpanCount ?? 0;
        if (muted == 0) return null;
        var patterns = string.Join(", ", facts.Agent!.MutedResources.Take(5));
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Sampler,
            IsNote = true,
            Sentence = $"{Say.Count(muted, "span")} {(muted == 1 ? "is" : "are")} left out by ignore_resources{(patterns.Length > 0 ? $" ({patterns})" : "")}.",
            Evidence = [$"The ledger of the past 24 h has {Say.Count(muted, "span")} under ignored_resource."],
            Fix = "# to see them, take the pattern out of apm_config.ignore_resources",
        };
    }
}
