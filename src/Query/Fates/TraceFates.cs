using System.Globalization;
using Apm.Core.Ids;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Traces;

namespace Apm.Query.Fates;

/// <summary>Says why a trace is missing, or where it is. Any thread may call it.</summary>
/// <param name="fates">Null when nothing remembers; then only stored traces are known.</param>
public sealed class TraceFates(TraceLookup lookup, IFateStore? fates)
{
    /// <summary>Looks an id up.</summary>
    /// <param name="text">32 or 16 hex digits, or a decimal number of 64 bits. Digits that could be either are tried as both.</param>
    /// <returns>Null when the text is no trace id.</returns>
    /// <exception cref="StoreUnavailableException">A store cannot be read. Safe to retry.</exception>
    public TraceFate? Find(string text, CancellationToken cancel)
    {
        TraceFate? best = null;
        foreach (var id in TraceId.Readings(text))
        {
            var fate = Find(id, cancel);
            if (best is null || (best.IsUnknown && !fate.IsUnknown)) best = fate;
        }
        return best;
    }

    /// <summary>What is known of an id.</summary>
    /// <exception cref="StoreUnavailableException">A store cannot be read. Safe to retry.</exception>
    public TraceFate Find(TraceId id, CancellationToken cancel)
    {
        var tree = lookup.Read(id, cancel);
        return new TraceFate
        {
            TraceId = tree?.TraceId ?? id,
            StoredSpanCount = tree?.SpanCount ?? 0,
            StoredStartUnixNanos = tree?.StartUnixNanos,
            StoredServices = tree is null ? [] : [.. tree.Services.Select(share => share.Service)],
            KeptBecause = tree?.Root.Flags.Verdict().Word(),
            MissingParts = tree?.IncompleteReason,
            Remembered = fates?.Find(id) ?? [],
            RememberedSinceUnixNanos = fates?.SinceUnixNanos,
        };
    }
}

/// <summary>All that is known of one trace id.</summary>
public sealed record TraceFate
{
    public required TraceId TraceId { get; init; }

    /// <summary>0 when nothing is stored.</summary>
    public required long StoredSpanCount { get; init; }
    public long? StoredStartUnixNanos { get; init; }
    public IReadOnlyList<string> StoredServices { get; init; } = [];

    /// <summary>The verdict's word; null when nothing is stored.</summary>
    public string? KeptBecause { get; init; }

    /// <summary>Why the stored trace has no single root; null when it has.</summary>
    public string? MissingParts { get; init; }

    /// <summary>What became of it, or of parts of it, the newest first.</summary>
    public IReadOnlyList<Fate> Remembered { get; init; } = [];
    public long? RememberedSinceUnixNanos { get; init; }

    /// <summary>Neither stored nor remembered.</summary>
    public bool IsUnknown => StoredSpanCount == 0 && Remembered.Count == 0;

    /// <summary>One word: <c>stored</c>, <c>partly_stored</c>, <c>sampled_out</c>, <c>rejected</c>, <c>dropped</c>, <c>evicted</c>, <c>never_seen</c>.</summary>
    public string State => StoredSpanCount > 0 ? Remembered.Count > 0 ? "partly_stored" : "stored"
        : Remembered.Count == 0 ? "never_seen"
        : Remembered[0].Kind switch
        {
            FateKind.SampledOut => "sampled_out",
            FateKind.Rejected => "rejected",
            FateKind.Dropped => "dropped",
            _ => "evicted",
        };

    /// <summary>The answer in sentences, each of them true by itself.</summary>
    /// <param name="time">Writes a time as the reader wants it.</param>
    public IEnumerable<string> Sentences(Func<long, string> time)
    {
        if (StoredSpanCount > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"Trace {TraceId} is stored: {StoredSpanCount:N0} {(StoredSpanCount == 1 ? "span" : "spans")} of {string.Join(", ", StoredServices)}, from {time(StoredStartUnixNanos ?? 0)}. {LedgerReasons.Sentence(SpanOutcome.Stored, KeptBecause ?? "all")}");
            if (MissingParts is not null) yield return MissingParts;
        }
        foreach (var fate in Remembered)
        {
            var what = StoredSpanCount > 0 ? "Parts of it were" : $"Trace {TraceId} was";
            yield return fate.Kind switch
            {
                FateKind.Evicted => $"{what} {Sure(fate)} stored, and dropped {time(fate.FromUnixNanos)} with all traces of its time: {(fate.Reason == "age" ? "they were older than traces are kept" : "the storage budget had no room for them any more")}.{Odds(fate)}",
                FateKind.SampledOut => $"{what} {Sure(fate)} sampled out ({fate.Reason}) in the hour from {time(fate.FromUnixNanos)}. {LedgerReasons.Sentence(SpanOutcome.SampledOut, fate.Reason)}{Odds(fate)}",
                FateKind.Rejected => $"{what} {Sure(fate)} rejected ({fate.Reason}) in the hour from {time(fate.FromUnixNanos)}. {LedgerReasons.Sentence(SpanOutcome.Rejected, fate.Reason)}{Odds(fate)}",
                _ => $"{what} {Sure(fate)} lost ({fate.Reason}) in the hour from {time(fate.FromUnixNanos)}. {LedgerReasons.Sentence(SpanOutcome.Dropped, fate.Reason)}{Odds(fate)}",
            };
        }
        if (!IsUnknown) yield break;
        yield return $"Trace {TraceId} was never seen here{(RememberedSinceUnixNanos is { } since ? $", as far as Apm remembers, which is since {time(since)}" : "")}.";
        yield return "Check that the app sends to this Apm (apm status), and that its tracer did not drop the trace before sending it.";
    }

    static string Sure(Fate fate) => fate.WrongOdds < 0.05 ? "very probably" : "perhaps";

    static string Odds(Fate fate) => fate.WrongOdds < 1e-6 ? "" : string.Create(CultureInfo.InvariantCulture, $" (Wrong for about one id in {1 / fate.WrongOdds:N0} that was never seen.)");
}
