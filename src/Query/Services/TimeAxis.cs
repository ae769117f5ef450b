using Apm.Core.Time;

namespace Apm.Query.Services;

/// <summary>The buckets of a chart: multiples of the step that touch the range.</summary>
readonly record struct TimeAxis(long FirstUnixNanos, long StepNanos, int Count)
{
    public static TimeAxis Of(TimeRange range, long stepNanos)
    {
        var first = UnixTime.Floor(range.FromUnixNanos, stepNanos);
        return new TimeAxis(first, stepNanos, range.LengthNanos == 0 ? 0 : (int)((range.ToUnixNanos - 1 - first) / stepNanos + 1));
    }

    public long StartOf(int index) => FirstUnixNanos + index * StepNanos;

    /// <summary>-1 outside.</summary>
    public int IndexOf(long unixNanos)
    {
        if (unixNanos < FirstUnixNanos) return -1;
        var index = (unixNanos - FirstUnixNanos) / StepNanos;
        return index < Count ? (int)index : -1;
    }
}
