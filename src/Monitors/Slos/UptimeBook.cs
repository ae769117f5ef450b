using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Slos;

namespace Apm.Monitors.Slos;

/// <summary>
/// When each monitor was in alert and when not, as far back as the longest objective looks; kept as documents. Time in which nothing was
/// evaluated, because the process was away or the data was, is known to be unknown.
/// </summary>
/// <remarks>Any thread. What a call notes is on disk when it returns.</remarks>
public sealed class UptimeBook
{
    /// <summary>Changes kept of one monitor; default 2000. The oldest go, and the time before is unknown then.</summary>
    public const int MaxChanges = 2_000;

    /// <summary>Times without evaluations that are kept; default 1000. The oldest go.</summary>
    public const int MaxGaps = 1_000;

    const string Collection = "monitor-uptime";
    const string GapCollection = "monitor-uptime-gaps";
    const string GapId = "all";

    /// <summary>An evaluation says what is so until the next, a minute later.</summary>
    const long RoundSeconds = 60;

    /// <summary>The longest window of objectives, and two days more for windows that begin at whole hours somewhere.</summary>
    const long KeptSeconds = 92L * 86_400;

    readonly IDocumentStore _documents;
    readonly Lock _lock = new();
    readonly Dictionary<long, List<UptimeChange>> _changes = [];
    readonly List<UptimeGap> _gaps;
    long _knownUntil;

    /// <summary>Reads what is kept.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public UptimeBook(IDocumentStore documents)
    {
        _documents = documents;
        foreach (var document in documents.FindAll<UptimeDocument>(Collection)) _changes[document.MonitorId] = [.. document.Changes];
        _gaps = documents.Find<GapDocument>(GapCollection, GapId) is { } gaps ? [.. gaps.Gaps] : [];
        _knownUntil = _changes.Values.Select(changes => changes[^1].AtUnixSeconds + RoundSeconds).DefaultIfEmpty(0).Max();
    }

    /// <summary>Notes what an evaluation found.</summary>
    /// <param name="isUp">False in alert; null when nobody knows.</param>
    /// <exception cref="StoreUnavailableException">It is not on disk; the next change writes it.</exception>
    public void Note(long monitorId, long unixSeconds, bool? isUp)
    {
        lock (_lock)
        {
            if (!_changes.TryGetValue(monitorId, out var changes)) _changes.Add(monitorId, changes = []);
            if (changes.Count > 0 && changes[^1].IsUp == isUp) return;
            if (changes.Count == 0 && isUp is null) return; // Nothing is known yet anyhow.
            changes.Add(new UptimeChange(Math.Max(unixSeconds, changes.Count > 0 ? changes[^1].AtUnixSeconds : unixSeconds), isUp));
            var old = changes.FindIndex(change => change.AtUnixSeconds >= unixSeconds - KeptSeconds) - 1; // The last of the old ones says how it began.
            if (old > 0) changes.RemoveRange(0, old);
            if (changes.Count > MaxChanges) changes.RemoveRange(0, changes.Count - MaxChanges);
            _documents.Store(Collection, IdOf(monitorId), new UptimeDocument(monitorId, [.. changes]));
        }
    }

    /// <summary>Notes that a round of evaluations is done.</summary>
    public void RoundDone(long unixSeconds)
    {
        lock (_lock) _knownUntil = Math.Max(_knownUntil, unixSeconds + RoundSeconds);
    }

    /// <summary>Whether nothing was evaluated in some part of a time: what was missing then may have been missed.</summary>
    public bool HasGap(long fromUnixSeconds, long toUnixSeconds)
    {
        lock (_lock) return _gaps.Exists(gap => gap.FromUnixSeconds < toUnixSeconds && gap.ToUnixSeconds > fromUnixSeconds);
    }

