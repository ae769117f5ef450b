using Apm.Core.Monitors;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Evaluate;

/// <summary>What becomes of a group whose window holds nothing (metrics-monitors §6.5). Pure.</summary>
public static class MissingDataRule
{
    const int MinuteSeconds = 60;
    const int HourSeconds = 3_600;

    /// <summary>How long a silent service check is not called missing when nothing is said.</summary>
    const long ServiceCheckSeconds = 24 * HourSeconds;

    /// <summary>After how many seconds without data it is missing.</summary>
    public static long TimeframeSeconds(MonitorOptions options, MonitorQuery query) =>
        options.NoDataTimeframeMinutes is { } minutes ? minutes * (long)MinuteSeconds
        : query is ServiceCheckMonitorQuery ? ServiceCheckSeconds
        : 2 * Math.Max(query.WindowSeconds, MinuteSeconds);

    /// <summary>Whether No Data is told.</summary>
    public static bool TellsNoData(MonitorOptions options) => options.OnMissingData is { } said && said != "default" ? said == "show_and_notify_no_data" : options.NotifyNoData;

    /// <summary>Whether what does not come is 0.</summary>
    public static bool IsZero(MonitorOptions options, MonitorQuery query) => query.IsCount && options.OnMissingData is null or "default";

    /// <summary>The state without data; null when it stays.</summary>
    /// <param name="silentSeconds">How long there has been none.</param>
    /// <param name="isTimedOut">Whether that comes from <c>timeout_h</c>.</param>
    public static MonitorState? StateOf(MonitorOptions options, MonitorQuery query, GroupState before, long silentSeconds, out bool isTimedOut)
    {
        isTimedOut = before.IsTimedOut || (before.HasHadData && options.TimeoutHours > 0 && silentSeconds >= options.TimeoutHours * (long)HourSeconds && before.State != MonitorState.Ok);
        if (!before.HasHadData) return null; // Never any data: No Data since it was made, and nobody is told.
        if (isTimedOut) return MonitorState.Ok;
        return options.OnMissingData switch
        {
            "show_no_data" or "show_and_notify_no_data" => MonitorState.NoData,
            "resolve" => MonitorState.Ok,
            _ => options.NotifyNoData && silentSeconds >= TimeframeSeconds(options, query) ? MonitorState.NoData : null,
        };
    }
}
