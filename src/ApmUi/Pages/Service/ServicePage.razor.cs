using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Pages.Board;
using Apm.ApmUi.Pages.Services;
using Apm.ApmUi.Shared;
using Apm.Core.Dashboards;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Search;
using Apm.Query.Filters;
using Apm.Query.ServiceMap;
using Apm.Query.Services;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Service;

/// <summary>One service. Its state is the address: <c>tab, sort, find, skip, deploy, latency</c> besides env and time.</summary>
public partial class ServicePage
{
    [Parameter] public string Name { get; set; } = "";
    [Inject] ServiceQueries Queries { get; set; } = null!;
    [Inject] ServiceMapQuery MapQuery { get; set; } = null!;
    [Inject] TraceSearch Search { get; set; } = null!;
    [Inject] ILedgerReader Ledger { get; set; } = null!;
    [Inject] ServiceCatalogue Catalogue { get; set; } = null!;
    [Inject] MonitorRules Rules { get; set; } = null!;
    [Inject] MonitorStates Monitors { get; set; } = null!;
    [Inject] MonitorHistory History { get; set; } = null!;
    [Inject] IDowntimeBook Downtimes { get; set; } = null!;
    [Inject] IMuteAll MuteAll { get; set; } = null!;

    ServiceSummary? Summary;
    ServiceView? View;
    IReadOnlyList<EndpointSummary> Operations = [];
    EventStripView? Events;

    /// <summary>Null when no monitor is about it.</summary>
    WorstMonitor? Worst;
    string? Failed;
    string? NotFoundEvidence;
    IReadOnlyList<TraceSummary> Errors = [];
    IReadOnlyList<ProcessInfo> Instances = [];
    LedgerSums Ingest = new();

    const string DefaultTab = "endpoints";
    static readonly IReadOnlyList<string> Tabs = [DefaultTab, "errors", "deployments", "calls", "instances", "hosts", "metrics", "ingest"];

    string Tab => State.Url["tab"] is { } given && Tabs.Contains(given) ? given : DefaultTab;
    int DeploymentCount => Catalogue.Service(Name)?.Deployments.Count(deployment => State.Env is not { } env || deployment.Env == env) ?? 0;
    string Quoted => TraceFilter.Empty.With("service", Name).ToString()["service:".Length..];
    (string Kind, string Word) StateOf => ServicesView.StateOf(View!.Summary.HitCount, View.Summary.ErrorRate);

    /// <summary>Another tab, without what belongs to this one.</summary>
    string TabLink(string? tab) => State.Here(("tab", tab), ("sort", null), ("find", null), ("skip", null));

    /// <summary>The board of the framework that answers most of its requests, of those that have one, for this service alone; null when there is none, or its metrics are of long ago.</summary>
    string? BoardLink => View is { } view && State.NowUnixNanos - view.Summary.LastSeenUnixNanos < TimeSpan.FromDays(1).Ticks * UnixTime.NanosPerTick
        && Operations.GroupBy(endpoint => endpoint.Name).OrderByDescending(group => group.Sum(endpoint => endpoint.HitCount)).Select(group => BuiltInBoards.IdOfOperation(group.Key)).FirstOrDefault(id => id is not null) is { } id
            ? State.Link("/dashboards/" + id, (BoardVariables.Prefix + "service", Name)) : null;

    /// <summary>Begins a monitor of one of <c>MonitorForm.Measures</c>.</summary>
    string MonitorLink(string measure) => State.Link("/monitors/new", ("service", Name), ("measure", measure));

    string Chart(string what) => State.Data("/ui/data/red", ("service", Name), ("what", what));

    static string Duration(double? nanos) => nanos is { } value ? Figure.Duration(value) : Figure.None;

    protected override bool Prepare()
    {
        try
        {
            Summary = Queries.Service(Name, State.Window.Range, State.Env);
            if (Summary is null)
            {
                NotFoundEvidence = Catalogue.Services() is { Count: > 0 } known
                    ? $"Known are {string.Join(", ", known.Take(8).Select(service => service.Name))}{(known.Count > 8 ? " and " + (known.Count - 8) + " more" : "")}."
                    : "No service has been seen at all.";
                Answers.NotFound(Context);
            }
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
        return Summary is not null;
    }

    protected override void Load(CancellationToken cancel)
    {
        try
        {
            Operations = Queries.Endpoints(Name, State.Env, State.Window.Range);
            View = ServiceView.Of(State, Summary!,
                Operations,
                Queries.Downstream(Name, State.Window.Range, State.Env),
                MapQuery.ReadRecent(State.Window.Range, State.Env, cancel));
            Events = EventStripView.Of(State, Catalogue.Service(Name), Catalogue.Processes(), ServiceMonitors.Changes(Rules.All().Select(known => known.Rule), History.Read, Name, State.Env, State.Window.Range));
            Worst = WorstMonitor.OfServices(State, Monitors, Downtimes, MuteAll, Name).GetValueOrDefault(ServiceMonitors.KeyOf(Name)) is { } worst ? WorstMonitor.Of(State, worst) : null;
            Instances = [.. Queries.ProcessesOf(Name, State.Env)];
            Ingest = LedgerSums.Of(Ledger.ReadLedger(State.Window.Range, Name, LedgerPage.WidthFor(State.Window.Range)));
            if (Tab == "errors")
            {
                var filter = TraceQuery.Complete(TraceFilter.Empty.With("service", Name).With("status", "error"), State.Url);
                Errors = Search.Search(new TraceSearchRequest { Range = State.Window.Range, Filter = filter, Limit = 20 }, cancel).Traces;
            }
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }
}
