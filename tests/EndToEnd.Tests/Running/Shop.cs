using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;

namespace Apm.EndToEnd.Tests.Running;

/// <summary>Spans of a small shop, of just now: a page that calls a payment service and a database, and fails now and then.</summary>
static class Shop
{
    /// <summary>Traces 1 … count, the newest first a few milliseconds ago; each seventh fails.</summary>
    public static IReadOnlyList<IReadOnlyList<Span>> Traces(int count, TimeProvider clock)
    {
        var now = clock.NowUnixNanos();
        return [.. Enumerable.Range(1, count).Select(i => Trace((ulong)i, now - (i * 300L * UnixTime.NanosPerMillisecond), i % 7 == 0))];
    }

    /// <summary>One trace of many spans: 40 steps, 25 calls beneath each, and queries of two kinds in turn beneath those.</summary>
    public static IReadOnlyList<Span> LargeTrace(TraceId trace, int spanCount, TimeProvider clock)
    {
        const int steps = 40, callsPerStep = 25;
        var length = 5 * UnixTime.NanosPerSecond;
        var start = clock.NowUnixNanos() - (2 * length);
        var spans = new List<Span> { Span(trace, 1, 0, start, length, "shop", "batch.run", "nightly report") };
        var (stepLength, callLength) = (length / steps, length / steps / callsPerStep);
        for (var step = 0; step < steps; step++) spans.Add(Span(trace, Id(), 1, start + (step * stepLength), stepLength, "shop", "batch.step", $"step {step}"));
        for (var call = 0; call < steps * callsPerStep; call++) spans.Add(Span(trace, Id(), (ulong)(call / callsPerStep) + 2, start + (call * callLength), callLength, "payment", call % 2 == 0 ? "web.request" : "web.call", $"GET /account/{call % callsPerStep}"));
        for (var query = 0; spans.Count < spanCount; query++)
        {
            var call = query % (steps * callsPerStep);
            var turn = query / (steps * callsPerStep);
            spans.Add(Span(trace, Id(), (ulong)(call + steps) + 2, start + (call * callLength) + (turn * (callLength / 12)), callLength / 15, turn % 2 == 0 ? "postgres" : "redis", "query", $"{(turn % 2 == 0 ? "SELECT" : "GET")} {turn}"));
        }
        return spans;

        ulong Id() => (ulong)spans.Count + 1;
    }

    /// <summary>A request that asks the database 18 times for one price each, calls a host whose clock is 5 s behind, and fails there.</summary>
    public static IReadOnlyList<Span> PlantedTrace(TraceId trace, TimeProvider clock)
    {
        const long ms = UnixTime.NanosPerMillisecond;
        var start = clock.NowUnixNanos() - (30 * UnixTime.NanosPerSecond);
        var spans = new List<Span>
        {
            Span(trace, 1, 0, start, 240 * ms, "shop", "web.request", "POST /checkout", "web", ("span.kind", "server"), ("http.method", "POST"), ("http.status_code", "502"), ("http.url", "http://joe:pa55word@shop/checkout?token=t0psecret"), ("_dd.hostname", "web-1"), ("user.id", "u-17")),
            Span(trace, 2, 1, start + (110 * ms), 100 * ms, "shop", "http.request", "POST payment", "http", ("span.kind", "client"), ("_dd.hostname", "web-1")),
            Span(trace, 3, 2, start + (120 * ms) - (5 * UnixTime.NanosPerSecond), 80 * ms, "payment", "web.request", "POST /pay", "web", ("span.kind", "server"), ("_dd.hostname", "pay-1"), ("basket.note", "leave at the <b>door</b>"),
                ("error.type", "CardRefused"), ("error.message", "no money"), ("error.stack", "CardRefused: no money\n   at Shop.Pay()"), ("payment.password", "pa55word"), ("_dd.span_links", """[{"trace_id":"00000000000000000000000000000001","span_id":"0000000000000001"}]""")) with { Flags = SpanFlags.Error },
            Span(trace, 4, 3, start + (130 * ms) - (5 * UnixTime.NanosPerSecond), 30 * ms, "payment", "bank.call", "authorize", "http", ("span.kind", "client"), ("_dd.hostname", "pay-1")),
            Span(trace, 5, 3, start + (135 * ms) - (5 * UnixTime.NanosPerSecond), 40 * ms, "payment", "risk.score", "score card", "custom", ("_dd.hostname", "pay-1")),
        };
        for (var item = 0; item < 18; item++)
            spans.Add(Span(trace, 20 + (ulong)item, 1, start + ((4 + (item * 5)) * ms), 4 * ms, "shop", "postgres.query", "SELECT price FROM article WHERE id = ?", "sql", ("span.kind", "client"), ("db.system", "postgresql"), ("_dd.hostname", "web-1")));
        return spans;
    }

    static IReadOnlyList<Span> Trace(ulong number, long start, bool fails)
    {
        var trace = new TraceId(0, number);
        var ms = UnixTime.NanosPerMillisecond;
        var root = Span(trace, 1, 0, start, (80 + ((long)number % 40)) * ms, "shop", "web.request", number % 2 == 0 ? "GET /cart" : "POST /order", "web",
            ("span.kind", "server"), ("http.status_code", fails ? "500" : "200"), ("http.method", number % 2 == 0 ? "GET" : "POST"), ("env", "prod"));
        if (fails) root = root with { Flags = SpanFlags.Error, Tags = new Dictionary<string, string>(root.Tags) { ["error.type"] = "CardRefused", ["error.message"] = "no money", ["error.stack"] = "CardRefused: no money\n   at Shop.Pay()" } };
        return
        [
            root,
            Span(trace, 2, 1, start + (5 * ms), 30 * ms, "shop", "http.request", "POST payment", "http", ("span.kind", "client"), ("peer.service", "payment"), ("env", "prod")),
            Span(trace, 3, 2, start + (8 * ms), 20 * ms, "payment", "web.request", "POST /pay", "web", ("span.kind", "server"), ("http.status_code", "200"), ("env", "prod")),
            Span(trace, 4, 1, start + (40 * ms), 12 * ms, "shop", "postgres.query", "SELECT * FROM cart WHERE id = ?", "sql", ("span.kind", "client"), ("db.system", "postgresql"), ("out.host", "db1"), ("env", "prod")),
        ];
    }

    static Span Span(TraceId trace, ulong id, ulong parent, long start, long duration, string service, string name, string resource, string type = "custom", params (string Key, string Value)[] tags) => new()
    {
        TraceId = trace, Id = new SpanId(id), ParentId = new SpanId(parent), StartUnixNanos = start, DurationNanos = duration, Service = service, Name = name, Resource = resource,
        Type = type, Tags = tags.ToDictionary(tag => tag.Key, tag => tag.Value),
    };
}
