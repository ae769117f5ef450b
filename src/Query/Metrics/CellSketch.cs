using Apm.Core.Metrics;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.Query.Metrics;

/// <summary>
/// The durations of some cells in seconds, as a sketch. The cells are only merged when somebody asks, so that a reader of many buckets
/// holds no copies of them.
/// </summary>
/// <remarks>Not thread-safe. Merging with another kind of sketch goes by value.</remarks>
public sealed class CellSketch : IValueSketch
{
    readonly List<StatsCell> _cells = [];
    DDSketch? _own;

    /// <summary>Adds the durations of a cell, which must not change any more.</summary>
    public void Add(StatsCell cell) => _cells.Add(cell);

    public double Count => Nanos().Count;

    public double Quantile(double quantile) => Nanos().Quantile(quantile) / UnixTime.NanosPerSecond;

    public IEnumerable<(double Value, double Weight)> Values()
    {
        var nanos = Nanos();
        if (nanos.ZeroCount > 0) yield return (0, nanos.ZeroCount);
        for (var i = 0; i < nanos.Bins.Length; i++)
            if (nanos.Bins[i] > 0) yield return (DDSketch.ValueOf(nanos.FirstIndex + i) / UnixTime.NanosPerSecond, nanos.Bins[i]);
    }

    public IValueSketch Copy()
    {
        var copy = new CellSketch();
        copy.Merge(this);
        return copy;
    }

    public void Merge(IValueSketch other)
    {
        _own ??= new DDSketch();
        if (other is CellSketch same)
        {
            if (same._own is not null) _own.Merge(same._own);
            foreach (var cell in same._cells) MergeCell(_own, cell);
            return;
        }
        foreach (var (value, weight) in other.Values()) _own.Add(value * UnixTime.NanosPerSecond, weight);
    }

    DDSketch Nanos()
    {
        if (_cells.Count == 0) return _own ??= new DDSketch();
        var all = _own?.Clone() ?? new DDSketch();
        foreach (var cell in _cells) MergeCell(all, cell);
        return all;
    }

    static void MergeCell(DDSketch into, StatsCell cell)
    {
        into.Merge(cell.OkNanos);
        into.Merge(cell.ErrorNanos);
    }
}
