using Apm.Core.Monitors;

namespace Apm.Core.Downtimes;

/// <summary>A time in which monitors are watched and nobody is told (metrics-monitors §8). Stored as a document.</summary>
/// <remarks>Immutable. One that recurs is one downtime from occurrence to occurrence; version 1 of the API shows <see cref="Records"/> of them.</remarks>
public sealed record Downtime
{
    /// <summary>As version 1 of the API names it; ascending.</summary>
    public required long Id { get; init; }

    /// <summary>As version 2 of the API names it.</summary>
    public required string Uuid { get; init; }

    /// <summary>The only monitor that it holds for; null when <see cref="MonitorTags"/> decide.</summary>
    public long? MonitorId { get; init; }

    /// <summary>It holds for monitors that have all of these; <c>*</c> for every monitor.</summary>
    public IReadOnlyList<string> MonitorTags { get; init; } = [DowntimeScope.Everything];

    /// <summary>Which groups of them, as it was written; a list of version 1 has one tag in each, all of which must hold.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [DowntimeScope.Everything];

    /// <summary>Told with its notices; the handles in it say to whom. "" for none.</summary>
    public string Message { get; init; } = "";

    /// <summary>Whether an empty message was sent, which version 2 of the API gives back as such; one that was never sent it answers as null.</summary>
    public bool HasEmptyMessage { get; init; }

    /// <summary>IANA name of the zone on whose wall clock it recurs.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>The zone in which people want to see its times; "" for <see cref="TimeZone"/>.</summary>
    public string DisplayTimeZone { get; init; } = "";

    /// <summary>Start of the first occurrence, Unix seconds.</summary>
    public required long StartUnixSeconds { get; init; }

    /// <summary>End of the first occurrence, excluded; null when it lasts until somebody ends it.</summary>
    public long? EndUnixSeconds { get; init; }

    /// <summary>When it holds again; none when it holds once.</summary>
    public IReadOnlyList<DowntimeRecurrence> Recurrences { get; init; } = [];

    /// <summary>How version 1 of the API was told to repeat it; null when it was not.</summary>
    public LegacyRecurrence? Legacy { get; init; }

    /// <summary>Its occurrences as version 1 of the API shows them, one record each, the last that holds or comes next; none for one that version 1 did not repeat.</summary>
    public IReadOnlyList<DowntimeRecord> Records { get; init; } = [];

    public bool MutesFirstRecovery { get; init; }

    /// <summary>States that are told of when it ends.</summary>
    public IReadOnlyList<MonitorState> NotifyEndStates { get; init; } = DefaultEndStates;

    /// <summary>Whether they are told of when it runs out, and when somebody ends it.</summary>
    public bool TellsWhenExpired { get; init; } = true;

    /// <inheritdoc cref="TellsWhenExpired"/>
    public bool TellsWhenCanceled { get; init; }

    /// <summary>Kept, and without effect.</summary>
    public bool IsDisabled { get; init; }

    /// <summary>When somebody ended it; null when nobody did.</summary>
    public long? CanceledUnixSeconds { get; init; }

    public long CreatedUnixMillis { get; init; }
    public long ModifiedUnixMillis { get; init; }

    /// <summary>Who made it; "" when that is not known.</summary>
    public string Creator { get; init; } = "";

    public static IReadOnlyList<MonitorState> DefaultEndStates { get; } = [MonitorState.Alert, MonitorState.NoData, MonitorState.Warn];

    /// <summary>Whether it holds again and again.</summary>
    public bool IsRecurring() => Recurrences.Count > 0;

    /// <summary>Its scope as one text, as the search of version 2 has it.</summary>
    public string ScopeText() => string.Join(" AND ", Scopes);
}

/// <summary>When a downtime holds again: a rule on the wall clock of its zone.</summary>
/// <param name="StartLocal">Where the rule begins, on the wall clock: <c>2024-05-01T19:00:00</c>.</param>
/// <param name="DurationSeconds">How long each lasts, on the wall clock.</param>
/// <param name="Rule">RFC 5545 without DTSTART, as it was written.</param>
public sealed record DowntimeRecurrence(DateTime StartLocal, long DurationSeconds, string Rule)
{
    /// <summary>As it was written: <c>14h</c>.</summary>
    public string DurationText { get; init; } = "";

    /// <summary>The start as it was written: <c>2024-05-01T19:00</c>; "" when none was.</summary>
    public string StartText { get; init; } = "";
}

/// <summary>The recurrence object of version 1 of the API (metrics-monitors §8.3), as it was sent.</summary>
/// <param name="Type"><c>days</c>, <c>weeks</c>, <c>months</c>, <c>years</c> or <c>rrule</c>.</param>
public sealed record LegacyRecurrence(string Type)
{
    public int? Period { get; init; }
    public IReadOnlyList<string>? WeekDays { get; init; }
    public long? UntilDate { get; init; }
    public int? UntilOccurrences { get; init; }
    public string? Rrule { get; init; }
}

/// <summary>One occurrence of a downtime, with an id of its own in version 1 of the API.</summary>
/// <param name="Id">The downtime's own for the first.</param>
/// <param name="EndUnixSeconds">Excluded; <see cref="long.MaxValue"/> when it lasts until somebody ends it.</param>
public sealed record DowntimeRecord(long Id, long StartUnixSeconds, long EndUnixSeconds);

/// <summary>One time during which a downtime holds.</summary>
/// <param name="StartUnixSeconds">From here.</param>
/// <param name="EndUnixSeconds">Up to here, excluded; <see cref="long.MaxValue"/> when it lasts until somebody ends it.</param>
public readonly record struct DowntimeOccurrence(long StartUnixSeconds, long EndUnixSeconds)
{
    public bool Contains(long unixSeconds) => StartUnixSeconds <= unixSeconds && unixSeconds < EndUnixSeconds;
}

/// <summary>A downtime, its recurrence or scope cannot be as it was asked for; the message says why.</summary>
public sealed class DowntimeException(string message) : Exception(message);
