using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Messages;
using Apm.Query.Filters;
using Apm.Query.Traces;
using Apm.Storage.InMemory;
using Apm.TestKit;

namespace Apm.Monitors.Tests.Messages;

/// <summary>The search in a notice's link is asked as the page of traces asks it.</summary>
public sealed class TracesBehindTests : IDisposable
{
    readonly InMemoryTraceStore _traces = new();

    public TracesBehindTests() => _traces.Append(SpanBatches.Of(
    [
        Some.Span(1, trace: 1, resource: "GET /user/{id}"), Some.Span(2, trace: 2, resource: "GET /", isError: true), Some.Span(3, trace: 3, resource: "GET /user/{id}", service: "api"),
        Some.Span(4, trace: 4, resource: "GET /user/{id}", isError: true, env: "dev"), Some.Span(5, trace: 5, name: "sql.query", resource: "SELECT"),
    ]), default);

    public void Dispose() => _traces.Dispose();

    [Theory]
    [InlineData("query alert", "percentile(last_5m):p95:trace.flask.request{service:web,resource_name:\"GET /user/{id}\"} > 1", "", "1 4")]
    [InlineData("query alert", "percentile(last_5m):p95:trace.flask.request{service:web,resource_name:GET /user/{id}} > 1", "", "1 4")]
    [InlineData("query alert", "avg(last_5m):p95:trace.flask.request{env:prod,service:web,resource_name:get_/user/_id} > 1", "", "1")]
    [InlineData("query alert", "sum(last_5m):100 * sum:trace.flask.request.errors{service:web}.as_count() / sum:trace.flask.request.hits{service:web}.as_count() > 1", "", "2 4")]
    [InlineData("query alert", "avg(last_5m):p95:trace.flask.request{*} by {service,resource_name} > 1", "service:web,resource_name:GET /", "2")]
    [InlineData("trace-analytics alert", "trace-analytics(\"service:web OR service:api\").rollup(\"count\").by(\"resource_name\").last(\"5m\") > 1", "resource_name:GET /user/{id}", "1 3 4")]
    [InlineData("trace-analytics alert", "trace-analytics(\"status:error\").rollup(\"count\").last(\"5m\") > 1", "", "2 4")]
    public void The_link_finds_the_traces(string type, string query, string group, string found)
    {
        var transition = new AlertTransition
        {
            Id = "1", Rule = new MonitorRule { Id = 7, Type = type, Query = query, Name = "A monitor" }, Group = group.Length > 0 ? group : "*", GroupTags = group.Length > 0 ? group.Split(',') : [], From = MonitorState.Ok, To = MonitorState.Alert, Kind = AlertKind.Triggered,
            AtUnixSeconds = Some.BaseUnixNanos / UnixTime.NanosPerSecond + 60, WindowFromUnixSeconds = Some.BaseUnixNanos / UnixTime.NanosPerSecond, WindowToUnixSeconds = Some.BaseUnixNanos / UnixTime.NanosPerSecond + 300,
        };

        var link = new Uri(new AlertLinks("http://localhost:8127").Of(transition).Single(one => one.Words == "Traces of this time").Url);

        var fields = link.Query.TrimStart('?').Split('&').Select(field => field.Split('=')).ToDictionary(field => field[0], field => Uri.UnescapeDataString(field[1]));
        var range = new TimeRange(long.Parse(fields["from"], CultureInfo.InvariantCulture) * UnixTime.NanosPerMillisecond, long.Parse(fields["to"], CultureInfo.InvariantCulture) * UnixTime.NanosPerMillisecond);
        var result = new TraceSearch(_traces, TimeProvider.System).Search(new TraceSearchRequest { Range = range, Filter = TraceFilterParser.Parse(fields["q"]) });
        Assert.Equal(found, string.Join(' ', result.Traces.Select(trace => trace.TraceId.Low).Order()));
    }

    [Theory]
    [InlineData("metric alert", "avg(last_5m):avg:my_metric{*} > 800")]
    [InlineData("service check", "\"db\".over(\"*\").last(2).count_by_status()")]
    [InlineData("query alert", "this is no query")]
    [InlineData("slo alert", "error_budget(\"1\").over(\"7d\") > 75")]
    public void A_monitor_about_no_traces_has_no_such_link(string type, string query) => Assert.Null(TracesBehind.SearchOf(new MonitorRule { Type = type, Query = query, Name = "A monitor" }, []));
}
