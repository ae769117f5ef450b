using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Language;

namespace Apm.Monitors.Slos;

/// <summary>What was counted of one group of an objective.</summary>
/// <param name="Group">Its tags with commas between.</param>
public sealed record SloGroup(string Group, SloSeries Series);

/// <summary>Counts what an objective is about: good requests of all, or good time of all that is known. What is corrected is left out.</summary>
/// <remarks>Any thread. Exceptions of queries come through.</remarks>
public sealed class SloReader(MetricQueries queries, UptimeBook uptime, SloBook slos)
{
    /// <summary>Width of the buckets at the ends of a time that is not made of whole ones, in seconds.</summary>
    const int TailSeconds = 10;

    /// <summary>Points that one query gives at most; longer times are read in parts.</summary>
    const int PointsOfPart = 1_440;

    /// <summary>Another after each change of a correction.</summary>
    public object CorrectionsVersion => slos.Corrections.Version;

    /// <param name="fromUnixSeconds">Moved back to a multiple of the step.</param>
    /// <param name="toUnixSeconds">The end, excluded.</param>
    /// <param name="stepSeconds">Width of a bucket; of time slices a multiple of theirs.</param>
    /// <param name="isCorrected">Whether corrections are left out.</param>
    /// <exception cref="QueryLimitException">A query asks for more than is answered.</exception>
    /// <exception cref="Core.Ports.StoreUnavailableException">The numbers cannot be read. Safe to retry.</exception>
    public SloSeries Read(Slo slo, long fromUnixSeconds, long toUnixSeconds, int stepSeconds, bool isCorrected, CancellationToken cancel = default)
    {
        var time = new Time(slos, slo, fromUnixSeconds / stepSeconds * stepSeconds, toUnixSeconds, stepSeconds, isCorrected);
        switch (slo.Kind)
        {
            case SloKind.Monitor when slo.Groups.Count > 0: return uptime.ReadGroups(slo.MonitorIds[0], slo.Groups, time.From, time.To, stepSeconds, time.LeftOut);
            case SloKind.Monitor: return uptime.Read(slo.MonitorIds, time.From, time.To, stepSeconds, time.LeftOut);
            case SloKind.TimeSlice: return new SloSeries(time.From, stepSeconds, Judge(slo.Slices!, time, cancel));
            default:
                var all = Groups(slo, time, cancel);
                return new SloSeries(time.From, stepSeconds, Tallies(Sum(all.Good, time), Sum(all.Total, time)));
        }
    }

    /// <summary>The same, corrected.</summary>
    public SloSeries Read(Slo slo, long fromUnixSeconds, long toUnixSeconds, int stepSeconds, CancellationToken cancel = default) => Read(slo, fromUnixSeconds, toUnixSeconds, stepSeconds, isCorrected: true, cancel);

