using Apm.Core.Counting;
using Apm.Core.Downtimes;
using Apm.Core.Hosts;
using Apm.Core.Monitors;
using Apm.Core.Ports;

namespace Apm.Monitors.Downtimes;

/// <summary>What a downtime is at present.</summary>
public enum DowntimeStatus
{
    Scheduled,
    Active,
    Canceled,
    Ended,
}

/// <summary>A downtime that holds now for a monitor.</summary>
/// <param name="GroupIndexes">Which of the groups that were given it silences.</param>
public sealed record ActiveDowntime(Downtime Downtime, IReadOnlyList<int> GroupIndexes);

/// <summary>
/// The downtimes, in memory, kept as documents; with the quick mutes of monitors and the mutes of hosts it says whether a group is told of.
/// </summary>
/// <remarks>Any thread. What a call changed is on disk when it returns.</remarks>
public sealed class DowntimeBook : IDowntimeBook
{
    /// <summary>Most downtimes that are not over. A further one is refused.</summary>
    public const int MaxDowntimes = 1_000;

    /// <summary>Most downtimes that are over and still listed. The oldest goes, counted in <c>downtimes_forgotten</c>.</summary>
    public const int MaxOverDowntimes = 1_000;

    const string Collection = "downtimes", HostKey = "host:";

    readonly IDocumentStore _documents;
    readonly Func<string, HostInfo?> _findHost;
    readonly Counters _counters;
    readonly TimeProvider _clock;
    readonly Func<Guid> _newUuid;
    readonly Lock _lock = new();
    volatile IReadOnlyList<DowntimePlan> _plans;

    /// <param name="findHost">What is known of a host of that name; null for nothing.</param>
    /// <param name="newUuid">Gives names that nobody has yet.</param>
    /// <exception cref="StoreUnavailableException">They cannot be read.</exception>
    public DowntimeBook(IDocumentStore documents, Func<string, HostInfo?> findHost, Counters counters, TimeProvider clock, Func<Guid> newUuid)
    {
        (_documents, _findHost, _counters, _clock, _newUuid) = (documents, findHost, counters, clock, newUuid);
        _plans = [.. documents.FindAll<Downtime>(Collection).OrderBy(downtime => downtime.Id).Select(PlanOf).OfType<DowntimePlan>()];
    }

    /// <summary>Now, Unix seconds.</summary>
    public long NowUnixSeconds => _clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>All that are kept, ordered by id.</summary>
    public IReadOnlyList<Downtime> All() => [.. _plans.Select(plan => plan.Downtime)];

    /// <summary>The one that has an id, or a record of that id; null when there is none.</summary>
    public Downtime? Find(long id) => _plans.FirstOrDefault(plan => DowntimeSeries.Has(plan.Downtime, id))?.Downtime;

    /// <summary>One by the id of version 2 of the API; null when there is none.</summary>
    public Downtime? Find(string uuid) => _plans.FirstOrDefault(plan => plan.Downtime.Uuid.Equals(uuid, StringComparison.OrdinalIgnoreCase))?.Downtime;

    /// <summary>Those that hold now and may be of some group of a monitor.</summary>
    public IReadOnlyList<Downtime> ActiveFor(MonitorRule rule) =>
        [.. ActivePlansFor(rule).Select(plan => plan.Downtime)];

    /// <summary>Of those the ones that hold for a group that is known; all of them while none is.</summary>
    /// <param name="groups">The own tags of each group; those of its host are added.</param>
    public IReadOnlyList<ActiveDowntime> ActiveFor(MonitorRule rule, IReadOnlyList<IReadOnlyList<string>> groups)
    {
        var active = ActivePlansFor(rule).ToList();
        if (active.Count == 0) return [];
        var tags = groups.Select(WithTagsOfHost).ToList();
        return
        [
            .. active.Select(plan => new ActiveDowntime(plan.Downtime, [.. Enumerable.Range(0, tags.Count).Where(i => plan.Accepts(rule, tags[i]))]))
                .Where(match => groups.Count == 0 || match.GroupIndexes.Count > 0),
        ];
    }

    /// <summary>Whether some group of a monitor is muted now by a downtime, by the monitor's own mutes or with its host.</summary>
    /// <inheritdoc cref="ActiveFor(MonitorRule, IReadOnlyList{IReadOnlyList{string}})" path="/param"/>
    public bool MutesSome(MonitorRule rule, IReadOnlyList<IReadOnlyList<string>> groups)
    {
        var now = NowUnixSeconds;
        return ActiveFor(rule, groups).Count > 0 || groups.Select(WithTagsOfHost).Prepend([]).Any(tags => OwnMutes(rule, tags, now).Any() || MutesOfHosts(tags, now).Any());
    }

    /// <summary>A group's own tags, and those of its host.</summary>
    IReadOnlyList<string> WithTagsOfHost(IReadOnlyList<string> tags) =>
        tags.FirstOrDefault(IsHost) is { } tag && _findHost(tag[HostKey.Length..]) is { } host ? [.. tags, .. host.TagsBySource.Values.SelectMany(ofSource => ofSource)] : tags;

