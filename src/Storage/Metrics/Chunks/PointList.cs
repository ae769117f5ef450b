using Apm.Core.Metrics;

namespace Apm.Storage.Metrics.Chunks;

/// <summary>Points in the order in which they came. What was added once stays where it is, so that a reader needs only the array and how many there were.</summary>
/// <remarks>One thread at a time changes it; one that read <see cref="Written"/> under the same lock may go on reading that without it.</remarks>
sealed class PointList
{
    MetricPoint[] _points = [];

    public int Count { get; private set; }

    public ReadOnlyMemory<MetricPoint> Written => _points.AsMemory(0, Count);

    public ReadOnlySpan<MetricPoint> Span => _points.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(MetricPoint point)
    {
        if (Count == _points.Length) Grow(Count + 1);
        _points[Count++] = point;
    }

    /// <summary>Room for so many more, which the caller fills.</summary>
    public Span<MetricPoint> Append(int count)
    {
        if (_points.Length - Count < count) Grow(Count + count);
        Count += count;
        return _points.AsSpan(Count - count, count);
    }

    /// <summary>Puts the points in order; of those of one second the one that came last stays.</summary>
    public void Arrange()
    {
        if (IsAscending(Span)) return;
        var keys = new long[Count];
        for (var i = 0; i < Count; i++) keys[i] = _points[i].UnixSeconds * Count + i; // Later ones of a second behind earlier ones.
        Array.Sort(keys, _points, 0, Count);
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (kept > 0 && _points[kept - 1].UnixSeconds == _points[i].UnixSeconds) kept--;
            _points[kept++] = _points[i];
        }
        Count = kept;
    }

    public static bool IsAscending(ReadOnlySpan<MetricPoint> points)
    {
        for (var i = 1; i < points.Length; i++)
            if (points[i].UnixSeconds <= points[i - 1].UnixSeconds) return false;
        return true;
    }

    void Grow(int atLeast) => Array.Resize(ref _points, Math.Max(Math.Max(4, atLeast), _points.Length * 2));
}
