using Apm.ApmUi.Format;
using Apm.Core.Hosts;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Query.Evaluate;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Hosts;

/// <summary>All hosts. Its state is the address: <c>q</c> besides time.</summary>
public partial class HostsPage
{
    [Inject] HostCatalogue Hosts { get; set; } = null!;
    [Inject] MetricQueries Queries { get; set; } = null!;
    [Inject] ServiceCatalogue Services { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    HostsView? View;
    string? Failed;

    static string Ratio(double? ratio) => ratio is { } value ? Figure.Percent(Math.Clamp(value, 0, 1)) : Figure.None;

    /// <summary>From 80 % it is worth a look, from 95 % it is full.</summary>
    static string ClassOf(double? ratio) => ratio switch { >= 0.95 => "err", >= 0.8 => "warn", _ => "" };

    protected override void OnInitialized()
    {
        try
        {
            View = HostsView.Of(State, Hosts, Queries, Services, Context?.RequestAborted ?? default);
        }
        catch (Exception problem) when (problem is StoreUnavailableException or QueryLimitException)
        {
            Failed = problem.Message;
        }
    }
}
