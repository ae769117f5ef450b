namespace Apm.Core.Monitors;

/// <summary>What a monitor, or one of its groups, is in (metrics-monitors §6.6).</summary>
public enum MonitorState
{
    /// <summary>Nothing could be said yet, or data that came once comes no more.</summary>
    NoData,
    Ok,
    Warn,
    Alert,

    /// <summary>Service checks with status 3 only.</summary>
    Unknown,
}
