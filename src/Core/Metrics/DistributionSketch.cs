using System.Runtime.InteropServices;

namespace Apm.Core.Metrics;

/// <summary>
/// A distribution as Datadog's agents send it (metrics-monitors §2.7): bins of ratio γ = 1 + 1/64 by a signed key, with exact count, sum,
/// least and greatest value. Any values, negative ones too.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class DistributionSketch : IValueSketch
{
    /// <summary>Ratio of a bin's value to the one before.</summary>
    public const double Gamma = 1 + 1.0 / 64;

    /// <summary>Most bins kept; the lowest collapse when there would be more.</summary>
    public const int MaxBins = 4096;

    const int Bias = 1338;

    static readonly double LnGamma = Math.Log(Gamma);
    static readonly double Smallest = Math.Pow(Gamma, -1337);

    readonly List<int> _keys = []; // Ascending.
    readonly List<double> _counts = []; // Beside them, each above 0.

    /// <summary>How many values, weights included.</summary>
    public double Count { get; private set; }

    public double Sum { get; private set; }

    /// <summary>NaN when empty.</summary>
    public double Min { get; private set; } = double.NaN;

    /// <summary>NaN when empty.</summary>
    public double Max { get; private set; } = double.NaN;

    /// <summary>Keys of the bins that hold something, ascending.</summary>
    public ReadOnlySpan<int> Keys => CollectionsMarshal.AsSpan(_keys);

    /// <summary>How many values are in the bin of the key at the same place.</summary>
    public ReadOnlySpan<double> Counts => CollectionsMarshal.AsSpan(_counts);

    /// <summary>A sketch as it came or was stored.</summary>
    /// <param name="keys">In any order; a key may come twice.</param>
    /// <param name="counts">Beside the keys; those not above 0 are passed over.</param>
    public static DistributionSketch From(double count, double sum, double min, double max, ReadOnlySpan<int> keys, ReadOnlySpan<double> counts)
    {
        var sketch = new DistributionSketch();
        for (var i = 0; i < Math.Min(keys.Length, counts.Length); i++) if (counts[i] > 0) sketch.AddToBin(keys[i], counts[i]);
        if (count > 0) sketch.AddFacts(count, sum, min, max);
        return sketch;
    }

    /// <summary>Adds a value <paramref name="weight"/> times; what is no finite number is passed over.</summary>
    public void Add(double value, double weight = 1)
    {
        if (!(weight > 0) || !double.IsFinite(value) || !double.IsFinite(weight)) return;
        AddToBin(KeyOf(value), weight);
        AddFacts(weight, value * weight, value, value);
    }

    /// <inheritdoc/>
    public void Merge(IValueSketch other)
    {
        if (other is not DistributionSketch same)
        {
            foreach (var (value, weight) in other.Values()) Add(value, weight);
            return;
        }
        if (same.Count == 0) return;
        for (var i = 0; i < same._keys.Count; i++) AddToBin(same._keys[i], same._counts[i]);
        AddFacts(same.Count, same.Sum, same.Min, same.Max);
    }

    /// <inheritdoc/>
    public IValueSketch Copy()
    {
        var copy = new DistributionSketch();
        copy.Merge(this);
        return copy;
    }

    /// <inheritdoc/>
    public IEnumerable<(double Value, double Weight)> Values()
    {
        for (var i = 0; i < _keys.Count; i++) yield return (ValueOf(_keys[i]), _counts[i]);
    }

    /// <inheritdoc/>
    public double Quantile(double quantile)
    {
        if (Count == 0 || _keys.Count == 0) return double.NaN;
        if (quantile <= 0) return Min;
        if (quantile >= 1) return Max;
        var wanted = Math.Round(quantile * (Count - 1), MidpointRounding.ToEven);
        var seen = 0.0;
        for (var i = 0; i < _keys.Count; i++)
        {
            seen += _counts[i];
            if (seen <= wanted) continue;
            var weight = (seen - wanted) / _counts[i];
            var (low, high) = BoundsOf(i);
            return Math.Clamp(low * weight + high * (1 - weight), Min, Max);
        }
        return Max;
    }

    /// <summary>Key of the bin of a value; 0 for what is too near to zero to be told from it.</summary>
    public static int KeyOf(double value)
    {
        if (value < 0) return -KeyOf(-value);
        return value < Smallest ? 0 : (int)Math.Round(Math.Log(value) / LnGamma, MidpointRounding.ToEven) + Bias;
    }

    /// <summary>The value of a bin.</summary>
    public static double ValueOf(int key) => key == 0 ? 0 : key > 0 ? Math.Pow(Gamma, key - Bias) : -Math.Pow(Gamma, -key - Bias);

    (double Low, double High) BoundsOf(int bin)
    {
        var value = ValueOf(_keys[bin]);
        return (bin == 0 ? Min : value, value < 0 ? value / Gamma : value * Gamma);
    }

    void AddFacts(double count, double sum, double min, double max)
    {
        Count += count;
        Sum += sum;
        if (!(Min <= min)) Min = min;
        if (!(Max >= max)) Max = max;
    }

    void AddToBin(int key, double weight)
    {
        var at = _keys.BinarySearch(key);
        if (at >= 0)
        {
            _counts[at] += weight;
            return;
        }
        _keys.Insert(~at, key);
        _counts.Insert(~at, weight);
        if (_keys.Count <= MaxBins) return;
        _counts[1] += _counts[0];
        _keys.RemoveAt(0);
        _counts.RemoveAt(0);
    }
}
