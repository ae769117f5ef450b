using System.Globalization;
using Apm.ApmUi.Links;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Search;

namespace Apm.ApmUi.Shared;

/// <summary>The worst monitor of a service, as a list or a head shows it. Immutable.</summary>
/// <param name="Link">Its page.</param>
/// <param name="Kind">The sign of a <c>StateDot</c>; <c>muted</c> when it is not well and nothing is told of it.</param>
/// <param name="Word">The state, with <c>muted</c> behind it when that matters.</param>
/// <param name="Title">Which monitor it is, of how many.</param>
/// <param name="Gravity">The larger the worse; what is muted counts less than what is told, the same state given.</param>
public sealed record WorstMonitor(string Link, string Kind, string Word, string Title, double Gravity)
{
    /// <summary>In the words of a page.</summary>
    /// <param name="state">Whose links hold.</param>
    public static WorstMonitor Of(PageState state, ServiceMonitor monitor)
    {
        var isMuted = monitor.IsMuted && monitor.State != MonitorState.Ok;
        return new WorstMonitor(
            LinkOf(state, monitor.MonitorId),
            isMuted ? "muted" : MonitorSigns.KindOf(monitor.State),
            monitor.State.Word() + (isMuted ? ", muted" : ""),
            $"{monitor.Name}{MonitorSigns.Behind(monitor.Group)}{(monitor.MonitorCount > 1 ? $", the worst of {monitor.MonitorCount} monitors of this service" : ", the only monitor of this service")}",
            monitor.State.Gravity() - (isMuted ? 0.5 : 0));
    }

    /// <summary>The worst of each service that has one, in the environment of the page, by <see cref="ServiceMonitors.KeyOf"/> its name.</summary>
    /// <param name="state">Whose environment and time hold.</param>
    /// <param name="monitors">All monitors with their states.</param>
    /// <param name="downtimes">What mutes a group.</param>
    /// <param name="muteAll">What mutes all.</param>
    /// <param name="only">The one service that is asked for, which spares the others' monitors; null for all.</param>
    public static IReadOnlyDictionary<string, ServiceMonitor> OfServices(PageState state, MonitorStates monitors, IDowntimeBook downtimes, IMuteAll muteAll, string? only = null)
    {
        var now = state.NowUnixNanos / UnixTime.NanosPerSecond;
        var allMuted = muteAll.IsMuted(now);
        return ServiceMonitors.Worst(monitors.All(), state.Env, (rule, tags) => allMuted || downtimes.For(rule, tags, now).IsMuted, only);
    }

    /// <summary>The page of a monitor.</summary>
    public static string LinkOf(PageState state, long monitorId) => state.Link("/monitors/" + monitorId.ToString(CultureInfo.InvariantCulture));
}
