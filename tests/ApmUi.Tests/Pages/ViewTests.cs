using Apm.ApmUi.Pages.Endpoint;
using Apm.ApmUi.Pages.Home;
using Apm.ApmUi.Pages.Map;
using Apm.ApmUi.Pages.Services;
using Apm.ApmUi.Pages.Trace;
using Apm.ApmUi.Pages.Traces;
using Apm.ApmUi.Shared;
using Apm.Core.Ledger;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.ServiceMap;
using Apm.Query.Services;
using Apm.Query.Text;
using Apm.Query.Traces;
using Apm.Storage.InMemory;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

public class ViewTests
{
    static readonly ServiceLook Look = new(new ServiceCatalogue(new MemoryDocuments()));

    static TraceTree Tree(params Span[] spans)
    {
        var store = new InMemoryTraceStore();
        store.Append(SpanBatches.Of(spans), default);
        return new TraceLookup(store).Read(spans[0].TraceId)!;
    }

    static ServiceSummary Service(string name, double hits, double errors = 0, double p95 = 1e6, ServiceKind kind = ServiceKind.Application) =>
        new() { Name = name, HitCount = hits, ErrorCount = errors, P95Nanos = hits > 0 ? p95 : null, HitsPerSecond = hits / 60, Kind = kind };

    [Fact]
    public void A_failed_trace_names_the_span_in_which_the_failure_began()
    {
        var view = TraceView.Of(UrlStates.Of("/traces/1"), Tree(
            Some.Span(id: 1, isError: true),
            Some.Span(id: 2, parent: 1, startNanos: 10, isError: true, tags: [("error.type", "TimeoutError"), ("error.message", "no answer in 5 s")]),
            Some.Span(id: 3, parent: 1, startNanos: 20)));

        Assert.Equal((2ul, "TimeoutError", "no answer in 5 s"), (view.FirstError!.Node.SpanId.Value, view.FirstError.Error.Type, view.FirstError.Error.Message));
        Assert.Null(TraceView.Of(UrlStates.Of("/traces/1"), Tree(Some.Span(id: 1))).FirstError);
    }

    [Fact]
    public void Services_that_fail_come_first_then_those_with_most_impact_silent_ones_last()
    {
        var view = ServicesView.Of(UrlStates.Of("/services"), [Service("silent", 0), Service("small", 10), Service("big", 1000), Service("failing", 20, 2)], false, []);

        Assert.Equal(["failing", "big", "small", "silent"], view.Rows.Select(row => row.Name));
        Assert.Equal(("error", "failing"), (view.Rows[0].State, view.Rows[0].StateWord));
    }

    [Theory]
    [InlineData("rate", "big small")]
    [InlineData("rate-turned", "small big")]
    [InlineData("name", "big small")]
    [InlineData("name-turned", "small big")]
    public void A_columns_head_sorts_and_turns(string sort, string order)
    {
        var view = ServicesView.Of(UrlStates.Of("/services?sort=" + sort), [Service("small", 10), Service("big", 1000)], false, []);

        Assert.Equal(order, string.Join(' ', view.Rows.Select(row => row.Name)));
    }

    [Fact]
    public void Databases_stand_in_their_own_tab_with_what_is_only_known_from_calls()
    {
        ServiceSummary[] services = [Service("web", 10), Service("redis", 5, kind: ServiceKind.Cache)];
        MapNode orders = new("database:orders", "orders", "sql", ServiceKind.Database, 3, 0, 1e6, 0.1, IsInferred: true);

        Assert.Equal(["web"], ServicesView.Of(UrlStates.Of("/services"), services, false, []).Rows.Select(row => row.Name));
        Assert.Equal(["orders", "redis"], ServicesView.Of(UrlStates.Of("/services?tab=others&sort=name"), services, true, [orders]).Rows.Select(row => row.Name));
    }

    [Fact]
    public void A_facet_adds_its_value_to_the_query_and_takes_it_back()
    {
        var facets = new TraceFacets { Services = [new("web", 12)], Envs = [], Operations = [], Resources = [], Statuses = [new("error", 3)], IsComplete = true };
        var result = new TraceSearchResult { Traces = [], MatchedTraceCount = 0, MatchedSpanCount = 0, ScannedSpanCount = 12, IsComplete = true, ElapsedMilliseconds = 3 };
        var view = TracesView.Of(UrlStates.Of("/traces?q=service:web&limit=200"), TraceFilterParser.Parse("service:web"), TraceOrder.Read(null, out _), 0, 50, result, facets);

        Assert.Equal("/traces", view.Facets.Single(facet => facet.Title == "Service").Lines[0].Link);
        Assert.Equal("/traces?q=service:web+status:error", view.Facets.Single(facet => facet.Title == "Status").Lines[0].Link);
        Assert.Equal("/traces?q=service:web+-status:error", view.Facets.Single(facet => facet.Title == "Status").Lines[0].NegatedLink);
    }