    static bool IsHost(string tag) => tag.StartsWith(HostKey, StringComparison.Ordinal);

    IEnumerable<DowntimePlan> ActivePlansFor(MonitorRule rule) => _plans.Where(plan => plan.IsAbout(rule) && plan.MayAccept(rule) && StatusOf(plan.Downtime) == DowntimeStatus.Active);

    /// <summary>What it is now.</summary>
    public DowntimeStatus StatusOf(Downtime downtime)
    {
        var now = NowUnixSeconds;
        if (downtime.CanceledUnixSeconds is { } canceled && canceled <= now) return DowntimeStatus.Canceled;
        return Occurrences.CurrentOrNext(downtime, now) is not { } next ? DowntimeStatus.Ended
            : next.Contains(now) && !downtime.IsDisabled ? DowntimeStatus.Active : DowntimeStatus.Scheduled;
    }

    /// <summary>Enters a downtime, with ids of its own.</summary>
    /// <exception cref="DowntimeException">It can never hold, its scope cannot be read, or there are too many.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public Downtime Add(Downtime wanted)
    {
        lock (_lock)
        {
            if (_plans.Count(plan => StatusOf(plan.Downtime) is DowntimeStatus.Active or DowntimeStatus.Scheduled) >= MaxDowntimes)
                throw new DowntimeException($"There are {MaxDowntimes} downtimes that are not over, the most that are kept. Cancel some first.");
            var now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
            var added = wanted with { Id = NextId_NeedsLock(), Uuid = _newUuid().ToString(), CreatedUnixMillis = now, ModifiedUnixMillis = now, Records = [] };
            var plan = Checked(added);
            if (DowntimeSeries.Is(added)) plan = new DowntimePlan(added = DowntimeSeries.Advance(added, NowUnixSeconds, added.Id));
            Store(added);
            _plans = [.. _plans, plan];
            ForgetOldest_NeedsLock();
            return added;
        }
    }

    /// <summary>Puts a changed downtime in place of what it was.</summary>
    /// <exception cref="DowntimeException">As changed it can never hold, or its scope cannot be read.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public Downtime Replace(Downtime changed)
    {
        lock (_lock)
        {
            var now = changed with { ModifiedUnixMillis = _clock.GetUtcNow().ToUnixTimeMilliseconds() };
            Checked(now);
            if (DowntimeSeries.Is(now) || now.Records.Count > 0) now = DowntimeSeries.Renew(now, NowUnixSeconds);
            Put_NeedsLock(now, new DowntimePlan(now));
            return now;
        }
    }

    /// <summary>Ends a downtime now, or before it began; one that is over stays as it is. Its record is kept.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public Downtime Cancel(Downtime downtime)
    {
        if (StatusOf(downtime) is DowntimeStatus.Canceled or DowntimeStatus.Ended) return downtime;
        lock (_lock)
        {
            var canceled = (_plans.FirstOrDefault(plan => plan.Downtime.Id == downtime.Id)?.Downtime ?? downtime) with { CanceledUnixSeconds = NowUnixSeconds, ModifiedUnixMillis = _clock.GetUtcNow().ToUnixTimeMilliseconds() };
            Put_NeedsLock(canceled, new DowntimePlan(canceled));
            return canceled;
        }
    }

    /// <summary>Closes the records of occurrences that are over, and opens those of the next.</summary>
    /// <exception cref="StoreUnavailableException">Some are as they were. Safe to retry.</exception>
    public void CloseRecords()
    {
        var now = NowUnixSeconds;
        if (!_plans.Any(plan => IsToClose(plan, now))) return; // Mostly; it is asked before every answer.
        lock (_lock)
        {
            foreach (var plan in _plans.Where(plan => IsToClose(plan, now)))
            {
                var advanced = DowntimeSeries.Advance(plan.Downtime, now, NextId_NeedsLock());
                if (advanced == plan.Downtime) plan.IsSpent = true;
                else Put_NeedsLock(advanced, new DowntimePlan(advanced));
                if (advanced != plan.Downtime && advanced.Records.Count == plan.Downtime.Records.Count) _counters.Add("downtime_records_forgotten");
            }
        }
    }

    static bool IsToClose(DowntimePlan plan, long now) => !plan.IsSpent && DowntimeSeries.IsDue(plan.Downtime, now);

    /// <inheritdoc/>
    public Muting For(MonitorRule rule, IReadOnlyList<string> groupTags, long unixSeconds)
    {
        List<string>? ids = null;
        var (until, mutesFirst) = (0L, false);
        void Enter(string id, long end, bool first)
        {
            (ids ??= []).Add(id);
            (until, mutesFirst) = (Math.Max(until, end), mutesFirst || first);
        }
        foreach (var plan in _plans)
            if (plan.HoldsUntil(unixSeconds) is { } end && plan.IsAbout(rule) && plan.Accepts(rule, groupTags)) Enter(plan.Downtime.Uuid, end, plan.Downtime.MutesFirstRecovery);
        foreach (var (id, end) in OwnMutes(rule, groupTags, unixSeconds)) Enter(id, end, false);
        foreach (var (id, end) in MutesOfHosts(groupTags, unixSeconds)) Enter(id, end, false);
        return ids is null ? Muting.None : new Muting(true, until == long.MaxValue ? null : until, mutesFirst, ids);
    }

