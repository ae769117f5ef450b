using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Schedule;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>All monitors. Its state is the address: <c>q</c>, <c>skip</c>.</summary>
public partial class MonitorsPage
{
    [Inject] MonitorStates States { get; set; } = null!;
    [Inject] IDowntimeBook Downtimes { get; set; } = null!;
    [Inject] IMuteAll MuteAll { get; set; } = null!;

    MonitorsView View = null!;

    bool IsAllMuted => MuteAll.IsMuted(State.NowUnixNanos / UnixTime.NanosPerSecond);

    protected override void OnInitialized() => View = MonitorsView.Of(State, States.All(), Downtimes, MuteAll);
}
