using System.Collections.Immutable;
using Apm.Core.Downtimes;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Monitors.Downtimes;

namespace Apm.Monitors.Slos;

/// <summary>The times that objectives do not count, in memory, kept as documents.</summary>
/// <remarks>Thread-safe. What a call changed is on disk when it returns.</remarks>
public sealed class SloCorrections
{
    /// <summary>Most corrections of one objective; default 100. A further one is refused with a sentence.</summary>
    public const int MaxOfSlo = 100;

    /// <summary>Longest that one may last, in seconds; 92 days, as far as objectives look. A longer one is refused.</summary>
    public const long MaxDurationSeconds = 92L * 86_400;

    /// <summary>Their edges are looked at in steps of so many seconds: points are no closer.</summary>
    const long EdgeSeconds = 10;

    const string Collection = "slo-corrections";

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly TimeProvider _clock;
    readonly Func<Guid> _newId;
    volatile ImmutableDictionary<string, SloCorrection> _corrections;

    /// <summary>Reads what is kept.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public SloCorrections(IDocumentStore documents, TimeProvider clock, Func<Guid> newId)
    {
        (_documents, _clock, _newId) = (documents, clock, newId);
        _corrections = documents.FindAll<SloCorrection>(Collection).ToImmutableDictionary(correction => correction.Id, StringComparer.Ordinal);
    }

    /// <summary>All, the newest last.</summary>
    public IReadOnlyList<SloCorrection> All() => [.. _corrections.Values.OrderBy(correction => correction.CreatedUnixSeconds).ThenBy(correction => correction.Id, StringComparer.Ordinal)];

    /// <summary>Another after each change, so that what was counted before can be told from what counts now.</summary>
    public object Version => _corrections;

    /// <summary>One; null when there is none of that id.</summary>
    public SloCorrection? Find(string id) => _corrections.GetValueOrDefault(id);

    /// <summary>Keeps a new one.</summary>
    /// <exception cref="SloException">It is wrong, or there are too many.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public SloCorrection Add(SloCorrection wanted)
    {
        Check(wanted);
        lock (_lock)
        {
            if (_corrections.Values.Count(correction => correction.SloId == wanted.SloId) >= MaxOfSlo) throw Wrong($"The objective has {MaxOfSlo} corrections already, the most that are kept. Delete some first, or write one that recurs.");
            return Keep_NeedsLock(wanted with { Id = _newId().ToString("N"), CreatedUnixSeconds = NowUnixSeconds, ModifiedUnixSeconds = NowUnixSeconds });
        }
    }

    /// <summary>Puts a changed one in place of what it was; its objective stays.</summary>
    /// <exception cref="SloException">There is none, or the changed one is wrong.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public SloCorrection Replace(string id, SloCorrection wanted)
    {
        lock (_lock)
        {
            var before = _corrections.GetValueOrDefault(id) ?? throw NotFound(id);
            Check(wanted);
            return Keep_NeedsLock(wanted with { Id = id, SloId = before.SloId, Creator = before.Creator, CreatedUnixSeconds = before.CreatedUnixSeconds, ModifiedUnixSeconds = NowUnixSeconds });
        }
    }

    /// <exception cref="SloException">There is none.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public void Remove(string id)
    {
        lock (_lock)
        {
            if (!_corrections.ContainsKey(id)) throw NotFound(id);
            _documents.Remove(Collection, id);
            _corrections = _corrections.Remove(id);
        }
    }

    /// <summary>Removes those of an objective that is gone.</summary>
    public void RemoveOf(string sloId)
    {
        foreach (var correction in _corrections.Values.Where(correction => correction.SloId == sloId)) Remove(correction.Id);
    }

