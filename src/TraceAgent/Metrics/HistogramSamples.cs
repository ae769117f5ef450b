using System.Globalization;
using Apm.Core.Metrics;

namespace Apm.TraceAgent.Metrics;

/// <summary>
/// The samples of a histogram in one interval, and what is sent of them (metrics-monitors §2.6). Exact up to
/// <see cref="MaxDistinctValues"/> different values; with more, count, sum, least and greatest stay exact, and median and percentiles come from a
/// sketch, right to a hundredth of their value.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class HistogramSamples
{
    /// <summary>Most different values of one histogram in one interval that are kept one by one. Beyond it they go into a sketch, counted in <c>histograms_sketched</c>.</summary>
    public const int MaxDistinctValues = 8_192;

    const int FirstFoldAt = 1_024;

    readonly List<(double Value, long Weight)> _samples = [];
    int _foldAt = FirstFoldAt;
    DistributionSketch? _sketch;

    /// <summary>Sum of the weights.</summary>
    public long Count { get; private set; }

    public double Sum { get; private set; }

    public double Min { get; private set; } = double.PositiveInfinity;

    public double Max { get; private set; } = double.NegativeInfinity;

    /// <summary>Whether there were too many different values to keep each.</summary>
    public bool IsSketched => _sketch is not null;

    /// <summary>About how much memory it holds.</summary>
    public long MemoryBytes => _samples.Capacity * 16L + (_sketch is null ? 0 : _sketch.Keys.Length * 16L) + 100;

    /// <summary>The integer part of 1 ÷ rate, and 1 at least: how many samples one stands for.</summary>
    public static long WeightOf(double sampleRate) => sampleRate >= 1 ? 1 : (long)(1 / sampleRate);

    /// <param name="value">Finite.</param>
    /// <param name="weight">At least 1.</param>
    public void Add(double value, long weight)
    {
        Count += weight;
        Sum += value * weight;
        Min = Math.Min(Min, value);
        Max = Math.Max(Max, value);
        if (_sketch is not null)
        {
            _sketch.Add(value, weight);
            return;
        }
        _samples.Add((value, weight));
        if (_samples.Count >= _foldAt) Fold();
    }

    /// <summary>All of it in a form that can be stored; null when there is nothing, or when it is beyond what a number holds.</summary>
    public SavedHistogram? Save()
    {
        if (Count == 0 || !double.IsFinite(Sum)) return null;
        if (_sketch is null) Merge();
        return _sketch is null
            ? new SavedHistogram(Count, Sum, Min, Max, [.. _samples.Select(static sample => sample.Value)], [], [.. _samples.Select(static sample => (double)sample.Weight)])
            : new SavedHistogram(Count, Sum, Min, Max, [], [.. _sketch.Keys], [.. _sketch.Counts]);
    }

    /// <summary>Goes on from what <see cref="Save"/> gave.</summary>
    public static HistogramSamples From(SavedHistogram saved)
    {
        var samples = new HistogramSamples { Count = saved.Count, Sum = saved.Sum, Min = saved.Min, Max = saved.Max };
        if (saved.Keys.Count > 0) samples._sketch = DistributionSketch.From(saved.Count, saved.Sum, saved.Min, saved.Max, [.. saved.Keys], [.. saved.Weights]);
        else samples._samples.AddRange(saved.Values.Zip(saved.Weights, static (value, weight) => (value, (long)weight)));
        samples._foldAt = Math.Max(FirstFoldAt, samples._samples.Count * 2);
        return samples;
    }

    /// <summary>What is sent: what is behind the name (".max"), its type, and its value.</summary>
    /// <param name="seconds">Length of the interval: counts are sent per second.</param>
    public IEnumerable<(string Suffix, MetricType Type, double Value)> Read(HistogramSettings settings, double seconds)
    {
        if (Count == 0) yield break;
        if (_sketch is null) Merge();
        foreach (var aggregate in settings.Aggregates)
        {
            switch (aggregate)
            {
                case "max": yield return (".max", MetricType.Gauge, Max); break;
                case "min": yield return (".min", MetricType.Gauge, Min); break;
                case "sum": yield return (".sum", MetricType.Gauge, Sum); break;
                case "avg": yield return (".avg", MetricType.Gauge, Sum / Count); break;
                case "median": yield return (".median", MetricType.Gauge, ValueAt((Count - 1) / 2, 0.5)); break;
                case "count": yield return (".count", MetricType.Rate, Count / seconds); break;
                default: throw new InvalidOperationException($"A histogram has no aggregate \"{aggregate}\".");
            }
        }
        foreach (var percentile in settings.Percentiles)
            yield return (string.Create(CultureInfo.InvariantCulture, $".{percentile}percentile"), MetricType.Gauge, ValueAt((percentile * Count - 1) / 100, percentile / 100.0));
    }

    /// <summary>The first value whose running weight is greater than a rank.</summary>
    double ValueAt(long rank, double quantile)
    {
        if (_sketch is not null) return _sketch.Quantile(quantile);
        var running = 0L;
        foreach (var (value, weight) in _samples)
        {
            running += weight;
            if (running > rank) return value;
        }
        return Max;
    }

    /// <summary>Makes one of samples of the same value; when that does not help, goes over to a sketch.</summary>
    void Fold()
    {
        Merge();
        if (_samples.Count <= MaxDistinctValues)
        {
            _foldAt = Math.Max(FirstFoldAt, _samples.Count * 2);
            return;
        }
        _sketch = new DistributionSketch();
        foreach (var (value, weight) in _samples) _sketch.Add(value, weight);
        _samples.Clear();
        _samples.TrimExcess();
    }

    /// <summary>Sorts by value and joins equal ones: nothing is lost by it.</summary>
    void Merge()
    {
        if (_samples.Count == 0) return;
        _samples.Sort(static (left, right) => left.Value.CompareTo(right.Value));
        var kept = 0;
        for (var i = 1; i < _samples.Count; i++)
        {
            var (value, weight) = _samples[i];
            if (value.Equals(_samples[kept].Value)) _samples[kept] = (value, _samples[kept].Weight + weight);
            else _samples[++kept] = (value, weight);
        }
        _samples.RemoveRange(kept + 1, _samples.Count - kept - 1);
    }
}

/// <summary>A histogram as it is stored.</summary>
/// <param name="Values">Each different value; empty when there were too many.</param>
/// <param name="Keys">Then the bins of a sketch; else empty.</param>
/// <param name="Weights">How often, beside the values or the keys.</param>
public sealed record SavedHistogram(long Count, double Sum, double Min, double Max, IReadOnlyList<double> Values, IReadOnlyList<int> Keys, IReadOnlyList<double> Weights);
