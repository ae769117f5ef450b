using Apm.Core.Stats;

namespace Apm.Query.Services;

/// <summary>Cells added up: what a service or endpoint did in a range. Not thread-safe.</summary>
public sealed class StatsSum
{
    readonly DDSketch _nanos = new();

    /// <summary>All spans.</summary>
    public double HitCount { get; private set; }

    /// <summary>Spans that entered the service.</summary>
    public double EntryCount { get; private set; }
    public double ErrorCount { get; private set; }
    public double TotalNanos { get; private set; }

    public void Add(StatsCell cell)
    {
        HitCount += cell.HitCount;
        EntryCount += cell.TopLevelHitCount;
        ErrorCount += cell.ErrorCount;
        TotalNanos += cell.DurationNanos;
        _nanos.Merge(cell.OkNanos);
        _nanos.Merge(cell.ErrorNanos);
    }

    /// <summary>Within 1 %; null when nothing was added.</summary>
    public double? QuantileNanos(double quantile) => _nanos.IsEmpty ? null : _nanos.Quantile(quantile);
}