    static IEnumerable<(string Id, long EndUnixSeconds)> OwnMutes(MonitorRule rule, IReadOnlyList<string> groupTags, long unixSeconds) =>
        from mute in rule.Options.Silenced
        where (mute.Value is not { } end || end > unixSeconds) && QuickMute.Accepts(mute.Key, rule, groupTags)
        select (QuickMute.IdOf(rule, mute.Key), mute.Value ?? long.MaxValue);

    IEnumerable<(string Id, long EndUnixSeconds)> MutesOfHosts(IReadOnlyList<string> groupTags, long unixSeconds)
    {
        foreach (var tag in groupTags)
            if (IsHost(tag) && _findHost(tag[HostKey.Length..]) is { } host && host.IsMutedAt(unixSeconds)) yield return (tag, host.Mute!.EndUnixSeconds ?? long.MaxValue);
    }

    /// <inheritdoc/>
    /// <remarks>Ends of quick mutes are not among them: they stand in the rule that whoever asks has at hand.</remarks>
    public IReadOnlyList<DowntimeEnd> Ended(MonitorRule rule, IReadOnlyList<string> groupTags, long afterUnixSeconds, long upToUnixSeconds)
    {
        List<DowntimeEnd>? ends = null;
        foreach (var plan in _plans)
        {
            var ended = plan.EndedBetween(afterUnixSeconds, upToUnixSeconds);
            if (ended.Count == 0 || !plan.IsAbout(rule) || !plan.Accepts(rule, groupTags)) continue;
            foreach (var occurrence in ended) (ends ??= []).Add(new DowntimeEnd(plan.Downtime.Uuid, occurrence.StartUnixSeconds, occurrence.EndUnixSeconds, StatesAtEnd(plan.Downtime, occurrence)));
        }
        if (ends is null) return [];
        // Several overlap: what follows from an end follows from that of the last one.
        return [.. ends.Where(end => !For(rule, groupTags, end.EndedUnixSeconds).IsMuted).OrderBy(end => end.EndedUnixSeconds)];
    }

    static IReadOnlyList<MonitorState> StatesAtEnd(Downtime downtime, DowntimeOccurrence occurrence) =>
        (occurrence.EndUnixSeconds == downtime.CanceledUnixSeconds ? downtime.TellsWhenCanceled : downtime.TellsWhenExpired) ? downtime.NotifyEndStates : [];

    /// <summary>A document that cannot be read any more is passed over and counted.</summary>
    DowntimePlan? PlanOf(Downtime downtime)
    {
        try
        {
            return new DowntimePlan(downtime);
        }
        catch (DowntimeException)
        {
            _counters.Add("downtimes_unreadable");
            return null;
        }
    }

    static DowntimePlan Checked(Downtime downtime)
    {
        var scopeChars = downtime.Scopes.Sum(scope => (long)scope.Length);
        if (scopeChars > DowntimeScope.MaxTextChars) throw new DowntimeException($"The scope has {scopeChars} characters; {DowntimeScope.MaxTextChars} are the most.");
        var plan = new DowntimePlan(downtime);
        if (downtime.EndUnixSeconds is { } end && end <= downtime.StartUnixSeconds) throw new DowntimeException("The downtime's 'end' must be after its 'start'.");
        if (downtime.IsRecurring() && Occurrences.CurrentOrNext(downtime, long.MinValue / 4) is null) throw new DowntimeException($"{RecurrenceText.Invalid}: no time fits it, so the downtime would never begin.");
        return plan;
    }

    long NextId_NeedsLock() => _plans.Count == 0 ? 1 : _plans.Max(plan => Math.Max(plan.Downtime.Id, plan.Downtime.Records is [.., var last] ? last.Id : 0)) + 1;

    void Put_NeedsLock(Downtime downtime, DowntimePlan plan)
    {
        Store(downtime);
        _plans = [.. _plans.Select(known => known.Downtime.Id == downtime.Id ? plan : known)];
    }

    void Store(Downtime downtime) => _documents.Store(Collection, downtime.Uuid, downtime);

    void ForgetOldest_NeedsLock()
    {
        var over = _plans.Where(plan => StatusOf(plan.Downtime) is DowntimeStatus.Canceled or DowntimeStatus.Ended).ToList();
        foreach (var plan in over.Take(over.Count - MaxOverDowntimes))
        {
            _documents.Remove(Collection, plan.Downtime.Uuid);
            _plans = [.. _plans.Where(known => known != plan)];
            _counters.Add("downtimes_forgotten");
        }
    }
}
