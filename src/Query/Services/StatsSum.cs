using Apm.Core.Stats;

namespace Apm.Query.Services;

/// <summary>Cells added up: what a service or endpoint did in a range. Not thread-safe.</summary>
public sealed class StatsSum
{
    readonly DDSketch _okNanos = new();
    readonly DDSketch _errorNanos = new();
    DDSketch? _allNanos;

    /// <summary>All spans.</summary>
    public double HitCount { get; private set; }

    /// <summary>Spans that entered the service.</summary>
    public double EntryCount { get; private set; }
    public double ErrorCount { get; private set; }
    public double TotalNanos { get; private set; }

    /// <summary>Null when nothing was added (<see cref="Services.Apdex"/>).</summary>
    public double? Apdex => Services.Apdex.Of(_okNanos, _errorNanos);

    public void Add(StatsCell cell)
    {
        HitCount += cell.HitCount;
        EntryCount += cell.TopLevelHitCount;
        ErrorCount += cell.ErrorCount;
        TotalNanos += cell.DurationNanos;
        _okNanos.Merge(cell.OkNanos);
        _errorNanos.Merge(cell.ErrorNanos);
        _allNanos = null;
    }

    /// <summary>Within 1 %; null when nothing was added.</summary>
    public double? QuantileNanos(double quantile) => All() is { IsEmpty: false } all ? all.Quantile(quantile) : null;

    DDSketch All()
    {
        if (_errorNanos.IsEmpty) return _okNanos;
        if (_allNanos is null) (_allNanos = _okNanos.Clone()).Merge(_errorNanos);
        return _allNanos;
    }
}
