using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD21: the disk budget is reached; new traces drive out the oldest.</summary>
sealed class EvictedByBudget : IFaultRule
{
    public string Code => "TD21";

    public Verdict? Judge(Facts facts) =>
        !facts.IsOverall || facts.Agent?.Store is not { EvictedSpanCount: > 0 } store ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Store,
            IsNote = true,
            Sentence = $"The disk budget was reached{(store.EvictedUnixNanos > 0 ? $" at {Say.At(store.EvictedUnixNanos, facts.NowUnixNanos)}" : "")}: new traces drive out those from before {(store.OldestUnixNanos > 0 ? Say.At(store.OldestUnixNanos, facts.NowUnixNanos) : "now")}.",
            Evidence = [$"{Say.Count(store.EvictedSpanCount, "stored span")} went to make room; the budget is {Say.Megabytes(store.BudgetBytes)}."],
            Fix = "storage:\n  max_bytes: 20GB",
        };
}
