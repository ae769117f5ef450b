using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Query.Endpoints;
using Apm.Query.Filters;
using Apm.Query.Services;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Endpoint;

/// <summary>One endpoint of a service. Its state is the address: <c>name, resource, band, samples</c> besides env and time.</summary>
public partial class EndpointPage
{
    static readonly (string Key, string Text)[] SampleKinds = [("newest", "Newest"), ("slowest", "Slowest"), ("p95", "Around p95"), ("median", "Around the median"), ("errors", "Errors")];

    /// <summary>What lasted this much shorter or longer than a percentile is around it.</summary>
    const double AroundFactor = 1.1;

    [Parameter] public string Service { get; set; } = "";
    [Inject] ServiceQueries Queries { get; set; } = null!;
    [Inject] TraceSearch Search { get; set; } = null!;
    [Inject] EndpointComparison Comparison { get; set; } = null!;
    [Inject] ServiceCatalogue Catalogue { get; set; } = null!;

    EndpointSummary? Summary;
    DistributionView? Histogram;
    OperationsView Operations = OperationsView.Empty;
    AttributeComparison Difference = AttributeComparison.None;
    TraceFilter ChosenFilter = TraceFilter.Empty;
    TraceSearchResult? Found;
    string? Failed;
    string EmptySays = "";
    string? EmptyEvidence;
    IReadOnlyList<string> Commands = [];

    string Resource => State.Url["resource"] ?? "";
    LatencyBand? Band => LatencyBand.Parse(State.Url["band"]);
    string Samples => SampleKinds.FirstOrDefault(kind => kind.Key == State.Url["samples"]).Key ?? "newest";
    bool ComparesErrors => Band is null && Summary is { ErrorCount: > 0 };
    string Chosen => Band is not null ? "The band" : "Failed";
    TraceFilter Filter => TraceFilter.Empty.With("service", Service).With("resource", Resource);

    /// <summary>Begins a monitor of one of <c>MonitorForm.Measures</c>.</summary>
    string MonitorLink(EndpointSummary summary, string measure) => State.Link("/monitors/new", ("service", Service), ("name", summary.Name), ("resource", Resource), ("measure", measure));

    string Chart(string what) => State.Data("/ui/data/red", ("service", Service), ("name", Summary?.Name), ("resource", Resource), ("what", what));

    /// <summary>From p95 on.</summary>
    static string SlowestBand(double p95Nanos) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(long)p95Nanos}-{LatencyBand.NoEndNanos}");

    static string BandText(LatencyBand band) => band.MaxNanos >= LatencyBand.NoEndNanos ? $"from {Figure.Duration(band.MinNanos)} on" : $"{Figure.Duration(band.MinNanos)} – {Figure.Duration(band.MaxNanos)}";

    static string Duration(double? nanos) => nanos is { } value ? Figure.Duration(value) : Figure.None;

    protected override bool Prepare()
    {
        if (Resource.Length == 0) return false;
        if (Catalogue.Service(Service) is null) Answers.NotFound(Context);
        return true;
    }

    protected override void Load(CancellationToken cancel)
    {
        try
        {
            var endpoints = Queries.Endpoints(Service, State.Env, State.Window.Range).Where(endpoint => endpoint.Resource == Resource).ToList();
            Summary = endpoints.Find(endpoint => endpoint.Name == State.Url["name"]) ?? endpoints.FirstOrDefault();
            if (Summary is not { HitCount: > 0 })
            {
                Explain();
                return;
            }
            Histogram = DistributionView.Of(Queries.Latencies(Service, State.Env, Summary.Name, Resource, State.Window.Range), Band);
            var endpoint = TraceQuery.Complete(Filter.With("operation", Summary.Name), State.Url);
            var choice = Band is { } band ? RequestChoice.Lasting(band.MinNanos, band.MaxNanos) : RequestChoice.All;
            var differing = ComparesErrors ? RequestChoice.Failed : choice;
            Operations = OperationsView.Of(Comparison.Operations(State.Window.Range, endpoint, choice, cancel));
            Difference = Comparison.Attributes(State.Window.Range, endpoint, differing, cancel);
            ChosenFilter = endpoint.And(differing.Filter);
            Found = Search.Search(SamplesOf(endpoint.And(choice.Filter), Summary), cancel);
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }

    TraceSearchRequest SamplesOf(TraceFilter filter, EndpointSummary summary)
    {
        var (sort, wanted) = Samples switch
        {
            "slowest" => (TraceSort.Slowest, filter),
            "errors" => (TraceSort.Newest, filter.With("status", "error")),
            "p95" => (TraceSort.Newest, Around(filter, summary.P95Nanos)),
            "median" => (TraceSort.Newest, Around(filter, summary.P50Nanos)),
            _ => (TraceSort.Newest, filter),
        };
        return new TraceSearchRequest { Range = State.Window.Range, Filter = wanted, Sort = sort, Limit = 20 };
    }

    static TraceFilter Around(TraceFilter filter, double? nanos) =>
        nanos is { } at ? filter.And(TraceFilter.Empty.WithDuration((long)(at / AroundFactor), (long)(at * AroundFactor))) : filter;

    /// <summary>A known route that nobody called, or an endpoint without a call in this time.</summary>
    void Explain()
    {
        if (Summary is { Route: { } route })
        {
            EmptySays = Summary.IsNeverCalled ? $"{Resource} has never been called." : $"{Resource} was not called in {State.Window.InWords(State.Zone)}.";
            EmptyEvidence = $"{Service} tells of the route. Call it:";
            Commands = [.. Catalogue.Processes().Where(process => process.Service == Service && !process.HasEnded && process.ListenUrls.Count > 0).Take(1).Select(process => CurlLines.Of(process.ListenUrls[0], route))];
            if (Commands.Count == 0) EmptyEvidence = $"{Service} tells of the route, but not where it listens.";
            return;
        }
        EmptySays = $"No request to {Resource} of {Service} in {State.Window.InWords(State.Zone)}.";
        EmptyEvidence = "It may have been called at another time: take a wider range.";
    }
}
