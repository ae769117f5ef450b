using Apm.ApmUi.Pages.Board;
using Apm.Core.Dashboards;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Dashboards;

/// <summary>All dashboards. Its state is the address: <c>q, list, skip</c>.</summary>
public partial class DashboardsPage
{
    [Inject] DashboardBook Book { get; set; } = null!;
    [Inject] DashboardLists Lists { get; set; } = null!;
    [Inject] GivenBoards Given { get; set; } = null!;

    DashboardsView? View;
    string? Failed;

    protected override void OnInitialized()
    {
        try
        {
            View = DashboardsView.Of(State, Book, Lists, Given.All());
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }
}