    [Fact]
    public void The_footer_tells_the_true_total_and_how_much_was_looked_at()
    {
        var summary = new TraceSummary { TraceId = Some.TraceId(7), Root = new TraceRoot("web", "op", "GET /", "web", "prod", 200, false, 5), StartUnixNanos = Some.BaseUnixNanos, DurationNanos = 5, SpanCount = 1, ErrorCount = 0, MatchedSpanCount = 1, Services = [] };
        var result = new TraceSearchResult { Traces = [summary], MatchedTraceCount = 1284, MatchedSpanCount = 5000, ScannedSpanCount = 3_100_000, IsComplete = true, ElapsedMilliseconds = 84 };
        var empty = new TraceFacets { Services = [], Envs = [], Operations = [], Resources = [], Statuses = [], IsComplete = true };

        var view = TracesView.Of(UrlStates.Of("/traces"), TraceFilter.Empty, TraceOrder.Read(null, out _), 0, 50, result, empty);

        Assert.Equal("1 of 1,284 traces, the newest first · 5,000 spans match · 3.1 M scanned · complete · 84 ms", string.Join(" · ", view.Footer));
        Assert.Equal("/traces?limit=200", view.MoreLink);
    }

    [Fact]
    public void A_bad_query_marks_the_place_and_offers_the_nearest_word()
    {
        const string text = "service:web durration:>5ms";
        Assert.False(TraceFilterParser.TryParse(text, out _, out var error));

        var bad = BadQuery.Of(text, error);

        Assert.Equal("service:web ", bad.Before);
        Assert.Equal(text, bad.Before + bad.Wrong + bad.After);
        Assert.Equal("service:web duration:>5ms", bad.FixedQuery);
    }

    [Theory]
    [InlineData("min=100", 100_000_000L, null)]
    [InlineData("min=1.5s&max=2m", 1_500_000_000L, 120_000_000_000L)]
    public void The_duration_fields_are_part_of_the_query(string fields, long min, long? max)
    {
        var filter = TraceQuery.Complete(TraceFilter.Empty, UrlStates.Of("/traces?" + fields).Url);

        Assert.Equal((min, max), (filter.MinDurationNanos, filter.MaxDurationNanos));
    }

    [Fact]
    public void A_duration_without_sense_says_how_to_write_one()
    {
        var error = Assert.Throws<QueryTextException>(() => TraceQuery.Complete(TraceFilter.Empty, UrlStates.Of("/traces?min=fast").Url));
        Assert.Equal("\"fast\" is not a duration. Write it with a unit, such as 100ms, 1.5s or 2m.", error.Message);
    }

    [Fact]
    public void A_skeleton_has_parents_before_children_times_in_microseconds_and_no_ids()
    {
        var tree = Tree(
            Some.Span(id: 1, durationNanos: 10 * Some.Millisecond),
            Some.Span(id: 2, parent: 1, service: "db", resource: "SELECT 1", startNanos: Some.Millisecond, durationNanos: 300, isError: true));

        var skeleton = TraceSkeleton.Of(tree, _ => "s1");

        Assert.Equal([-1, 0], skeleton.Parent);
        Assert.Equal([0L, 1000L], skeleton.Start);
        Assert.Equal([10_000L, 1L], skeleton.Dur);
        Assert.Equal("SELECT 1", skeleton.Strings[skeleton.Resource[1]]);
        Assert.Equal(1, skeleton.Flags[1] & 1);
        Assert.Equal(10_000, skeleton.TotalUs);
    }

    [Fact]
    public void A_list_of_many_operations_has_pages()
    {
        var tree = Tree([Some.Span(id: 1), .. Enumerable.Range(2, 449).Select(id => Some.Span(id: (ulong)id, parent: 1, resource: $"operation {id}"))]);
        (int Number, int Count, int Shown) At(string query)
        {
            var view = TraceView.Of(UrlStates.Of("/traces/1?view=list" + query), tree);
            Assert.Equal(view.GroupPage.ShownCount, view.Groups.Count);
            return (view.GroupPage.Number, view.GroupPage.Count, view.Groups.Count);
        }

        Assert.Equal((1, 450, 200), At(""));
        Assert.Equal((3, 450, 50), At("&skip=400"));
        Assert.Equal((3, 450, 50), At("&skip=9999999"));
        Assert.Equal((1, 1, 1), At("&group=service&skip=200"));
        Assert.Empty(TraceView.Of(UrlStates.Of("/traces/1"), tree).Groups);
    }

