using Apm.Core.Ports;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>One monitor: its state, what is evaluated, groups, history. Its state is the address: time alone.</summary>
public partial class MonitorPage
{
    [Parameter] public long Id { get; set; }
    [Inject] MonitorRules Rules { get; set; } = null!;
    [Inject] MonitorStates States { get; set; } = null!;
    [Inject] MonitorHistory History { get; set; } = null!;
    [Inject] IDowntimeBook Downtimes { get; set; } = null!;
    [Inject] IMuteAll MuteAll { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    MonitorView? View;
    string Muted = "";

    protected override void OnInitialized()
    {
        if (Rules.Find(Id) is not { } known || States.Find(Id) is not { } monitor)
        {
            Links.Answers.NotFound(Context);
            return;
        }
        View = MonitorView.Of(State, monitor, known.Query, History.Read(Id));
        Muted = MonitorsView.MutedOf(State, known.Rule, Downtimes, MuteAll);
    }
}
