namespace Apm.Core.Monitors;

/// <summary>How a monitor judges and tells (metrics-monitors §6.5, §6.6, §6.10). Null is: not given, the default holds.</summary>
public sealed record MonitorOptions
{
    public MonitorThresholds Thresholds { get; init; } = new();

    /// <summary>Of anomaly monitors, as <c>last_15m</c>; null for none.</summary>
    public string? TriggerWindow { get; init; }
    public string? RecoveryWindow { get; init; }

    /// <summary>When the windows <c>current_1h</c>, <c>current_1d</c>, <c>current_1mo</c> begin; null for the whole hour, day and month in UTC.</summary>
    public CurrentWindowStart? CurrentStart { get; init; }

    /// <summary>It is evaluated at these times only; null or none for every so many minutes.</summary>
    public IReadOnlyList<MonitorRecurrence>? CustomSchedule { get; init; }

    /// <summary>How long a group without data is kept, in seconds; null for the usual 24 h.</summary>
    public int? GroupRetentionSeconds { get; init; }

    public bool NotifyNoData { get; init; }
    public int? NoDataTimeframeMinutes { get; init; }

    /// <summary><c>default</c>, <c>show_no_data</c>, <c>show_and_notify_no_data</c>, <c>resolve</c>; null when the two above decide.</summary>
    public string? OnMissingData { get; init; }

    /// <summary>After so many hours without data a group that is not OK becomes OK; 0 for never.</summary>
    public int TimeoutHours { get; init; }

    public bool RequireFullWindow { get; init; }
    public int EvaluationDelaySeconds { get; init; }
    public int? NewGroupDelaySeconds { get; init; }
    public int? NewHostDelaySeconds { get; init; }

    /// <summary>0 or null for never.</summary>
    public int? RenotifyIntervalMinutes { get; init; }
    public int? RenotifyOccurrences { get; init; }

    /// <summary>Null for alert and no data.</summary>
    public IReadOnlyList<MonitorState>? RenotifyStates { get; init; }

    /// <summary>Said instead of the message in repeats; "" for none.</summary>
    public string EscalationMessage { get; init; } = "";

    /// <summary>Whether the group stands in the title.</summary>
    public bool IncludeTags { get; init; } = true;

    public bool NotifyAudit { get; init; }

    /// <summary>Keys of groups whose notices are told as one; <c>*</c> for one of all; null for one per group.</summary>
    public IReadOnlyList<string>? NotifyBy { get; init; }

    /// <summary>Which parts of the footer are shown, as <c>hide_query</c>; null for all.</summary>
    public string? NotificationPreset { get; init; }

    public bool Locked { get; init; }

    /// <summary>Muted scopes and until when, Unix seconds; null for until further notice.</summary>
    public IReadOnlyDictionary<string, long?> Silenced { get; init; } = new Dictionary<string, long?>();

    /// <summary>Its mutes end by themselves when all of its groups are OK.</summary>
    public bool MutesUntilResolved { get; init; }

    /// <summary>Options that are kept for whoever sent them and mean nothing here, as a JSON object; "" for none.</summary>
    public string OthersJson { get; init; } = "";
}

/// <summary>When a monitor is evaluated: a rule on the wall clock of a zone.</summary>
/// <param name="Rule">RFC 5545 without DTSTART, as it was written.</param>
/// <param name="StartLocal">Where the rule begins, on the wall clock.</param>
/// <param name="TimeZone">IANA name.</param>
public sealed record MonitorRecurrence(string Rule, DateTime StartLocal, string TimeZone);

/// <summary>When current windows begin, on the wall clock of a zone.</summary>
/// <param name="HourMinute">Minute of the hour, 0 to 59.</param>
/// <param name="DayMinute">Minute of the day, 0 to 1439.</param>
/// <param name="TimeZone">IANA name.</param>
public sealed record CurrentWindowStart(int HourMinute, int DayMinute, string TimeZone);

/// <summary>Where a value changes the state; null where there is none. Of service checks: counts of runs.</summary>
public sealed record MonitorThresholds
{
    public double? Critical { get; init; }
    public double? Warning { get; init; }
    public double? Ok { get; init; }
    public double? Unknown { get; init; }
    public double? CriticalRecovery { get; init; }
    public double? WarningRecovery { get; init; }
}
