using System.Globalization;
using Apm.ApmUi.Format;
using Apm.Core.Downtimes;
using Apm.Core.Ports;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Schedule;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Downtimes;

/// <summary>All downtimes, what they silence in the next month, and a form for a new one. Its state is the address: <c>over=1</c> shows those that are over, <c>edit=</c> one in the form, <c>skip=</c> a later page.</summary>
public partial class DowntimesPage
{
    [Inject] DowntimeBook Book { get; set; } = null!;
    [Inject] IMonitorRules Rules { get; set; } = null!;
    [Inject] IMuteAll MuteAll { get; set; } = null!;

    DowntimesView View = null!;
    DowntimeForm Form = null!;
    bool WithOver;

    /// <summary>What is changed in the form; null for a new one.</summary>
    Downtime? Edited;

    /// <summary>The zone that a new one is offered in.</summary>
    string ZoneName => State.Zone == TimeZoneInfo.Utc ? "UTC" : State.Zone.Id;

    string Local(int afterHours) => LocalTimeField.Of(TimeZoneInfo.ConvertTime(State.Now.AddHours(afterHours), State.Zone).DateTime);

    protected override void OnInitialized()
    {
        WithOver = State.Url["over"] == "1";
        View = DowntimesView.Of(State, Book, Rules, WithOver);
        Edited = long.TryParse(State.Url["edit"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Book.Find(id) is { } found && Book.StatusOf(found) is DowntimeStatus.Active or DowntimeStatus.Scheduled ? found : null;
        Form = Edited is { } edited ? DowntimeForm.Of(edited) : new DowntimeForm { Monitor = State.Url["monitor"] ?? "", Start = Local(0), End = Local(1), Zone = ZoneName };
    }
}
