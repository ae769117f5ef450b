using Apm.Core.Ports;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Schedule;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Downtimes;

/// <summary>All downtimes, what they silence in the next month, and a form for a new one. Its state is the address: <c>over=1</c> shows those that are over.</summary>
public partial class DowntimesPage
{
    static readonly (string Rule, string Word)[] WeekDays = [("MO", "Mon"), ("TU", "Tue"), ("WE", "Wed"), ("TH", "Thu"), ("FR", "Fri"), ("SA", "Sat"), ("SU", "Sun")];

    [Inject] DowntimeBook Book { get; set; } = null!;
    [Inject] IMonitorRules Rules { get; set; } = null!;
    [Inject] IMuteAll MuteAll { get; set; } = null!;

    DowntimesView View = null!;
    bool WithOver;

    /// <summary>The zone that a new one is offered in.</summary>
    string ZoneName => State.Zone == TimeZoneInfo.Utc ? "UTC" : State.Zone.Id;

    string Local(int afterHours) => TimeZoneInfo.ConvertTime(State.Now.AddHours(afterHours), State.Zone).ToString("yyyy-MM-dd'T'HH:mm", System.Globalization.CultureInfo.InvariantCulture);

    protected override void OnInitialized()
    {
        WithOver = State.Url["over"] == "1";
        View = DowntimesView.Of(Book, Rules, WithOver, State.Zone);
    }
}