    [Fact]
    public void The_panel_shows_the_error_first_and_keeps_the_tracers_own_tags_apart()
    {
        var tree = Tree(Some.Span(id: 1, isError: true, tags: [("error.msg", "boom"), ("error.type", "E"), ("zebra", "1"), ("http.method", "GET"), ("_dd.p.dm", "-1")]));

        var view = TraceView.Of(UrlStates.Of("/traces/1?span=0"), tree).Selected!;

        Assert.Equal(("E", "boom", ""), (view.Error!.Type, view.Error.Message, view.Error.Stack));
        Assert.Equal(["http.method", "zebra", "_dd.p.dm"], view.Attributes.Select(attribute => attribute.Key));
        Assert.Equal([false, false, true], view.Attributes.Select(attribute => attribute.IsInternal));
        Assert.Equal("/traces?q=@http.method:GET", view.Attributes[0].IncludeLink);
    }

    [Fact]
    public void A_span_leads_to_its_host_when_that_is_known()
    {
        var tree = Tree(Some.Span(id: 1, service: "web", tags: [("host.name", "box 1")]), Some.Span(id: 2, parent: 1, service: "db"), Some.Span(id: 3, parent: 1, service: "web", tags: [("host.name", "web")]));
        string? LinkOf(int span, Func<string, bool>? isKnown) => TraceView.Of(UrlStates.Of($"/traces/1?span={span}"), tree, isKnown).Selected!.HostLink;

        Assert.Equal("/hosts/box%201", LinkOf(0, name => name == "box 1"));
        Assert.Null(LinkOf(0, _ => false)); // Named by its resource, and by nothing else that is heard.
        Assert.Null(LinkOf(0, null));
        Assert.Null(LinkOf(1, _ => true));
        Assert.Null(LinkOf(2, _ => true)); // A host that is called as its service is the service again.
    }

    [Theory]
    [InlineData("0", 1UL)]
    [InlineData("1", 2UL)]
    [InlineData("0000000000000002", 2UL)]
    [InlineData("7", null)]
    [InlineData("xyz", null)]
    public void A_span_is_found_by_its_index_or_its_id(string text, ulong? id) =>
        Assert.Equal(id, TraceView.Find(Tree(Some.Span(id: 1), Some.Span(id: 2, parent: 1)), text)?.SpanId.Value);

    [Fact]
    public void A_trace_without_its_root_says_so() =>
        Assert.Contains("not stored", Assert.Single(TraceView.Of(UrlStates.Of("/traces/1"), Tree(Some.Span(id: 2, parent: 9))).Warnings), StringComparison.Ordinal);

    [Fact]
    public void Events_and_links_that_are_no_json_do_not_break_the_panel()
    {
        var view = TraceView.Of(UrlStates.Of("/traces/1?span=0"), Tree(Some.Span(id: 1, tags: [("events", "{broken"), ("_dd.span_links", "[1,2")])));
        Assert.Empty(view.Selected!.Events);
        Assert.Empty(view.Selected.Links);
    }

    [Fact]
    public void The_focus_keeps_what_is_within_its_hops_and_only_errors_what_fails()
    {
        MapNode Node(string id, double errors = 0) => new(id, id, "web", ServiceKind.Application, 10, errors, 1e6, 1, false);
        MapEdge Edge(string from, string to, long errors = 0) => new(from, to, 10, errors, 1e6, 1);
        var graph = new ServiceGraph { Nodes = [Node("a"), Node("b"), Node("c", 1), Node("d")], Edges = [Edge("a", "b"), Edge("b", "c", 1), Edge("c", "d")], ScannedSpanCount = 1, IsComplete = true };

        string Shown(string url) => string.Join(' ', MapView.Of(UrlStates.Of(url), graph, Look).Nodes.Select(node => node.Id));

        Assert.Equal("a b c d", Shown("/map"));
        Assert.Equal("a b", Shown("/map?focus=a"));
        Assert.Equal("a b c", Shown("/map?focus=a&hops=2"));
        Assert.Equal("b c", Shown("/map?only=errors"));
        Assert.Equal("a b c d", Shown("/map?focus=gone"));
    }

