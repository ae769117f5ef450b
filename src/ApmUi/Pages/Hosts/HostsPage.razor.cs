using Apm.Core.Diagnosis;
using Apm.Core.Hosts;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Query.Evaluate;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Hosts;

/// <summary>All hosts. Its state is the address: <c>q</c>, <c>view</c> (list or map) and <c>by</c> (what colours the map) besides time.</summary>
public partial class HostsPage
{
    [Inject] HostCatalogue Hosts { get; set; } = null!;
    [Inject] MetricQueries Queries { get; set; } = null!;
    [Inject] ServiceCatalogue Services { get; set; } = null!;
    [Inject] IServiceProvider Provider { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    HostsView? View;
    string? Failed;

    bool IsMap => State.Url["view"] == "map";

    protected override void OnInitialized()
    {
        try
        {
            View = HostsView.Of(State, Hosts, Queries, Services, Provider.GetService<IDoctor>(), Context?.RequestAborted ?? default);
        }
        catch (Exception problem) when (problem is StoreUnavailableException or QueryLimitException)
        {
            Failed = problem.Message;
        }
    }
}
