using Apm.Core.Downtimes;
using Apm.Core.Monitors;

namespace Apm.Monitors.Downtimes;

/// <summary>A downtime ready to be asked: its scope read, its occurrences of some weeks unfolded.</summary>
/// <remarks>Any thread. Answers cost a search in an array; going beyond the unfolded weeks unfolds others.</remarks>
sealed class DowntimePlan(Downtime downtime)
{
    /// <summary>How far around the time that was asked for occurrences are unfolded.</summary>
    const long ReachSeconds = 35 * 86_400;

    /// <summary>Most occurrences unfolded at once: five rules that hold each hour.</summary>
    const int MostOccurrences = 10_000;

    readonly DowntimeScope _scope = DowntimeScope.Of(downtime);
    volatile Unfolded? _unfolded;
    volatile Asked? _lastAsked;

    public Downtime Downtime { get; } = downtime;

    /// <summary>It was found that no record follows its last one.</summary>
    public bool IsSpent { get; set; }

    /// <summary>Whether it is about this monitor at all.</summary>
    public bool IsAbout(MonitorRule rule) => Downtime.MonitorId is { } id ? id == rule.Id
        : Downtime.MonitorTags.All(tag => tag == DowntimeScope.Everything || rule.Tags.Contains(tag, StringComparer.OrdinalIgnoreCase));

    /// <summary>Whether a group is in its scope. A monitor without groups has the tags that its query fixes.</summary>
    public bool Accepts(MonitorRule rule, IReadOnlyList<string> groupTags)
    {
        if (_scope.IsEverything) return true;
        var ofQuery = QueryTags.FixedBy(rule);
        IReadOnlyList<string> tags = ofQuery.Count == 0 ? groupTags : groupTags.Count == 0 ? ofQuery : [.. groupTags, .. ofQuery];
        return tags.Count > 0 && _scope.Accepts(tags);
    }

    /// <summary>Whether some group of a monitor may be in its scope; of a monitor without groups whether it is.</summary>
    public bool MayAccept(MonitorRule rule) => rule.IsMulti || Accepts(rule, []);

    /// <summary>When the occurrences that hold at a time are over; null when none holds.</summary>
    public long? HoldsUntil(long unixSeconds)
    {
        if (Downtime.IsDisabled) return null;
        var unfolded = Around(unixSeconds, unixSeconds);
        var last = unfolded.LastStartedBy(unixSeconds);
        return last >= 0 && unfolded.MaxEnds[last] > unixSeconds ? unfolded.MaxEnds[last] : null;
    }

    /// <summary>The occurrences that ended after one time and up to another.</summary>
    public IReadOnlyList<DowntimeOccurrence> EndedBetween(long afterUnixSeconds, long upToUnixSeconds)
    {
        if (Downtime.IsDisabled) return [];
        // All groups of all monitors ask the same.
        if (_lastAsked is { } asked && asked.After == afterUnixSeconds && asked.UpTo == upToUnixSeconds) return asked.Ended;
        var ended = Around(afterUnixSeconds, upToUnixSeconds).All.Where(occurrence => occurrence.EndUnixSeconds > afterUnixSeconds && occurrence.EndUnixSeconds <= upToUnixSeconds).ToList();
        _lastAsked = new Asked(afterUnixSeconds, upToUnixSeconds, ended);
        return ended;
    }

    Unfolded Around(long fromUnixSeconds, long toUnixSeconds)
    {
        if (_unfolded is { } known && fromUnixSeconds >= known.From && toUnixSeconds < known.To) return known;
        var (from, to) = (fromUnixSeconds - ReachSeconds, toUnixSeconds + ReachSeconds);
        return _unfolded = new Unfolded(from, to, [.. Occurrences.EndingAfter(Downtime, from).TakeWhile(occurrence => occurrence.StartUnixSeconds < to).Take(MostOccurrences)]);
    }

    sealed record Asked(long After, long UpTo, IReadOnlyList<DowntimeOccurrence> Ended);

    sealed class Unfolded
    {
        readonly long[] _starts;

        public Unfolded(long from, long to, DowntimeOccurrence[] all)
        {
            (From, To, All) = (from, to, all);
            _starts = [.. all.Select(occurrence => occurrence.StartUnixSeconds)];
            MaxEnds = new long[all.Length];
            for (var i = 0; i < all.Length; i++) MaxEnds[i] = i == 0 ? all[i].EndUnixSeconds : Math.Max(MaxEnds[i - 1], all[i].EndUnixSeconds);
        }

        public long From { get; }
        public long To { get; }
        public DowntimeOccurrence[] All { get; }

        /// <summary>The latest end of an occurrence and all before it.</summary>
        public long[] MaxEnds { get; }

        /// <summary>Index of the last that started at or before a time; -1 when none did.</summary>
        public int LastStartedBy(long unixSeconds)
        {
            var (low, high) = (0, _starts.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (_starts[middle] <= unixSeconds) low = middle + 1;
                else high = middle;
            }
            return low - 1;
        }
    }
}
