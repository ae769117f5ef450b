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
    /// <summary>Width of the buckets in which a time is read that is not made of whole ones, in seconds.</summary>
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

    /// <summary>The same of each monitor of an objective of monitors, in its order; none of other kinds.</summary>
    public IReadOnlyList<(long MonitorId, SloSeries Series)> ReadMonitors(Slo slo, long fromUnixSeconds, long toUnixSeconds, int stepSeconds, bool isCorrected = true)
    {
        var time = new Time(slos, slo, fromUnixSeconds / stepSeconds * stepSeconds, toUnixSeconds, stepSeconds, isCorrected);
        return [.. slo.MonitorIds.Select(id => (id, uptime.Read([id], time.From, time.To, stepSeconds, time.LeftOut)))];
    }

    /// <summary>The same of each group: of those that an objective of a monitor names, in its order, or of all when both queries of one of requests are grouped; none otherwise.</summary>
    /// <inheritdoc cref="Read(Slo, long, long, int, bool, CancellationToken)"/>
    public IReadOnlyList<SloGroup> ReadGroups(Slo slo, long fromUnixSeconds, long toUnixSeconds, int stepSeconds, bool isCorrected = true, CancellationToken cancel = default)
    {
        if (slo.Kind == SloKind.TimeSlice) return [];
        var time = new Time(slos, slo, fromUnixSeconds / stepSeconds * stepSeconds, toUnixSeconds, stepSeconds, isCorrected);
        if (slo.Kind == SloKind.Monitor) return [.. slo.Groups.Select(group => new SloGroup(group, uptime.ReadGroups(slo.MonitorIds[0], [group], time.From, time.To, stepSeconds, time.LeftOut)))];
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
        foreach (var (from, to, step) in time.Stretches())
            foreach (var point in Values(node, from, to, step, cancel))
            {
                if (time.BucketOf(point.UnixSeconds) is not { } bucket || time.TouchesLeftOut(point.UnixSeconds, point.UnixSeconds + 1)) continue;
                if (!counts.TryGetValue(point.Group, out var sums)) counts.Add(point.Group, sums = new double[time.Count]);
                sums[bucket] += point.Value;
            }
        return counts;
    }

    SloTally[] Judge(SloSlices slices, Time time, CancellationToken cancel)
    {
        var buckets = new SloTally[time.Count];
        // Several groups, or several points by a rollup of the query's own: a slice is good when all of them are.
        foreach (var slice in Values(SloQueries.Parse(slices.Query), time.From, time.To, slices.SliceSeconds, cancel).GroupBy(value => value.UnixSeconds / slices.SliceSeconds * slices.SliceSeconds))
        {
            if (time.BucketOf(slice.Key) is not { } bucket || time.TouchesLeftOut(slice.Key, slice.Key + slices.SliceSeconds)) continue;
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

        /// <summary>Whether something of a part is left out.</summary>
        public bool TouchesLeftOut(long from, long to) => FirstEndingAfter(from) is var next && next < LeftOut.Count && LeftOut[next].FromUnixSeconds < to;

        /// <summary>
        /// What is to be read, and how closely: whole buckets as such, those that are partly left out, and the last when it is not whole, by points so
        /// close that each can be left out. However many times are left out, there are no more stretches than buckets.
        /// </summary>
        public List<(long From, long To, int Step)> Stretches()
        {
            var stretches = new List<(long From, long To, int Step)>();
            for (var begin = From; begin < To; begin += Step)
            {
                var end = Math.Min(begin + Step, To);
                if (IsLeftOut(begin, end)) continue;
                var step = end - begin < Step || TouchesLeftOut(begin, end) ? Math.Min(Step, TailSeconds) : Step;
                if (stretches.Count > 0 && stretches[^1] is var last && last.To == begin && last.Step == step) stretches[^1] = (last.From, end, step);
                else stretches.Add((begin, end, step));
            }
            return stretches;
        }

        /// <summary>Whether all of a part is left out.</summary>
        bool IsLeftOut(long from, long to) => FirstEndingAfter(from) is var next && next < LeftOut.Count && LeftOut[next].FromUnixSeconds <= from && LeftOut[next].ToUnixSeconds >= to;

        /// <summary>Which of the times that are left out is the first to end after a time: they are in order and apart.</summary>
        int FirstEndingAfter(long unixSeconds)
        {
            var (low, high) = (0, LeftOut.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (LeftOut[middle].ToUnixSeconds > unixSeconds) high = middle;
                else low = middle + 1;
            }
            return low;
        }
    }
}
