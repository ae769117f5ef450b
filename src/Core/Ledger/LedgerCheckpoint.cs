namespace Apm.Core.Ledger;

/// <summary>The ledger at the log position of the statistics' checkpoint that it is a part of.</summary>
/// <param name="Number">Counts the checkpoints, so that a reader knows whether the store has the closed pages yet.</param>
/// <param name="Closed">Pages that go to the store with this checkpoint.</param>
/// <param name="Open">All pages that are still open.</param>
public sealed record LedgerCheckpoint(long Number, IReadOnlyList<LedgerPage> Closed, IReadOnlyList<LedgerPage> Open)
{
    /// <summary>Of a store that has kept none yet.</summary>
    public static LedgerCheckpoint None { get; } = new(0, [], []);
}

/// <summary>What a store has of the ledger, as of one checkpoint.</summary>
/// <param name="Number">The newest checkpoint whose closed pages are among the rows.</param>
/// <param name="Rows">Rows of the same time and key may come more than once; they add up.</param>
public sealed record StoredLedger(long Number, IReadOnlyList<LedgerRow> Rows);
