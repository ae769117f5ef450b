using System.Globalization;
using Apm.Endurance.Running;

namespace Apm.Endurance.Load;

/// <summary>What a <see cref="SoakRun"/> found, and what it must have found.</summary>
sealed record SoakResult(SoakRun Run)
{
    /// <summary>Ceiling of the whole process: the default of memory.max_bytes.</summary>
    public const long MaxMemoryBytes = 512L << 20;

    public required TimeSpan Took { get; init; }
    public required long AcknowledgedSpans { get; init; }
    public required long SentBytes { get; init; }
    public required long RefusedPayloads { get; init; }

    /// <summary>As stored.</summary>
    public required double BytesPerSpan { get; init; }

    /// <summary>Spans in the store at the end.</summary>
    public required long LeftSpans { get; init; }
    public required long MostDiskBytes { get; init; }
    public required long MostMemoryBytes { get; init; }

    /// <summary>What the status said when thinning was first seen; null when it never was.</summary>
    public required string? ThinnedSentence { get; init; }

    /// <summary>By the verdict's word.</summary>
    public required IReadOnlyDictionary<string, long> ChunksInLastMinute { get; init; }
    public required LedgerTotals? Ledger { get; init; }

    /// <summary>Acknowledged traces by the state that <c>/api/traces/{id}/fate</c> says.</summary>
    public required IReadOnlyDictionary<string, int> Fates { get; init; }

    /// <summary>What is not as it must be, in words; empty when all is.</summary>
    public IEnumerable<string> Faults()
    {
        if (MostDiskBytes > Run.BudgetBytes) yield return "more on disk than the budget";
        if (MostMemoryBytes > MaxMemoryBytes) yield return "more memory than the ceiling";
        if (AcknowledgedSpans * BytesPerSpan < Run.BudgetBytes * Run.Times) yield return "too few spans in the time";
        if (LeftSpans >= AcknowledgedSpans) yield return "nothing went";
        if (Ledger is not { Balances: true } ledger) yield return "the ledger does not sum";
        else if (ledger.Received - ledger.Rejected != AcknowledgedSpans) yield return $"the ledger knows {ledger.Received - ledger.Rejected:N0} spans that were not refused";
        if (Fates.ContainsKey("never_seen")) yield return "acknowledged traces were never seen";
        if (Run.Mode == "all" && (ThinnedSentence is not null || Ledger is { SampledOut: > 0 })) yield return "mode all sampled";
        if (Run.Mode == "all" && !Fates.ContainsKey("evicted")) yield return "no trace says that it was evicted";
        if (Run.Mode == "budget" && (ThinnedSentence is null || Ledger is { SampledOut: 0 })) yield return "nothing said that sampling began";
        if (Run.Mode == "budget" && !Fates.ContainsKey("sampled_out")) yield return "no trace says that it was sampled out";
    }

    /// <summary>As Markdown.</summary>
    public string Table()
    {
        var faults = Faults().ToList();
        return string.Create(CultureInfo.InvariantCulture, $"""

            ## sampling.mode {Run.Mode}, keep_for {Run.KeepFor}

            | | result | ceiling |
            |---|---|---|
            | took | {Took.TotalMinutes:F1} min, {AcknowledgedSpans / Took.TotalSeconds:N0} spans/s | |
            | spans acknowledged | {AcknowledgedSpans:N0}, {SentBytes / 1e9:F1} GB of bodies, {AcknowledgedSpans * BytesPerSpan / (1 << 20):N0} MiB if all were stored | at least {(Run.BudgetBytes * Run.Times) >> 20} MiB |
            | payloads refused (429, 503) | {RefusedPayloads:N0} | |
            | spans in the store at the end | {LeftSpans:N0} | |
            | most on disk, looked at each second | {MostDiskBytes / 1e6:F1} MB | {Run.BudgetBytes / 1e6:F1} MB |
            | most memory | {MostMemoryBytes >> 20} MiB | {MaxMemoryBytes >> 20} MiB |
            | the ledger | {(Ledger is { } ledger ? $"{ledger.Received:N0} received, {ledger.Stored:N0} stored, {ledger.Rejected:N0} rejected, {ledger.SampledOut:N0} sampled out, {ledger.Dropped:N0} dropped" : "is not there")} | sums |
            | sampling | {ThinnedSentence ?? "never began"} | |
            | trace chunks in the last minute | {Words(ChunksInLastMinute)} | |
            | fates of acknowledged traces | {Words(Fates)} | none never_seen |
            | **{(faults.Count == 0 ? "as it must be" : "NOT as it must be: " + string.Join("; ", faults))}** | | |

            """);
    }

    static string Words<T>(IReadOnlyDictionary<string, T> counts) where T : IFormattable =>
        counts.Count == 0 ? "none" : string.Join(", ", counts.Select(count => $"{count.Value.ToString("N0", CultureInfo.InvariantCulture)} {count.Key}"));
}
