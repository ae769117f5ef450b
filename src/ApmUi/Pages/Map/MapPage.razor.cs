using Apm.Core.Ports;
using Apm.Query.ServiceMap;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Map;

/// <summary>The service map. Its state is the address: <c>view, focus, hops, path, goal, only, group, open, panel</c> besides env and time.</summary>
public partial class MapPage
{
    [Inject] ServiceMapQuery Query { get; set; } = null!;
    [Inject] MapMemory Memory { get; set; } = null!;
    [Inject] ITraceReader Traces { get; set; } = null!;

    MapView? View;
    string? Failed;
    bool IsEmptyInstallation;

    bool IsTable => State.Url["view"] == "table";
    bool OnlyErrors => State.Url["only"] == "errors";

    bool IsUnpaired => State.Url["view"] == "unpaired";
    bool IsMap => !IsTable && !IsUnpaired;

    /// <summary>The address without one of the unfolded groups.</summary>
    string FoldLink(string group) => State.Here(("open", string.Join(',', View!.Unfolded.Where(open => open != group))));

    string EmptySays => View?.Path is { } path ? $"No calls lead from {path.From} to {path.To} in this time." : OnlyErrors ? "Nothing fails in this time." : State.Env is { } env ? $"No service of env {env} has been called in this time." : "No service has been called in this time.";

    string FocusName(string id) => View?.Graph.Nodes.FirstOrDefault(node => node.Id == id)?.Name ?? id;

    protected override bool Prepare() => !(IsEmptyInstallation = Traces.Facts().SpanCount == 0);

    protected override void Load(CancellationToken cancel)
    {
        try
        {
            View = MapView.Of(State, Query.ReadWithNews(State.Window.Range, State.Env, cancel), Look, Memory);
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }
}
