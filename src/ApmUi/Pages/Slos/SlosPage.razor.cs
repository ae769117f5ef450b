using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>All objectives. Its state is the address: <c>q</c>, <c>skip</c>.</summary>
public partial class SlosPage
{
    [Inject] SloBook Slos { get; set; } = null!;
    [Inject] SloReports Reports { get; set; } = null!;

    SlosView? View;

    protected override void Load(CancellationToken cancel) => View = SlosView.Of(State, Slos.All(), slo => Reports.Of(slo, SloList.RankAge, cancel), slo => Reports.Of(slo, cancel), id => Slos.WatchersOf(id).Count);
}
