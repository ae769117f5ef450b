using Apm.Core.Slos;

namespace Apm.Monitors.Slos;

/// <summary>From when on something was up, or in alert.</summary>
/// <param name="IsUp">False in alert; null when nobody knows.</param>
public sealed record UptimeChange(long AtUnixSeconds, bool? IsUp);

/// <summary>When one monitor, or one group of it, was in alert and when not.</summary>
/// <remarks>Not thread-safe; the book that holds it has a lock.</remarks>
sealed class UptimeLine(IEnumerable<UptimeChange> changes)
{
    readonly List<UptimeChange> _changes = [.. changes];

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<UptimeChange> Changes => _changes;

    /// <summary>Notes what is so from a time on.</summary>
    /// <returns>Whether that is a change.</returns>
    public bool Add(long unixSeconds, bool? isUp, long keptSeconds, int maxChanges)
    {
        if (_changes.Count > 0 && _changes[^1].IsUp == isUp) return false;
        if (_changes.Count == 0 && isUp is null) return false; // Nothing is known yet anyhow.
        _changes.Add(new UptimeChange(Math.Max(unixSeconds, _changes.Count > 0 ? _changes[^1].AtUnixSeconds : unixSeconds), isUp));
        var old = _changes.FindIndex(change => change.AtUnixSeconds >= unixSeconds - keptSeconds) - 1; // The last of the old ones says how it began.
        if (old > 0) _changes.RemoveRange(0, old);
        if (_changes.Count > maxChanges) _changes.RemoveRange(0, _changes.Count - maxChanges);
        return true;
    }

    /// <summary>What is so at a time; null when nobody knows.</summary>
    public bool? At(long unixSeconds) => _changes.FindLast(change => change.AtUnixSeconds <= unixSeconds)?.IsUp;
}

/// <summary>Times without evaluations, end excluded.</summary>
sealed record UptimeGap(long FromUnixSeconds, long ToUnixSeconds);

/// <summary>Adds up the time in which none of some lines was in alert. Pure.</summary>
static class UptimeSum
{
    /// <param name="lines">The changes of each, the oldest first.</param>
    /// <param name="toUnixSeconds">The end of the last bucket; it may be later than what is known.</param>
    /// <param name="knownUntil">Nothing is known from there on.</param>
    /// <param name="gaps">Times that are not counted, in any order; they may overlap.</param>
    public static SloSeries Of(IReadOnlyList<IReadOnlyList<UptimeChange>> lines, IEnumerable<UptimeGap> gaps, long fromUnixSeconds, long toUnixSeconds, long knownUntil, int stepSeconds)
    {
        var end = Math.Min(toUnixSeconds, knownUntil);
        UptimeGap[] leftOut = [.. gaps.Where(gap => gap.FromUnixSeconds < end && gap.ToUnixSeconds > fromUnixSeconds).OrderBy(gap => gap.FromUnixSeconds)];
        var turns = new SortedSet<long> { fromUnixSeconds, end };
        foreach (var change in lines.SelectMany(line => line)) turns.Add(change.AtUnixSeconds);
        foreach (var gap in leftOut) turns.UnionWith([gap.FromUnixSeconds, gap.ToUnixSeconds]);
        var buckets = new SloTally[Math.Max(0, (toUnixSeconds - fromUnixSeconds + stepSeconds - 1) / stepSeconds)];
        var at = new int[lines.Count]; // Of each line the next change.
        var (nextGap, leftOutUntil) = (0, long.MinValue);
        long? before = null;
        foreach (var turn in turns)
        {
            if (before is { } start && start >= fromUnixSeconds && turn <= end) Enter(buckets, start - fromUnixSeconds, turn - fromUnixSeconds, stepSeconds, start < leftOutUntil ? null : Together(lines, at));
            for (var i = 0; i < at.Length; i++) while (at[i] < lines[i].Count && lines[i][at[i]].AtUnixSeconds <= turn) at[i]++;
            for (; nextGap < leftOut.Length && leftOut[nextGap].FromUnixSeconds <= turn; nextGap++) leftOutUntil = Math.Max(leftOutUntil, leftOut[nextGap].ToUnixSeconds);
            before = turn;
        }
        return new SloSeries(fromUnixSeconds, stepSeconds, buckets);
    }

    /// <summary>One in alert is enough to say no; yes needs all of them.</summary>
    static bool? Together(IReadOnlyList<IReadOnlyList<UptimeChange>> lines, int[] at)
    {
        var isKnown = lines.Count > 0;
        for (var i = 0; i < at.Length; i++)
        {
            var isUp = at[i] == 0 ? null : lines[i][at[i] - 1].IsUp;
            if (isUp == false) return false;
            isKnown &= isUp is not null;
        }
        return isKnown ? true : null;
    }

    /// <summary>Enters seconds from one to another, both counted from the first bucket.</summary>
    static void Enter(SloTally[] buckets, long from, long to, int step, bool? isUp)
    {
        if (isUp is null) return;
        while (from < to)
        {
            var bucket = from / step;
            var until = Math.Min(to, (bucket + 1) * step);
            buckets[bucket] += new SloTally(isUp == true ? until - from : 0, until - from);
            from = until;
        }
    }
}