    /// <summary>Notes that a round of evaluations begins, and with it the time since the one before in which there was none.</summary>
    /// <param name="beforeUnixSeconds">The one before, of another start perhaps; null when there was none.</param>
    /// <exception cref="StoreUnavailableException">A gap is not on disk; it is with the next.</exception>
    public void RoundBegins(long? beforeUnixSeconds, long unixSeconds)
    {
        lock (_lock)
        {
            if (beforeUnixSeconds is not { } before || unixSeconds <= before + RoundSeconds) return;
            _gaps.RemoveAll(gap => gap.FromUnixSeconds == before + RoundSeconds); // Of a round that was not done, and is begun again.
            _gaps.Add(new UptimeGap(before + RoundSeconds, unixSeconds));
            _gaps.RemoveAll(gap => gap.ToUnixSeconds < unixSeconds - KeptSeconds);
            if (_gaps.Count > MaxGaps) _gaps.RemoveRange(0, _gaps.Count - MaxGaps);
            _documents.Store(GapCollection, GapId, new GapDocument([.. _gaps]));
        }
    }

    /// <summary>Removes what is kept of a monitor.</summary>
    public void Remove(long monitorId)
    {
        lock (_lock) if (_changes.Remove(monitorId)) _documents.Remove(Collection, IdOf(monitorId));
    }

    /// <summary>Monitors of which something is kept, those that are gone included.</summary>
    public IReadOnlyList<long> MonitorIds()
    {
        lock (_lock) return [.. _changes.Keys];
    }

    /// <summary>
    /// The seconds in which none of some monitors was in alert, of those in which that is known. One in alert is enough to say no; yes needs
    /// all of them.
    /// </summary>
    /// <param name="fromUnixSeconds">A multiple of the step.</param>
    /// <param name="leftOut">Times that are not counted; null for none.</param>
    public SloSeries Read(IReadOnlyList<long> monitorIds, long fromUnixSeconds, long toUnixSeconds, int stepSeconds, IReadOnlyList<(long FromUnixSeconds, long ToUnixSeconds)>? leftOut = null)
    {
        lock (_lock)
        {
            var end = Math.Min(toUnixSeconds, _knownUntil);
            var turns = new SortedSet<long> { fromUnixSeconds, end };
            var states = monitorIds.Select(id => _changes.TryGetValue(id, out var changes) ? changes : []).ToList();
            foreach (var change in states.SelectMany(changes => changes)) turns.Add(change.AtUnixSeconds);
            var gaps = leftOut is { Count: > 0 } ? [.. _gaps, .. leftOut.Select(left => new UptimeGap(left.FromUnixSeconds, left.ToUnixSeconds))] : _gaps;
            foreach (var gap in gaps) turns.UnionWith([gap.FromUnixSeconds, gap.ToUnixSeconds]);
            var buckets = new SloTally[Math.Max(0, (toUnixSeconds - fromUnixSeconds + stepSeconds - 1) / stepSeconds)];
            var at = new int[states.Count]; // Of each monitor the next change.
            long? before = null;
            foreach (var turn in turns)
            {
                if (before is { } start && start >= fromUnixSeconds && turn <= end) Enter(buckets, start - fromUnixSeconds, turn - fromUnixSeconds, stepSeconds, gaps.Exists(gap => gap.FromUnixSeconds <= start && start < gap.ToUnixSeconds) ? null : Together(states, at));
                for (var i = 0; i < at.Length; i++) while (at[i] < states[i].Count && states[i][at[i]].AtUnixSeconds <= turn) at[i]++;
                before = turn;
            }
            return new SloSeries(fromUnixSeconds, stepSeconds, buckets);
        }
    }

    static bool? Together(List<List<UptimeChange>> states, int[] at)
    {
        var isKnown = states.Count > 0;
        for (var i = 0; i < at.Length; i++)
        {
            var isUp = at[i] == 0 ? null : states[i][at[i] - 1].IsUp;
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

    static string IdOf(long monitorId) => monitorId.ToString("D12", CultureInfo.InvariantCulture);

    sealed record UptimeChange(long AtUnixSeconds, bool? IsUp);

    sealed record UptimeGap(long FromUnixSeconds, long ToUnixSeconds);

    sealed record UptimeDocument(long MonitorId, IReadOnlyList<UptimeChange> Changes);

    sealed record GapDocument(IReadOnlyList<UptimeGap> Gaps);
}
