using Apm.Core.Stats;

namespace Apm.Query.Spans;

/// <summary>The sum of some spans' values, from which each <see cref="SpanFunction"/> can be read. Not thread-safe.</summary>
sealed class Cell
{
    double _sum;
    double _min = double.PositiveInfinity;
    double _max = double.NegativeInfinity;
    DDSketch? _sketch;
    HashSet<ulong>? _distinct;

    /// <summary>Values added.</summary>
    public long Count;

    public void Add(double value, bool withSketch)
    {
        Count++;
        _sum += value;
        _min = Math.Min(_min, value);
        _max = Math.Max(_max, value);
        if (withSketch) (_sketch ??= new DDSketch()).Add(value);
    }

    public void AddDistinct(ulong hash, DistinctBudget budget)
    {
        _distinct ??= [];
        if (_distinct.Contains(hash) || !budget.Take()) return;
        _distinct.Add(hash);
    }

    public void Merge(Cell other)
    {
        Count += other.Count;
        _sum += other._sum;
        _min = Math.Min(_min, other._min);
        _max = Math.Max(_max, other._max);
        if (other._sketch is not null) (_sketch ??= new DDSketch()).Merge(other._sketch);
        if (other._distinct is not null) (_distinct ??= []).UnionWith(other._distinct);
    }

    /// <summary>What was computed; null when no span had the measure, except for counts, which are 0.</summary>
    public static double? Read(Cell? cell, SpanCompute compute, double seconds) => compute.Function switch
    {
        SpanFunction.Count => cell?.Count ?? 0,
        SpanFunction.Rate => seconds > 0 ? (cell?.Count ?? 0) / seconds : 0,
        SpanFunction.Cardinality => cell?._distinct?.Count ?? 0,
        _ when cell is null || cell.Count == 0 => null,
        SpanFunction.Min => cell._min,
        SpanFunction.Max => cell._max,
        SpanFunction.Sum => cell._sum,
        SpanFunction.Average => cell._sum / cell.Count,
        _ => Math.Clamp(cell._sketch!.Quantile(Math.Clamp(compute.Percentile, 0, 100) / 100), cell._min, cell._max),
    };
}

/// <summary>How many distinct values may still be remembered.</summary>
sealed class DistinctBudget
{
    int _left = SpanAggregation.MaxDistinctValues;

    public bool IsSpent { get; private set; }

    public bool Take()
    {
        if (_left == 0) IsSpent = true;
        else _left--;
        return !IsSpent;
    }
}
