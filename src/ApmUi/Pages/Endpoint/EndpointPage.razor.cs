using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Query.Filters;
using Apm.Query.Services;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Endpoint;

/// <summary>One endpoint of a service. Its state is the address: <c>name, resource, band, samples</c> besides env and time.</summary>
public partial class EndpointPage
{
    /// <summary>Stored traces that the span summary is made of, the newest; default 20.</summary>
    const int SummarisedTraces = 20;

    static readonly (string Key, string Text)[] SampleKinds = [("newest", "Newest"), ("slowest", "Slowest"), ("errors", "Errors")];

    [Parameter] public string Service { get; set; } = "";
    [Inject] ServiceQueries Queries { get; set; } = null!;
    [Inject] TraceSearch Search { get; set; } = null!;
    [Inject] TraceLookup Lookup { get; set; } = null!;
    [Inject] ServiceCatalogue Catalogue { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    EndpointSummary? Summary;
    DistributionView? Histogram;
    SpanSummaryView SpanSummary = SpanSummaryView.Empty;
    TraceSearchResult? Found;
    string? Failed;
    string EmptySays = "";
    string? EmptyEvidence;
    IReadOnlyList<string> Commands = [];

    string Resource => State.Url["resource"] ?? "";
    LatencyBand? Band => LatencyBand.Parse(State.Url["band"]);
    string Samples => State.Url["samples"] is "slowest" or "errors" ? State.Url["samples"]! : "newest";
    TraceFilter Filter => TraceFilter.Empty.With("service", Service).With("resource", Resource);

    string Chart(string what) => State.Data("/ui/data/red", ("service", Service), ("name", Summary?.Name), ("resource", Resource), ("what", what));

    static string Duration(double? nanos) => nanos is { } value ? Figure.Duration(value) : Figure.None;

    protected override void OnInitialized()
    {
        if (Resource.Length == 0) return;
        var cancel = Context?.RequestAborted ?? default;
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
            var filter = TraceQuery.Complete(Filter.With("operation", Summary.Name), State.Url);
            if (Band is { } band) filter = filter.WithDuration(band.MinNanos, band.MaxNanos);
            var newest = Search.Search(new TraceSearchRequest { Range = State.Window.Range, Filter = filter, Limit = SummarisedTraces }, cancel);
            SpanSummary = SpanSummaryView.Of(newest.Traces.Select(trace => Lookup.Read(trace.TraceId, cancel)).OfType<TraceTree>());
            Found = Samples == "newest" ? newest with { Traces = [.. newest.Traces.Take(20)] } : Search.Search(new TraceSearchRequest
            {
                Range = State.Window.Range,
                Filter = Samples == "errors" ? filter.With("status", "error") : filter,
                Sort = Samples == "slowest" ? TraceSort.Slowest : TraceSort.Newest,
                Limit = 20,
            }, cancel);
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }

    /// <summary>A known route that nobody called, or an endpoint without a call in this time.</summary>
    void Explain()
    {
        if (Summary is { Route: { } route })
        {
            EmptySays = Summary.IsNeverCalled ? $"{Resource} has never been called." : $"{Resource} was not called in {State.Window.Label(State.Zone).Replace("Past", "the past", StringComparison.Ordinal)}.";
            EmptyEvidence = $"{Service} tells of the route. Call it:";
            Commands = [.. Catalogue.Processes().Where(process => process.Service == Service && !process.HasEnded && process.ListenUrls.Count > 0).Take(1).Select(process => CurlLines.Of(process.ListenUrls[0], route))];
            if (Commands.Count == 0) EmptyEvidence = $"{Service} tells of the route, but not where it listens.";
            return;
        }
        EmptySays = $"No request to {Resource} of {Service} in {State.Window.Label(State.Zone).Replace("Past", "the past", StringComparison.Ordinal)}.";
        EmptyEvidence = "It may have been called at another time: take a wider range.";
        if (Summary is null && Catalogue.Service(Service) is null) Answers.NotFound(Context);
    }
}
