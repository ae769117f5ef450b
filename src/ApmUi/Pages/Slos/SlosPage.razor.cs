using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>All objectives. Its state is the address: <c>q</c>.</summary>
public partial class SlosPage
{
    [Inject] SloBook Slos { get; set; } = null!;
    [Inject] SloReports Reports { get; set; } = null!;

    SlosView? View;

    /// <summary>Works it out behind the frame of the page: the numbers of months are read.</summary>
    protected override async Task OnInitializedAsync()
    {
        await Task.Yield();
        View = SlosView.Of(State, Slos.All(), slo => Reports.Of(slo), id => Slos.WatchersOf(id).Count);
    }
}
