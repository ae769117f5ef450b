namespace Apm.Storage.Metrics.Chunks;

/// <summary>What the numbers of a minute or an hour come to.</summary>
/// <param name="UnixSeconds">Its start.</param>
readonly record struct RollupPoint(long UnixSeconds, long Count, double Sum, double Min, double Max, double Last)
{
    /// <summary>This and what came later in the same minute or hour.</summary>
    public RollupPoint Plus(double value) => this with { Count = Count + 1, Sum = Sum + value, Min = Math.Min(Min, value), Max = Math.Max(Max, value), Last = value };

    public static RollupPoint Of(long unixSeconds, double value) => new(unixSeconds, 1, value, value, value, value);
}
