using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Language;

namespace Apm.Monitors.Slos;

/// <summary>Counts what an objective is about: good requests of all, or good time of all that is known.</summary>
/// <remarks>Any thread. Exceptions of queries come through.</remarks>
public sealed class SloReader(MetricQueries queries, UptimeBook uptime)
{
    /// <summary>Width of the buckets at the end of a time that does not end with a whole one, in seconds.</summary>
    const int TailSeconds = 10;

    /// <summary>Points that one query gives at most; longer times are read in parts.</summary>
    const int PointsOfPart = 1_440;

    /// <param name="fromUnixSeconds">Moved back to a multiple of the step.</param>
    /// <param name="toUnixSeconds">The end, excluded.</param>
    /// <param name="stepSeconds">Width of a bucket; of time slices a multiple of theirs.</param>
    /// <exception cref="QueryLimitException">A query asks for more than is answered.</exception>
    /// <exception cref="Core.Ports.StoreUnavailableException">The numbers cannot be read. Safe to retry.</exception>
    public SloSeries Read(Slo slo, long fromUnixSeconds, long toUnixSeconds, int stepSeconds, CancellationToken cancel = default)
    {
        var from = fromUnixSeconds / stepSeconds * stepSeconds;
        if (slo.Kind == SloKind.Monitor) return uptime.Read(slo.MonitorIds, from, toUnixSeconds, stepSeconds);
        var buckets = new SloTally[Math.Max(0, (toUnixSeconds - from + stepSeconds - 1) / stepSeconds)];
        if (slo.Kind == SloKind.Metric) Count(slo, from, toUnixSeconds, stepSeconds, buckets, cancel);
        else Judge(slo.Slices!, from, toUnixSeconds, stepSeconds, buckets, cancel);
        return new SloSeries(from, stepSeconds, buckets);
    }

    void Count(Slo slo, long from, long to, int step, SloTally[] buckets, CancellationToken cancel)
    {
        var good = Counts(SloQueries.Parse(slo.GoodQuery), from, to, step, buckets.Length, cancel);
        var total = Counts(SloQueries.Parse(slo.TotalQuery), from, to, step, buckets.Length, cancel);
        for (var i = 0; i < buckets.Length; i++)
            if (total[i] > 0) buckets[i] = new SloTally(Math.Clamp(good[i], 0, total[i]), total[i]);
    }

    /// <summary>The sum of all series, by bucket. What did not come is 0, so that requests less errors are right where no error came.</summary>
    double[] Counts(QueryNode node, long from, long to, int step, int count, CancellationToken cancel)
    {
        var sums = new double[count];
        if (node is BinaryNode { Sign: '+' or '-' } sum && sum.Left.MetricQueries.Any() && sum.Right.MetricQueries.Any())
        {
            var (left, right) = (Counts(sum.Left, from, to, step, count, cancel), Counts(sum.Right, from, to, step, count, cancel));
            for (var i = 0; i < count; i++) sums[i] = sum.Sign == '+' ? left[i] + right[i] : left[i] - right[i];
            return sums;
        }
        var whole = Math.Max(from, to / step * step);
        foreach (var (unixSeconds, value) in Values(node, from, whole, step, cancel).Concat(Values(node, whole, to, Math.Min(step, TailSeconds), cancel)))
            if ((int)((unixSeconds - from) / step) is var bucket && bucket >= 0 && bucket < count) sums[bucket] += value;
        return sums;
    }

    void Judge(SloSlices slices, long from, long to, int step, SloTally[] buckets, CancellationToken cancel)
    {
        // Several groups, or several points by a rollup of the query's own: a slice is good when all of them are.
        foreach (var slice in Values(SloQueries.Parse(slices.Query), from, to, slices.SliceSeconds, cancel).GroupBy(value => value.UnixSeconds / slices.SliceSeconds * slices.SliceSeconds))
        {
            var bucket = (int)((slice.Key - from) / step);
            if (bucket < 0 || bucket >= buckets.Length) continue;
            var seconds = Math.Min(slices.SliceSeconds, to - slice.Key);
            buckets[bucket] += new SloTally(slice.All(value => slices.IsGood(value.Value)) ? seconds : 0, seconds);
        }
    }

    IEnumerable<(long UnixSeconds, double Value)> Values(QueryNode node, long from, long to, int step, CancellationToken cancel)
    {
        for (var begin = from; begin < to; begin += (long)PointsOfPart * step)
        {
            var end = Math.Min(to, begin + (long)PointsOfPart * step);
            var frame = queries.Evaluate(node, new TimeRange(begin * UnixTime.NanosPerSecond, end * UnixTime.NanosPerSecond), new QueryOptions { GivesHints = false, StepSeconds = step }, [], cancel);
            foreach (var line in frame.Lines)
                for (var i = 0; i < line.Values.Length; i++)
                    if (double.IsFinite(line.Values[i])) yield return (frame.Grid.TimeOf(i), line.Values[i]);
        }
    }
}
