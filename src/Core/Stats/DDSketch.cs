namespace Apm.Core.Stats;

/// <summary>
/// A distribution with 1 % relative error that merges without loss: logarithmic bins, γ = 1.0202…, offset 0,
/// at most 2048 of them, the lowest collapsing into one when there would be more (trace-intake §3.9).
/// Values are nanoseconds wherever we use it; negative ones count as zero.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class DDSketch
{
    /// <summary>Relative accuracy of a quantile.</summary>
    public const double RelativeAccuracy = 0.01;

    /// <summary>Ratio of a bin's upper to its lower bound.</summary>
    public const double Gamma = (1 + RelativeAccuracy) / (1 - RelativeAccuracy);

    /// <summary>Most bins kept; the lowest collapse when there would be more.</summary>
    public const int MaxBins = 2048;

    static readonly double InverseLnGamma = 1 / Math.Log(Gamma);

    double[] _bins = [];
    int _firstIndex;

    /// <summary>Count of values ≤ 0.</summary>
    public double ZeroCount { get; private set; }

    /// <summary>Count of all values, weights included.</summary>
    public double Count { get; private set; }

    /// <summary>True when nothing was added.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>Index of <see cref="Bins"/>[0]; meaningless when there are no bins.</summary>
    public int FirstIndex => _firstIndex;

    /// <summary>Contiguous counts from <see cref="FirstIndex"/> on; may begin and end with zeros.</summary>
    public ReadOnlySpan<double> Bins => _bins;

    /// <summary>Adds a value <paramref name="weight"/> times.</summary>
    public void Add(double value, double weight = 1)
    {
        if (weight <= 0 || double.IsNaN(value) || double.IsNaN(weight)) return;
        if (value <= 0)
        {
            ZeroCount += weight;
            Count += weight;
            return;
        }
        AddToBin(IndexOf(value), weight);
    }

    /// <summary>Adds a count straight to a bin, as when a stored sketch is read back.</summary>
    public void AddToBin(int index, double weight)
    {
        if (weight <= 0) return;
        var at = Reach(index); // First: it may replace the array.
        _bins[at - _firstIndex] += weight;
        Count += weight;
    }

    /// <summary>Adds to the zero counter, as when a stored sketch is read back.</summary>
    public void AddZeros(double weight)
    {
        if (weight <= 0) return;
        ZeroCount += weight;
        Count += weight;
    }

    /// <summary>Adds all of another sketch, exactly.</summary>
    public void Merge(DDSketch other)
    {
        AddZeros(other.ZeroCount);
        for (var i = 0; i < other._bins.Length; i++) AddToBin(other._firstIndex + i, other._bins[i]);
    }

    /// <summary>An independent copy.</summary>
    public DDSketch Clone()
    {
        var copy = new DDSketch();
        copy.Merge(this);
        return copy;
    }

    /// <summary>The value at a quantile within 1 %; NaN when empty.</summary>
    /// <param name="quantile">0 to 1.</param>
    public double Quantile(double quantile)
    {
        if (Count == 0) return double.NaN;
        var rank = Math.Clamp(quantile, 0, 1) * (Count - 1);
        var seen = ZeroCount;
        if (seen > rank) return 0;
        var last = 0.0;
        for (var i = 0; i < _bins.Length; i++)
        {
            if (_bins[i] == 0) continue;
            seen += _bins[i];
            last = ValueOf(_firstIndex + i);
            if (seen > rank) return last;
        }
        return last; // Fractional weights can leave the rank a hair above the sum.
    }

    /// <summary>How many values are at or below a bound, by bins: exact to 1 % of the bound.</summary>
    public double CountUpTo(double bound)
    {
        if (bound < 0) return 0;
        var count = ZeroCount;
        if (bound == 0) return count;
        var lastIndex = IndexOf(bound);
        for (var i = 0; i < _bins.Length && _firstIndex + i <= lastIndex; i++) count += _bins[i];
        return count;
    }

    /// <summary>Bin of a value &gt; 0.</summary>
    public static int IndexOf(double value) => (int)Math.Floor(Math.Log(value) * InverseLnGamma);

    /// <summary>The value that stands for a bin.</summary>
    public static double ValueOf(int index) => Math.Pow(Gamma, index) * (1 + RelativeAccuracy);

    /// <summary>Lower bound of a bin.</summary>
    public static double LowerBoundOf(int index) => Math.Pow(Gamma, index);

    /// <summary>Makes room for an index and gives the index to use: itself, or the collapsed lowest bin.</summary>
    int Reach(int index)
    {
        if (_bins.Length == 0)
        {
            _bins = new double[16];
            _firstIndex = index - 8;
            return index;
        }
        if (index >= _firstIndex && index < _firstIndex + _bins.Length) return index;
        // Only bins that hold something count; spare room is made on the side that grows.
        var lowestUsed = _firstIndex + _bins.AsSpan().IndexOfAnyExcept(0.0);
        var highestUsed = _firstIndex + _bins.AsSpan().LastIndexOfAnyExcept(0.0);
        var low = Math.Min(index, lowestUsed);
        var high = Math.Max(index, highestUsed);
        if (high - low + 1 > MaxBins) low = high - MaxBins + 1;
        var grown = new double[Math.Min(MaxBins, ((high - low + 1) * 3 / 2) + 8)];
        if (index < lowestUsed) low = high - grown.Length + 1;
        for (var i = 0; i < _bins.Length; i++)
        {
            if (_bins[i] != 0) grown[Math.Max(0, _firstIndex + i - low)] += _bins[i];
        }
        _bins = grown;
        _firstIndex = low;
        return Math.Max(index, low);
    }
}
