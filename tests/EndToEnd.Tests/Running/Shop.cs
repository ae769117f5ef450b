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

    /// <summary>One trace of many spans: a root, a hundred steps, and beneath each its share of queries.</summary>
    public static IReadOnlyList<Span> LargeTrace(TraceId trace, int spanCount, TimeProvider clock)
    {
        var start = clock.NowUnixNanos() - (10 * UnixTime.NanosPerSecond);
        var length = 5 * UnixTime.NanosPerSecond;
        var spans = new List<Span> { Span(trace, 1, 0, start, length, "shop", "batch.run", "nightly report") };
        const int steps = 100;
        for (var id = 2; id <= spanCount; id++)
        {
            var isStep = id <= steps + 1;
            var step = isStep ? id - 2 : (id - steps - 2) % steps;
            var stepStart = start + (length / steps * step);
            var within = isStep ? 0 : (id - steps - 2) / steps * (length / steps / ((spanCount / steps) + 1));
            spans.Add(Span(trace, (ulong)id, isStep ? 1u : (ulong)step + 2, stepStart + within, isStep ? length / steps : length / steps / ((spanCount / steps) + 2),
                isStep ? "shop" : "postgres", isStep ? "batch.step" : "postgres.query", isStep ? $"step {step}" : $"SELECT {id % 37} FROM orders"));
        }
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
