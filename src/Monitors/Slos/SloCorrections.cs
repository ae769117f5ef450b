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

    /// <summary>Most times a day that all recurring corrections of one objective may come together; default 48. One that makes it more is refused with a sentence.</summary>
    public const int MaxTimesADay = 48;

    /// <summary>Most times in all by which a rule may be bounded (COUNT): they are counted from the first. More are refused.</summary>
    public const int MaxCount = 5_000;

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
        lock (_lock)
        {
            Check_NeedsLock(wanted);
            if (_corrections.Values.Count(correction => correction.SloId == wanted.SloId) >= MaxOfSlo) throw new SloException(SloRefusal.Wrong, $"The objective has {MaxOfSlo} corrections already, the most that are kept. Delete some first, or write one that recurs.");
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
            wanted = wanted with { Id = id, SloId = before.SloId };
            Check_NeedsLock(wanted);
            return Keep_NeedsLock(wanted with { Creator = before.Creator, CreatedUnixSeconds = before.CreatedUnixSeconds, ModifiedUnixSeconds = NowUnixSeconds });
        }
    }

    /// <summary>Deletes one: its time counts again.</summary>
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

    /// <summary>Removes those of an objective that is gone; from the disk at the next start, when the store is away.</summary>
    public void RemoveOf(string sloId) => RemoveOfOthers(id => id != sloId);

    /// <summary>Removes those of objectives that are not there.</summary>
    /// <inheritdoc cref="RemoveOf"/>
    internal void RemoveOfOthers(Func<string, bool> isThere)
    {
        lock (_lock)
        {
            List<SloCorrection> gone = [.. _corrections.Values.Where(correction => !isThere(correction.SloId))];
            _corrections = _corrections.RemoveRange(gone.Select(correction => correction.Id));
            try
            {
                foreach (var correction in gone) _documents.Remove(Collection, correction.Id);
            }
            catch (StoreUnavailableException)
            {
                // The next start looks for those whose objective is gone.
            }
        }
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

    void Check_NeedsLock(SloCorrection correction)
    {
        if (!SloCorrection.Categories.Contains(correction.Category)) throw Wrong("category", $"\"{correction.Category}\" is not known. There are: {string.Join(", ", SloCorrection.Categories)}.");
        if (correction.Description.Length > SloBook.MaxDescriptionChars) throw Wrong("description", $"It has {correction.Description.Length} characters; at most {SloBook.MaxDescriptionChars} are kept.");
        if (WallClock.FindZone(correction.TimeZone) is null) throw Wrong("timezone", $"\"{correction.TimeZone}\" is no time zone. Write a name such as America/New_York or UTC.");
        if (correction.IsRecurring())
        {
            CheckRecurring_NeedsLock(correction);
            return;
        }
        if (correction.DurationSeconds is not null) throw Wrong("duration", "It goes with rrule only: write end.");
        if (correction.EndUnixSeconds is not { } end) throw Wrong("end", "It is required, in Unix seconds; or rrule and duration for one that recurs.");
        if (end <= correction.StartUnixSeconds) throw Wrong("end", "It must be after the start.");
        if (end - correction.StartUnixSeconds > MaxDurationSeconds) throw TooLong("end");
    }

    void CheckRecurring_NeedsLock(SloCorrection correction)
    {
        if (correction.EndUnixSeconds is not null) throw Wrong("end", "It does not go with rrule: write duration, in seconds, for each time.");
        if (correction.DurationSeconds is not { } duration) throw Wrong("duration", $"It is required with rrule: how many seconds each time lasts, from 1 to {MaxDurationSeconds}.");
        if (duration < 1) throw Wrong("duration", "Each time must last a second or more.");
        if (duration > MaxDurationSeconds) throw TooLong("duration");
        try
        {
            var rule = RecurrenceText.Parse(correction.Rule);
            if (rule.Count > MaxCount) throw Wrong("rrule", $"COUNT={rule.Count} is more than the {MaxCount} times that are taken. Write UNTIL with a day instead.");
            var others = _corrections.Values.Where(other => other.SloId == correction.SloId && other.Id != correction.Id && other.IsRecurring()).Sum(other => RecurrenceText.Parse(other.Rule).MaxTimesADay);
            if (rule.MaxTimesADay + others > MaxTimesADay) throw Wrong("rrule", $"It may come {Times(rule.MaxTimesADay)} a day{(others > 0 ? $", and the objective's other corrections {Times(others)}" : "")}; at most {MaxTimesADay} are taken together. Write fewer and longer times.");
        }
        catch (DowntimeException wrong)
        {
            throw Wrong("rrule", wrong.Message);
        }
        if (Occurrences.CurrentOrNext(AsDowntime(correction), long.MinValue / 4) is null) throw Wrong("rrule", "No time fits it, so nothing would ever be corrected.");
    }

    static string Times(int count) => count == 1 ? "once" : $"{count} times";

    static SloException TooLong(string field) => Wrong(field, $"A correction lasts at most {MaxDurationSeconds / 86_400} days, as far as objectives look.");

    /// <summary>What answers that there is no correction of an id.</summary>
    public static SloException NotFound(string id) => new(SloRefusal.NotFound, $"SLO correction with id \"{id}\" not found");

    SloCorrection Keep_NeedsLock(SloCorrection correction)
    {
        _documents.Store(Collection, correction.Id, correction);
        _corrections = _corrections.SetItem(correction.Id, correction);
        return correction;
    }

    long NowUnixSeconds => _clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    static SloException Wrong(string field, string sentence) => new(SloRefusal.Wrong, sentence) { Field = field };
}
