using System.Globalization;
using Apm.Core.Ports;

namespace Apm.Monitors.Mutes;

/// <summary>A mute of a monitor, or of all, that holds or held.</summary>
/// <param name="Scope"><c>*</c>, or tags with commas between.</param>
/// <param name="FromUnixSeconds">When somebody set it.</param>
/// <param name="EndUnixSeconds">When it was to end; null for no time.</param>
/// <param name="LiftedUnixSeconds">When somebody, or the end of the trouble, took it away; null when nobody did.</param>
public sealed record MuteTime(string Scope, long FromUnixSeconds, long? EndUnixSeconds, long? LiftedUnixSeconds)
{
    /// <summary>When it was over, excluded; <see cref="long.MaxValue"/> while nobody knows.</summary>
    public long UntilUnixSeconds => Math.Min(EndUnixSeconds ?? long.MaxValue, LiftedUnixSeconds ?? long.MaxValue);

    /// <summary>Whether it ran out and was not taken away.</summary>
    public bool RanOut => EndUnixSeconds is { } end && end <= (LiftedUnixSeconds ?? long.MaxValue);

    public bool HoldsAt(long unixSeconds) => FromUnixSeconds <= unixSeconds && unixSeconds < UntilUnixSeconds;
}

/// <summary>
/// Since when and until when monitors were muted, for those who look at times that are past. Mutes themselves stand in the monitors, where they say
/// only until when they hold.
/// </summary>
/// <remarks>Any thread. What a call notes is on disk when it returns.</remarks>
public sealed class MuteLog
{
    /// <summary>Stands for all monitors, as the switch mutes them.</summary>
    public const long AllMonitors = 0;

    /// <summary>Most mutes kept of one monitor; default 200. The oldest go, counted nowhere: only replays of that time lack them.</summary>
    public const int MaxMutes = 200;

    /// <summary>The longest that a replay looks back, and a day.</summary>
    const long KeptSeconds = 8 * 86_400;

    const string Collection = "monitor-mutes";

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly Dictionary<long, IReadOnlyList<MuteTime>> _mutes = [];

    /// <summary>Reads what is kept.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public MuteLog(IDocumentStore documents)
    {
        _documents = documents;
        foreach (var document in documents.FindAll<MuteDocument>(Collection)) _mutes[document.MonitorId] = document.Mutes;
    }

    /// <summary>Those of one monitor, or of <see cref="AllMonitors"/>, in the order in which they were set.</summary>
    public IReadOnlyList<MuteTime> Of(long monitorId)
    {
        lock (_lock) return _mutes.GetValueOrDefault(monitorId) ?? [];
    }

    /// <summary>Notes which scopes are muted from now on, and until when; null for until further notice.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was noted.</exception>
    public void Note(long monitorId, IReadOnlyDictionary<string, long?> silenced, long nowUnixSeconds)
    {
        lock (_lock)
        {
            var known = _mutes.GetValueOrDefault(monitorId) ?? [];
            bool IsSame(MuteTime mute) => silenced.TryGetValue(mute.Scope, out var end) && end == mute.EndUnixSeconds;
            var after = known.Select(mute => mute.LiftedUnixSeconds is null && !IsSame(mute) && mute.UntilUnixSeconds > nowUnixSeconds ? mute with { LiftedUnixSeconds = nowUnixSeconds } : mute).ToList();
            after.AddRange(silenced.Where(pair => (pair.Value ?? long.MaxValue) > nowUnixSeconds && !known.Any(mute => mute.LiftedUnixSeconds is null && mute.Scope == pair.Key && mute.EndUnixSeconds == pair.Value))
                .Select(pair => new MuteTime(pair.Key, nowUnixSeconds, pair.Value, null)));
            if (after.SequenceEqual(known)) return;
            after.RemoveAll(mute => mute.UntilUnixSeconds < nowUnixSeconds - KeptSeconds);
            if (after.Count > MaxMutes) after.RemoveRange(0, after.Count - MaxMutes);
            _documents.Store(Collection, IdOf(monitorId), new MuteDocument(monitorId, after));
            _mutes[monitorId] = after;
        }
    }

    /// <summary>Removes what is kept of a monitor.</summary>
    public void Remove(long monitorId)
    {
        lock (_lock) if (_mutes.Remove(monitorId)) _documents.Remove(Collection, IdOf(monitorId));
    }

    static string IdOf(long monitorId) => monitorId.ToString("D12", CultureInfo.InvariantCulture);

    sealed record MuteDocument(long MonitorId, IReadOnlyList<MuteTime> Mutes);
}