    /// <summary>The times within a time that an objective does not count, in order and apart from each other; edges are multiples of ten seconds.</summary>
    public IReadOnlyList<(long FromUnixSeconds, long ToUnixSeconds)> Between(string sloId, long fromUnixSeconds, long toUnixSeconds)
    {
        var all = _corrections;
        if (all.IsEmpty) return [];
        var times = all.Values.Where(correction => correction.SloId == sloId)
            .SelectMany(correction => Occurrences.EndingAfter(AsDowntime(correction), fromUnixSeconds).TakeWhile(time => time.StartUnixSeconds < toUnixSeconds))
            .Select(time => (From: Math.Max(fromUnixSeconds, time.StartUnixSeconds / EdgeSeconds * EdgeSeconds), To: Math.Min(toUnixSeconds, (time.EndUnixSeconds + EdgeSeconds - 1) / EdgeSeconds * EdgeSeconds)))
            .OrderBy(time => time.From);
        var merged = new List<(long From, long To)>();
        foreach (var time in times)
        {
            if (merged.Count > 0 && time.From <= merged[^1].To) merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, time.To));
            else merged.Add(time);
        }
        return merged;
    }

    /// <summary>They recur as downtimes do.</summary>
    public static Downtime AsDowntime(SloCorrection correction) => new()
    {
        Id = 0,
        Uuid = correction.Id,
        TimeZone = correction.TimeZone,
        StartUnixSeconds = correction.StartUnixSeconds,
        EndUnixSeconds = correction.EndUnixSeconds ?? correction.StartUnixSeconds + correction.DurationSeconds,
        Recurrences = correction.IsRecurring() ? [new DowntimeRecurrence(WallClock.At(correction.StartUnixSeconds, WallClock.FindZone(correction.TimeZone) ?? TimeZoneInfo.Utc), correction.DurationSeconds ?? 0, correction.Rule)] : [],
    };

    static void Check(SloCorrection correction)
    {
        if (!SloCorrection.Categories.Contains(correction.Category)) throw Wrong($"data.attributes.category \"{correction.Category}\" is not known. There are: {string.Join(", ", SloCorrection.Categories)}.");
        if (correction.Description.Length > SloBook.MaxDescriptionChars) throw Wrong($"data.attributes.description has {correction.Description.Length} characters; at most {SloBook.MaxDescriptionChars} are kept.");
        if (WallClock.FindZone(correction.TimeZone) is null) throw Wrong($"data.attributes.timezone \"{correction.TimeZone}\" is no time zone. Write a name such as America/New_York or UTC.");
        if (correction.IsRecurring())
        {
            if (correction.EndUnixSeconds is not null) throw Wrong("data.attributes.end does not go with rrule: write duration, in seconds, for each time.");
            if (correction.DurationSeconds is not (>= 1 and <= MaxDurationSeconds)) throw Wrong($"data.attributes.duration is required with rrule: how many seconds each time lasts, from 1 to {MaxDurationSeconds}.");
            try
            {
                RecurrenceText.Parse(correction.Rule);
            }
            catch (DowntimeException wrong)
            {
                throw Wrong($"data.attributes.rrule: {wrong.Message}");
            }
            if (!EverHolds(correction)) throw Wrong("data.attributes.rrule: no time fits it, so nothing would ever be corrected.");
            return;
        }
        if (correction.DurationSeconds is not null) throw Wrong("data.attributes.duration goes with rrule only: write end.");
        if (correction.EndUnixSeconds is not { } end) throw Wrong("data.attributes.end is required, in Unix seconds; or rrule and duration for one that recurs.");
        if (end <= correction.StartUnixSeconds) throw Wrong("data.attributes.end must be after start.");
        if (end - correction.StartUnixSeconds > MaxDurationSeconds) throw Wrong($"A correction lasts at most {MaxDurationSeconds / 86_400} days, as far as objectives look.");
    }

    /// <summary>Whether a time fits its rule at all.</summary>
    /// <param name="correction">One that recurs, by a rule that can be read.</param>
    public static bool EverHolds(SloCorrection correction) => Occurrences.CurrentOrNext(AsDowntime(correction), long.MinValue / 4) is not null;

    public static SloException NotFound(string id) => new(SloRefusal.NotFound, $"SLO correction with id \"{id}\" not found");

    SloCorrection Keep_NeedsLock(SloCorrection correction)
    {
        _documents.Store(Collection, correction.Id, correction);
        _corrections = _corrections.SetItem(correction.Id, correction);
        return correction;
    }

    long NowUnixSeconds => _clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    static SloException Wrong(string sentence) => new(SloRefusal.Wrong, sentence);
}
