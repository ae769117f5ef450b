using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Diagnosis;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Monitors.Schedule;
using Apm.Monitors.Search;
using Apm.Query.ServiceMap;
using Apm.Query.Services;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Services;

/// <summary>The list of services. Its state is the address: <c>tab, sort, q, state, type, language, facets</c> besides env and time.</summary>
public partial class ServicesPage
{
    [Inject] ServiceQueries Queries { get; set; } = null!;
    [Inject] ServiceMapQuery MapQuery { get; set; } = null!;
    [Inject] ITraceReader Traces { get; set; } = null!;
    [Inject] ServiceCatalogue Catalogue { get; set; } = null!;
    [Inject] ILedgerReader Ledger { get; set; } = null!;
    [Inject] MonitorStates Monitors { get; set; } = null!;
    [Inject] IDowntimeBook Downtimes { get; set; } = null!;
    [Inject] IMuteAll MuteAll { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    ServicesView? View;
    string? Failed;

    /// <summary>What was looked for when there is no service, or none that was called; null when there is.</summary>
    ScreenFacts? Nothing;

    bool ShowsOthers => State.Url["tab"] == "others";
    bool ShowsFacets => State.Url["facets"] != "off";
    bool IsNarrowed => State.Url["q"] is not null || State.Url["state"] is not null || State.Url["type"] is not null || State.Url["language"] is not null;
    string SortKey => State.Url["sort"] ?? "impact";

    string EmptySays => IsNarrowed && View is { TotalCount: > 0 } ? State.Url["q"] is { } needle && !View.Facets.Facets.Any(facet => facet.Lines.Any(line => line.IsChosen)) ? $"No service has “{needle}” in its name." : "No service is so."
        : ShowsOthers ? "No database or third party has been called in this time."
        : State.Env is { } env ? $"No service has been seen in env {env}." : "No service has been seen.";

    string? EmptyEvidence => IsNarrowed && View is { TotalCount: > 0 } ? $"Without the filters there are {View.TotalCount}." : ShowsOthers && State.Url["q"] is null ? "They are told by the calls of services: spans of kind client that name what they call." : null;

    protected override void OnInitialized()
    {
        try
        {
            var services = Queries.Services(State.Window.Range, State.Env);
            if (services.Count == 0 && State.Env is null) return;
            IReadOnlyList<MapNode> inferred = ShowsOthers
                ? [.. MapQuery.ReadRecent(State.Window.Range, State.Env, Context?.RequestAborted ?? default).Nodes.Where(node => node.IsInferred)]
                : [];
            View = ShowsOthers ? ServicesView.Of(State, services, true, inferred)
                : ServicesView.Of(State, services, false, [], Ledger.ReadLedger(State.Window.Range, null, LedgerPage.WidthFor(State.Window.Range)), WorstMonitor.OfServices(State, Monitors, Downtimes, MuteAll));
            Nothing = ShowsOthers || IsNarrowed ? null : View.Rows.Count == 0 ? NoService() : View.Rows.All(row => row.IsSilent) ? NoRequest(State.Env is null && Traces.Facts().NewestStartUnixNanos is { } newest ? newest : View.Rows.Max(row => row.LastSeenUnixNanos)) : null;
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }

    /// <summary>The environment has no service: how many others have.</summary>
    ScreenFacts NoService()
    {
        var known = Catalogue.Services();
        return new ScreenFacts
        {
            Noun = "services",
            Filters = State.Env is { } env ? [new FilterFact("env:" + env, known.Count, State.Here(("env", null)))] : [],
            OtherEnvs = [.. known.SelectMany(service => service.Envs).GroupBy(other => other, StringComparer.Ordinal).Select(other => new FilterFact("env:" + other.Key, other.Count(), State.Here(("env", other.Key)))).OrderByDescending(other => other.Count)],
        };
    }

    /// <summary>Services are known and none was called in this time: when one was last.</summary>
    ScreenFacts NoRequest(long lastUnixNanos) => new()
    {
        Noun = "requests",
        WindowNanos = State.Window.Range.LengthNanos,
        WindowText = State.Window.IsLive ? "" : State.Window.InWords(State.Zone),
        NewestUnixNanos = State.Window.Range.Contains(lastUnixNanos) ? 0 : lastUnixNanos,
        ThereUrl = lastUnixNanos == 0 ? "" : State.Here(DataElsewhere.Around(lastUnixNanos, State)),
    };
}