    [Fact]
    public void A_histogram_fits_its_plot_and_names_its_percentiles()
    {
        var view = DistributionView.Of(new LatencyDistribution
        {
            Bins = [new(1e6, 2e6, 10, 0), new(2e6, 4e6, 5, 5)], OkCount = 15, ErrorCount = 5, P50Nanos = 1.9e6, P95Nanos = 3.8e6,
        }, LatencyBand.Parse("1000000-2000000"))!;

        Assert.All(view.Bars, bar => Assert.InRange(bar.Left + bar.Width, 0, 100.5));
        Assert.Equal([100, 50], view.Bars.Select(bar => Math.Round(bar.OkHeight)));
        Assert.Equal(["p50", "p95"], view.Percentiles.Select(percentile => percentile.Name));
        Assert.NotNull(view.Band);
        Assert.Equal("20 requests, half of them within 1.9 ms, 95 % within 3.8 ms", view.Summary);
    }

    [Theory]
    [InlineData("20ms-80ms", 20_000_000L, 80_000_000L, "20ms-80ms")]
    [InlineData("1.5s-", 1_500_000_000L, LatencyBand.NoEndNanos, "1500ms-")]
    [InlineData("1000-2500", 1_000L, 2_500L, "1us-2500ns")]
    public void A_band_is_read_as_it_is_dragged_and_as_it_is_typed(string written, long min, long max, string printed)
    {
        var band = LatencyBand.Parse(written)!;
        Assert.Equal((min, max, printed), (band.MinNanos, band.MaxNanos, band.Text));
        Assert.Equal(band, LatencyBand.Parse(printed));
    }

    [Theory]
    [InlineData("sort", "p95-turned", null)]
    [InlineData("sort", null, null)]
    [InlineData("tab", "x-turned", "“x-turned” is no tab of this page, so impact stands in its place. It can be impact, p95.")]
    [InlineData("sort", "speed", "“speed” is no sort of this page, so impact stands in its place. It can be impact, p95, each also with -turned behind it.")]
    public void A_word_that_a_page_does_not_know_is_said(string name, string? given, string? said) => Assert.Equal(said, UnknownWord.ComplaintOf(name, given, ["impact", "p95"], "impact"));

    [Theory]
    [InlineData(null)]
    [InlineData("5")]
    [InlineData("80ms-20ms")]
    [InlineData("9-5")]
    [InlineData("a-b")]
    public void What_is_no_band_is_none(string? text) => Assert.Null(LatencyBand.Parse(text));

    [Fact]
    public void What_was_lost_is_said_with_its_reason()
    {
        var page = LedgerPage.OfMinute(Some.BaseUnixNanos);
        page.Add(new LedgerKey("", SpanOutcome.Rejected, "too_large"), new LedgerCount(0, 2));
        page.Add(new LedgerKey("", SpanOutcome.Rejected, "undecodable"), new LedgerCount(0, 1));
        page.Add(new LedgerKey("web", SpanOutcome.Rejected, "overloaded"), new LedgerCount(7, 0));
        page.Add(new LedgerKey("web", SpanOutcome.Dropped, "internal_fault"), new LedgerCount(1, 0));
        page.Add(new LedgerKey("web", SpanOutcome.Stored, "all"), new LedgerCount(500, 0));

        var view = HomeView.Of(UrlStates.Of("/"), [], new TraceStoreFacts(1, 2, 3, 0, 0), [], [], [], [.. page.Rows(null)]);

        Assert.Equal(["3 payloads could not be read or were refused whole: 2 too large, 1 undecodable.", "7 spans were refused: 7 overloaded. " + LedgerReasons.Sentence(SpanOutcome.Rejected, "overloaded"), "1 span was lost: 1 internal fault. " + LedgerReasons.Sentence(SpanOutcome.Dropped, "internal_fault")], view.Losses);
    }

    [Theory]
    [InlineData("http://0.0.0.0:5050", "GET", "/user/<id>", "curl http://localhost:5050/user/1")]
    [InlineData("http://[::]:80/", "POST", "/a/{b}/:c", "curl -X POST http://localhost:80/a/1/1")]
    [InlineData("http://localhost:1", "*", "x?y&z", "curl 'http://localhost:1/x?y&z'")]
    public void A_route_becomes_a_line_to_paste(string url, string method, string path, string line) =>
        Assert.Equal(line, CurlLines.Of(url, new RouteInfo(method, path, "")));

    [Fact]
    public void A_spark_breaks_where_nothing_is_and_stands_on_zero()
    {
        Assert.Equal("M0 2L42 10.5", SparkPath.Of([2, 1, double.NaN], 84, 20)!.Line);
        Assert.Null(SparkPath.Of([double.NaN, double.NaN], 84, 20));
        Assert.Null(SparkPath.Of([1], 84, 20));
    }
}
