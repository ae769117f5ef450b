namespace Apm.Endurance.Running;

/// <summary>The sums of <c>GET /api/ledger</c> over the last hour.</summary>
public sealed record LedgerTotals(long Received, long Stored, long SampledOut, long Rejected, long Dropped)
{
    /// <summary>Each span that was received has exactly one fate.</summary>
    public bool Balances => Received == Stored + SampledOut + Rejected + Dropped;

    /// <summary>Null where the agent keeps no ledger.</summary>
    public static async Task<LedgerTotals?> Read(AgentProcess agent)
    {
        if (await agent.Get("/api/ledger") is not { } answer) return null;
        var total = answer.GetProperty("total");
        return new LedgerTotals(Number("received"), Number("stored"), Number("sampled_out"), Number("rejected"), Number("dropped"));

        long Number(string name) => total.GetProperty(name).GetInt64();
    }
}
