using Apm.Core.Counting;
using Apm.Core.Limits;

namespace Apm.TraceAgent.OtlpMetrics;

/// <summary>
/// Remembers the last point of every cumulative series, so that what came in between can be told. A sender that began anew (another start,
/// or a count that went down) counts from nothing.
/// </summary>
/// <remarks>Thread-safe. In memory only: after a restart of ours the first point of each series tells nothing yet.</remarks>
/// <param name="startedUnixNanos">What began later than we did is counted from its first point on: nothing of it was counted before.</param>
public sealed class CumulativePoints(MemoryBudget memory, Counters counters, long startedUnixNanos)
{
    /// <summary>Most series remembered; default 100,000. The quarter that is silent for longest is forgotten and counted in <c>otlp_series_forgotten</c>.</summary>
    public const int MaxSeries = 100_000;

    /// <summary>Most memory, in bytes; default 32 MiB. As above.</summary>
    public const long MaxBytes = 33_554_432;

    /// <summary>The counter of points that tell nothing by themselves, by their reason.</summary>
    public const string HeldCounter = "otlp_points_held";

    const int BytesOfSeries = 160;

    readonly Lock _lock = new();
    readonly Dictionary<string, CumulativePoint> _series = new(StringComparer.Ordinal);
    readonly MemoryAccount _memory = memory.OpenWork("otlp_cumulative", MaxBytes * 2);
    long _bytes;

    /// <summary>What a point adds to the one before.</summary>
    /// <param name="key">One for each series.</param>
    /// <param name="point">What the point counts since its start.</param>
    /// <param name="undo">Gets what was known before, for when the point cannot be kept and will be sent again.</param>
    /// <returns>Null when the point tells nothing: the first of its series, or one that is not newer.</returns>
    public CumulativeStep? Step(string key, CumulativePoint point, CumulativeUndo undo)
    {
        lock (_lock)
        {
            var last = _series.GetValueOrDefault(key);
            if (last is not null && point.UnixNanos <= last.UnixNanos)
            {
                counters.Add(HeldCounter, "not_newer");
                return null;
            }
            undo.Add(key, last);
            Put_NeedsLock(key, point);
            if (last is null)
            {
                if (point.StartUnixNanos > startedUnixNanos && point.StartUnixNanos < point.UnixNanos) return new CumulativeStep(point.StartUnixNanos, point.Values);
                counters.Add(HeldCounter, "first");
                return null;
            }
            if (point.StartUnixNanos > last.StartUnixNanos && point.StartUnixNanos > 0) return Restarted(Math.Max(point.StartUnixNanos, last.UnixNanos), point.Values);
            var before = last.Shape == point.Shape ? last.Values : ExponentialShape.Reshape(last, point);
            if (before?.Length != point.Values.Length) return Restarted(last.UnixNanos, point.Values);
            var step = new double[before.Length];
            for (var i = 0; i < step.Length; i++)
            {
                if (point.Values[i] < before[i]) return Restarted(last.UnixNanos, point.Values);
                step[i] = point.Values[i] - before[i];
            }
            return new CumulativeStep(last.UnixNanos, step);
        }
    }

    /// <summary>Goes back to what was known before some points, which will be sent again.</summary>
    public void Undo(CumulativeUndo undo)
    {
        lock (_lock)
        {
            foreach (var (key, before) in undo.Before)
            {
                if (before is not null)
                {
                    Put_NeedsLock(key, before);
                }
                else if (_series.Remove(key, out var known))
                {
                    Note_NeedsLock(-BytesOf(key, known));
                }
            }
        }
    }

    CumulativeStep Restarted(long fromUnixNanos, double[] values)
    {
        counters.Add("otlp_series_restarted");
        return new CumulativeStep(fromUnixNanos, values);
    }

    void Put_NeedsLock(string key, CumulativePoint last)
    {
        var grown = BytesOf(key, last) - (_series.TryGetValue(key, out var known) ? BytesOf(key, known) : 0);
        _series[key] = last;
        Note_NeedsLock(grown);
        if (_series.Count > MaxSeries || _bytes > MaxBytes) Forget_NeedsLock();
    }

    void Forget_NeedsLock()
    {
        var silent = _series.OrderBy(pair => pair.Value.UnixNanos).Take(Math.Max(1, _series.Count / 4)).ToList();
        foreach (var (key, last) in silent)
        {
            _series.Remove(key);
            Note_NeedsLock(-BytesOf(key, last));
        }
        counters.Add("otlp_series_forgotten", count: silent.Count);
    }

    void Note_NeedsLock(long grown)
    {
        _bytes += grown;
        if (grown > 0) _memory.Reserve(grown); // It is there already; the limits above bound it.
        else _memory.Release(-grown);
    }

    static long BytesOf(string key, CumulativePoint last) => BytesOfSeries + 2L * key.Length + 8L * last.Values.Length;
}

/// <summary>What a cumulative point counts since its start.</summary>
/// <param name="StartUnixNanos">0 when it does not say.</param>
/// <param name="Values">All that it counts, in a fixed order; each goes up only.</param>
/// <param name="Shape">Which buckets the values are of, for exponential histograms, whose buckets change; null for others.</param>
public sealed record CumulativePoint(long StartUnixNanos, long UnixNanos, double[] Values, ExponentialShape? Shape = null);

/// <summary>What was known before some points.</summary>
public sealed class CumulativeUndo
{
    readonly Dictionary<string, CumulativePoint?> _before = new(StringComparer.Ordinal);

    internal IReadOnlyDictionary<string, CumulativePoint?> Before => _before;

    internal void Add(string key, CumulativePoint? before) => _before.TryAdd(key, before);
}

/// <summary>What came since the point before.</summary>
/// <param name="FromUnixNanos">Since when.</param>
/// <param name="Values">In the order in which they were given.</param>
public sealed record CumulativeStep(long FromUnixNanos, double[] Values);