    /// <summary>The same of each group: of those that an objective of a monitor names, in its order, or of all when both queries of one of requests are grouped; none otherwise.</summary>
    public IReadOnlyList<SloGroup> ReadGroups(Slo slo, long fromUnixSeconds, long toUnixSeconds, int stepSeconds, bool isCorrected = true, CancellationToken cancel = default)
    {
        if (slo.Groups.Count > 0) return [.. slo.Groups.Select(group => new SloGroup(group, Read(slo with { Groups = [group] }, fromUnixSeconds, toUnixSeconds, stepSeconds, isCorrected, cancel)))];
        if (slo.Kind != SloKind.Metric) return [];
        var time = new Time(slos, slo, fromUnixSeconds / stepSeconds * stepSeconds, toUnixSeconds, stepSeconds, isCorrected);
        var (good, total) = Groups(slo, time, cancel);
        if (good.Keys.Concat(total.Keys).Any(group => group.Length == 0)) return [];
        return [.. total.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new SloGroup(pair.Key, new SloSeries(time.From, stepSeconds, Tallies(good.GetValueOrDefault(pair.Key) ?? new double[time.Count], pair.Value))))];
    }

    (Dictionary<string, double[]> Good, Dictionary<string, double[]> Total) Groups(Slo slo, Time time, CancellationToken cancel) =>
        (Counts(SloQueries.Parse(slo.GoodQuery), time, cancel), Counts(SloQueries.Parse(slo.TotalQuery), time, cancel));

    static SloTally[] Tallies(double[] good, double[] total) => [.. total.Select((all, i) => all > 0 ? new SloTally(Math.Clamp(good[i], 0, all), all) : default)];

    static double[] Sum(Dictionary<string, double[]> groups, Time time)
    {
        if (groups.Count == 1) return groups.Values.First();
        var sums = new double[time.Count];
        foreach (var group in groups.Values) for (var i = 0; i < sums.Length; i++) sums[i] += group[i];
        return sums;
    }

    /// <summary>The sums by group and bucket. What did not come is 0, so that requests less errors are right where no error came.</summary>
    Dictionary<string, double[]> Counts(QueryNode node, Time time, CancellationToken cancel)
    {
        if (node is BinaryNode { Sign: '+' or '-' } sum && sum.Left.MetricQueries.Any() && sum.Right.MetricQueries.Any())
        {
            var (left, right) = (Counts(sum.Left, time, cancel), Counts(sum.Right, time, cancel));
            foreach (var (group, values) in right)
            {
                if (!left.TryGetValue(group, out var sums)) left.Add(group, sums = new double[time.Count]);
                for (var i = 0; i < sums.Length; i++) sums[i] = sum.Sign == '+' ? sums[i] + values[i] : sums[i] - values[i];
            }
            return left;
        }
        var counts = new Dictionary<string, double[]>(StringComparer.Ordinal);
        foreach (var (from, to) in time.Counted())
        {
            var head = Math.Min(to, (from + time.Step - 1) / time.Step * time.Step);
            var whole = Math.Max(head, to / time.Step * time.Step);
            var tail = Math.Min(time.Step, TailSeconds);
            foreach (var point in Values(node, from, head, tail, cancel).Concat(Values(node, head, whole, time.Step, cancel)).Concat(Values(node, whole, to, tail, cancel)))
            {
                if (time.BucketOf(point.UnixSeconds) is not { } bucket) continue;
                if (!counts.TryGetValue(point.Group, out var sums)) counts.Add(point.Group, sums = new double[time.Count]);
                sums[bucket] += point.Value;
            }
        }
        return counts;
    }

    SloTally[] Judge(SloSlices slices, Time time, CancellationToken cancel)
    {
        var buckets = new SloTally[time.Count];
        // Several groups, or several points by a rollup of the query's own: a slice is good when all of them are.
        foreach (var slice in Values(SloQueries.Parse(slices.Query), time.From, time.To, slices.SliceSeconds, cancel).GroupBy(value => value.UnixSeconds / slices.SliceSeconds * slices.SliceSeconds))
        {
            if (time.BucketOf(slice.Key) is not { } bucket || time.LeftOut.Any(left => left.FromUnixSeconds < slice.Key + slices.SliceSeconds && left.ToUnixSeconds > slice.Key)) continue;
            var seconds = Math.Min(slices.SliceSeconds, time.To - slice.Key);
            buckets[bucket] += new SloTally(slice.All(value => slices.IsGood(value.Value)) ? seconds : 0, seconds);
        }
        return buckets;
    }

    IEnumerable<(string Group, long UnixSeconds, double Value)> Values(QueryNode node, long from, long to, int step, CancellationToken cancel)
    {
        for (var begin = from; begin < to; begin += (long)PointsOfPart * step)
        {
            var end = Math.Min(to, begin + (long)PointsOfPart * step);
            var frame = queries.Evaluate(node, new TimeRange(begin * UnixTime.NanosPerSecond, end * UnixTime.NanosPerSecond), new QueryOptions { GivesHints = false, StepSeconds = step }, [], cancel);
            foreach (var line in frame.Lines)
            {
                var group = string.Join(',', frame.Keys.Zip(line.Group, (key, value) => $"{key}:{value}"));
                for (var i = 0; i < line.Values.Length; i++)
                    if (double.IsFinite(line.Values[i])) yield return (group, frame.Grid.TimeOf(i), line.Values[i]);
            }
        }
    }

    /// <summary>A time in buckets, and what of it is not counted.</summary>
    sealed class Time(SloBook slos, Slo slo, long from, long to, int step, bool isCorrected)
    {
        public long From { get; } = from;
        public long To { get; } = to;
        public int Step { get; } = step;

        /// <summary>How many buckets.</summary>
        public int Count { get; } = (int)Math.Max(0, (to - from + step - 1) / step);

        public IReadOnlyList<(long FromUnixSeconds, long ToUnixSeconds)> LeftOut { get; } = isCorrected ? slos.Corrections.Between(slo.Id, from, to) : [];

        public int? BucketOf(long unixSeconds) => (unixSeconds - From) / Step is var bucket && unixSeconds >= From && bucket < Count ? (int)bucket : null;

        /// <summary>What is between what is left out.</summary>
        public IEnumerable<(long From, long To)> Counted()
        {
            var begin = From;
            foreach (var (leftFrom, leftTo) in LeftOut)
            {
                if (leftFrom > begin) yield return (begin, leftFrom);
                begin = leftTo;
            }
            if (To > begin) yield return (begin, To);
        }
    }
}
