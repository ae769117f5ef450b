using Apm.Core.Ids;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;

namespace Apm.TestKit;

/// <summary>
/// Traffic of a small web shop, by chance with a seed: a front end that calls a catalogue (Python), a checkout (.NET) and, through
/// a queue, a mailer; databases, a cache, and a payment provider that sometimes fails. For screens, benchmarks and trials.
/// </summary>
public sealed class ShopData(int seed)
{
    readonly Random _chance = new(seed);
    ulong _spanId = 0x5a00_0000_0000_0000;
    ulong _traceId;

    /// <summary>How often the payment provider fails; default 6 %.</summary>
    public double PaymentFailureRate { get; init; } = 0.06;

    /// <summary>Environment of all spans.</summary>
    public string Env { get; init; } = "prod";

    /// <summary>Requests spread evenly by chance over a range, in order of their start.</summary>
    public IEnumerable<IReadOnlyList<Span>> Requests(TimeRange range, double perSecond)
    {
        var at = (double)range.FromUnixNanos;
        while (true)
        {
            at += -Math.Log(1 - _chance.NextDouble()) / perSecond * UnixTime.NanosPerSecond;
            if (at >= range.ToUnixNanos) yield break;
            yield return Request((long)at);
        }
    }

    /// <summary>One request with all its spans.</summary>
    public IReadOnlyList<Span> Request(long startUnixNanos)
    {
        var trace = new TraceBuilder(this, new TraceId(0x6740_0000_0000_0000 + (ulong)_chance.NextInt64(1L << 40), unchecked(++_traceId * 0x9E37_79B9_7F4A_7C15)));
        switch (_chance.Next(20))
        {
            case < 9: Browse(trace, startUnixNanos); break;
            case < 14: Product(trace, startUnixNanos); break;
            case < 17: Checkout(trace, startUnixNanos); break;
            case < 18: Search(trace, startUnixNanos); break;
            case < 19: trace.Add(null, "web", "web.request", "GET /healthz", "web", SpanKind.Server, startUnixNanos, Millis(0.2, 0.3), Http("GET", "/healthz", 200)); break;
            default: Missing(trace, startUnixNanos); break;
        }
        return trace.Spans;
    }

    /// <summary>One large trace: a report that asks the database again and again, and fans out.</summary>
    /// <param name="startUnixNanos">Its start.</param>
    /// <param name="spanCount">About how many spans.</param>
    public IReadOnlyList<Span> LargeTrace(long startUnixNanos, int spanCount)
    {
        var trace = new TraceBuilder(this, new TraceId(0x6740_0000_0000_0000, unchecked(++_traceId * 0x9E37_79B9_7F4A_7C15)));
        var root = trace.Add(null, "web", "web.request", "POST /reports", "web", SpanKind.Server, startUnixNanos, 8 * UnixTime.NanosPerSecond, Http("POST", "/reports", 200));
        var at = startUnixNanos + Millis(2, 1);
        while (trace.Spans.Count < spanCount)
        {
            var page = trace.Add(root, "catalogue", "flask.request", $"GET /api/page/{trace.Spans.Count % 7}", "web", SpanKind.Server, at, Millis(40, 20), Http("GET", "/api/page", 200));
            var inner = page.StartUnixNanos + Millis(1, 0.2);
            for (var i = _chance.Next(8, 60); i > 0; i--)
            {
                var isBad = _chance.Next(4000) == 0;
                var row = trace.Add(page, "catalogue-db", "postgres.query", "SELECT price FROM prices WHERE sku = ?", "sql", SpanKind.Client, inner, Millis(0.5, 0.3), [("db.system", "postgresql")], isBad ? "deadlock detected" : null);
                inner = row.EndUnixNanos;
                if (_chance.Next(6) == 0) inner = trace.Add(row, "cache", "redis.command", "GET", "redis", SpanKind.Client, row.StartUnixNanos + 1000, Millis(0.05, 0.02), []).EndUnixNanos;
            }
            at += (long)(8.0 * UnixTime.NanosPerSecond / Math.Max(1, spanCount / 40.0));
        }
        return trace.Spans;
    }

    /// <summary>The processes of the shop, and one that waits for its first request.</summary>
    public static void AddProcesses(ServiceCatalogue catalogue, long nowUnixNanos)
    {
        Add("web", "nodejs", "20.11.1", "2.4.0", "http://localhost:3000", 41, [new("GET", "/", "GET /"), new("GET", "/product/:id", "GET /product/:id"), new("POST", "/checkout", "POST /checkout"), new("GET", "/search", "GET /search"), new("DELETE", "/cart/:id", "DELETE /cart/:id")]);
        Add("catalogue", "python", "3.12.3", "1.18.2", "http://localhost:5050", 57, [new("GET", "/api/items", "GET /api/items"), new("GET", "/api/items/<id>", "GET /api/items/<id>")]);
        Add("checkout", "dotnet", "10.0.1", "7.1.0", "http://localhost:5080", 63, [new("POST", "/orders", "POST /orders")]);
        Add("mailer", "go", "1.23", "0.9.4", "", 71, []);
        catalogue.SawProcess("waiting-1", nowUnixNanos, process => process with
        {
            Service = "reports", Language = "python", LanguageVersion = "3.12.3", TracerVersion = "0.1.0", Hostname = "shop-1", ProcessId = 80, ListenUrls = ["http://0.0.0.0:5050"],
            Routes = [new("GET", "/", "GET /"), new("GET", "/api/apm", "GET /api/apm"), new("GET", "/api/trace", "GET /api/trace")],
        });

        void Add(string service, string language, string runtime, string version, string url, int pid, RouteInfo[] routes)
        {
            catalogue.Saw(new ServiceSighting(service, service == "mailer" ? "worker" : "web", language, "prod", "1.0.0", nowUnixNanos - 3 * 86_400 * UnixTime.NanosPerSecond));
            catalogue.Saw(new ServiceSighting(service, "web", language, "prod", version, nowUnixNanos - 400 * UnixTime.NanosPerSecond * (pid % 7 + 1)));
            catalogue.SawProcess(service + "-1", nowUnixNanos, process => process with
            {
                Service = service, Env = "prod", Version = version, Language = language, LanguageVersion = runtime, TracerVersion = "3.10.2", Hostname = "shop-1", ProcessId = pid,
                ListenUrls = url.Length > 0 ? [url] : [], Routes = routes, SpanCount = 1000,
            });
        }
    }

    void Browse(TraceBuilder trace, long at)
    {
        var root = trace.Add(null, "web", "web.request", "GET /", "web", SpanKind.Server, at, Millis(28, 14), Http("GET", "/", 200));
        Items(trace, root, root.StartUnixNanos + Millis(2, 0.4));
        trace.Add(root, "web", "react.render", "Home", "template", SpanKind.Internal, root.EndUnixNanos - Millis(5, 0.5), Millis(4, 0.5), []);
    }

    void Product(TraceBuilder trace, long at)
    {
        var root = trace.Add(null, "web", "web.request", "GET /product/:id", "web", SpanKind.Server, at, Millis(46, 20), Http("GET", "/product/" + _chance.Next(1, 900), 200));
        var call = trace.Add(root, "web", "http.request", "GET", "http", SpanKind.Client, at + Millis(1.5, 0.3), Millis(24, 8), [("http.url", "http://catalogue:5050/api/items/7"), ("peer.service", "catalogue")]);
        var item = trace.Add(call, "catalogue", "flask.request", "GET /api/items/<id>", "web", SpanKind.Server, call.StartUnixNanos + Millis(0.6, 0.1), call.DurationNanos - Millis(1.2, 0.2), Http("GET", "/api/items/7", 200));
        var hit = _chance.Next(3) > 0;
        var cache = trace.Add(item, "cache", "redis.command", "GET item", "redis", SpanKind.Client, item.StartUnixNanos + Millis(0.4, 0.1), Millis(0.6, 0.2), [("cache.hit", hit ? "true" : "false"), ("out.host", "redis")]);
        if (!hit) trace.Add(item, "catalogue-db", "postgres.query", "SELECT * FROM items WHERE id = ?", "sql", SpanKind.Client, cache.EndUnixNanos + Millis(0.2, 0.05), Millis(7, 4), [("db.system", "postgresql"), ("db.name", "catalogue")]);
        trace.Add(root, "web", "react.render", "Product", "template", SpanKind.Internal, call.EndUnixNanos + Millis(0.4, 0.1), Millis(8, 2), []);
    }

    void Items(TraceBuilder trace, Span root, long at)
    {
        var call = trace.Add(root, "web", "http.request", "GET", "http", SpanKind.Client, at, Millis(17, 6), [("http.url", "http://catalogue:5050/api/items"), ("peer.service", "catalogue")]);
        var list = trace.Add(call, "catalogue", "flask.request", "GET /api/items", "web", SpanKind.Server, call.StartUnixNanos + Millis(0.5, 0.1), call.DurationNanos - Millis(1, 0.1), Http("GET", "/api/items", 200));
        var query = trace.Add(list, "catalogue-db", "postgres.query", "SELECT * FROM items ORDER BY rank LIMIT ?", "sql", SpanKind.Client, list.StartUnixNanos + Millis(0.8, 0.2), Millis(5, 2), [("db.system", "postgresql"), ("db.name", "catalogue")]);
        var next = query.EndUnixNanos;
        for (var i = 0; i < 6; i++) next = trace.Add(list, "cache", "redis.command", "GET price", "redis", SpanKind.Client, next + 20_000, Millis(0.35, 0.1), [("out.host", "redis")]).EndUnixNanos;
    }

    void Checkout(TraceBuilder trace, long at)
    {
        var fails = _chance.NextDouble() < PaymentFailureRate;
        var status = fails ? 502 : 201;
        var pay = fails ? Millis(900, 300) : Millis(180, 70);
        var root = trace.Add(null, "web", "web.request", "POST /checkout", "web", SpanKind.Server, at, pay + Millis(60, 8), Http("POST", "/checkout", status), fails ? "checkout answered 502" : null);
        var call = trace.Add(root, "web", "http.request", "POST", "http", SpanKind.Client, at + Millis(3, 0.5), pay + Millis(48, 4), [("http.url", "http://checkout:5080/orders"), ("peer.service", "checkout")], fails ? "502 Bad Gateway" : null);
        var order = trace.Add(call, "checkout", "aspnetcore.request", "POST /orders", "web", SpanKind.Server, call.StartUnixNanos + Millis(1, 0.1), call.DurationNanos - Millis(2, 0.1), Http("POST", "/orders", status), fails ? "Payment was not accepted" : null);
        var read = trace.Add(order, "checkout", "ef.query", "SELECT o.* FROM orders o WHERE o.cart_id = @p0", "sql", SpanKind.Client, order.StartUnixNanos + Millis(2, 0.3), Millis(6, 2), [("db.system", "postgresql"), ("db.name", "orders")]);
        var stripe = trace.Add(order, "checkout", "http.request", "POST api.pay.example/charges", "http", SpanKind.Client, read.EndUnixNanos + Millis(1, 0.2), pay, [("http.url", "https://api.pay.example/charges"), ("peer.service", "pay.example"), ("http.status_code", fails ? "504" : "200")], fails ? "The payment provider did not answer within 900 ms" : null);
        if (fails) return;
        var write = trace.Add(order, "checkout", "ef.query", "INSERT INTO orders (id, total) VALUES (@p0, @p1)", "sql", SpanKind.Client, stripe.EndUnixNanos + Millis(0.5, 0.1), Millis(9, 3), [("db.system", "postgresql"), ("db.name", "orders")]);
        var send = trace.Add(order, "checkout", "queue.send", "order.created", "queue", SpanKind.Producer, write.EndUnixNanos + Millis(0.3, 0.1), Millis(1.5, 0.3), [("messaging.destination", "orders")]);
        var mail = trace.Add(send, "mailer", "queue.receive", "order.created", "worker", SpanKind.Consumer, send.EndUnixNanos + Millis(20, 10), Millis(75, 25), []);
        trace.Add(mail, "mailer", "smtp.send", "smtp.example", "", SpanKind.Client, mail.StartUnixNanos + Millis(4, 1), mail.DurationNanos - Millis(8, 1), [("peer.service", "smtp.example")]);
    }

    void Search(TraceBuilder trace, long at)
    {
        var root = trace.Add(null, "web", "web.request", "GET /search", "web", SpanKind.Server, at, Millis(320, 160), Http("GET", "/search?q=lamp", 200));
        trace.Add(root, "catalogue-db", "postgres.query", "SELECT * FROM items WHERE name ILIKE ?", "sql", SpanKind.Client, at + Millis(3, 1), Millis(280, 140), [("db.system", "postgresql"), ("db.name", "catalogue")]);
    }

    void Missing(TraceBuilder trace, long at) =>
        trace.Add(null, "web", "web.request", "GET /favicon.ico", "web", SpanKind.Server, at, Millis(0.6, 0.2), Http("GET", "/favicon.ico", 404));

    (string, string)[] Http(string method, string path, int status) =>
        [("http.method", method), ("http.url", "http://shop.example" + path), ("http.status_code", status.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("http.useragent", "Mozilla/5.0"), ("component", "http"), ("region", _chance.Next(2) == 0 ? "eu-west" : "us-east")];

    /// <summary>About so many milliseconds, in nanoseconds; now and then much more.</summary>
    long Millis(double mean, double spread)
    {
        var bell = _chance.NextDouble() + _chance.NextDouble() + _chance.NextDouble() - 1.5;
        var value = Math.Max(mean * 0.4, mean + bell * spread);
        if (_chance.Next(40) == 0) value *= 1.5 + _chance.NextDouble() * 2;
        return (long)(value * UnixTime.NanosPerMillisecond);
    }

    /// <summary>The spans of one trace while they are made. A parent lasts at least as long as its children, unless they run on their own.</summary>
    sealed class TraceBuilder(ShopData shop, TraceId traceId)
    {
        public List<Span> Spans { get; } = [];

        public Span Add(Span? parent, string service, string name, string resource, string type, SpanKind kind, long startUnixNanos, long durationNanos, (string Key, string Value)[] tags, string? error = null)
        {
            var all = tags.ToDictionary(tag => tag.Key, tag => tag.Value);
            all["version"] = service switch { "web" => "2.4.0", "catalogue" => "1.18.2", "checkout" => "7.1.0", _ => "" };
            if (all["version"].Length == 0) all.Remove("version");
            all["span.kind"] = kind.ToString().ToLowerInvariant();
            if (error is not null)
            {
                all["error.message"] = error;
                all["error.type"] = service == "checkout" ? "Shop.Payments.PaymentRejectedException" : "UpstreamError";
                all["error.stack"] = $"{all["error.type"]}: {error}\n   at Shop.Payments.PaymentClient.Charge(Order order) in Payments/PaymentClient.cs:line 84\n   at Shop.Orders.OrderService.Place(Cart cart) in Orders/OrderService.cs:line 41\n   at Shop.Orders.OrderEndpoints.Post(HttpContext context) in Orders/OrderEndpoints.cs:line 19";
            }
            var span = new Span
            {
                TraceId = traceId,
                Id = new SpanId(++shop._spanId),
                ParentId = parent?.Id ?? SpanId.None,
                StartUnixNanos = startUnixNanos,
                DurationNanos = Math.Max(1000, durationNanos),
                Service = service,
                Name = name,
                Resource = resource,
                Type = type,
                Env = shop.Env,
                Kind = kind,
                Flags = (error is null ? SpanFlags.None : SpanFlags.Error) | (parent is null || parent.Service != service ? SpanFlags.TopLevel : SpanFlags.None),
                Tags = all,
                Numbers = parent is null ? new Dictionary<string, double> { ["_sampling_priority_v1"] = 1, ["process_id"] = 41 } : new Dictionary<string, double>(),
            };
            Spans.Add(span);
            return span;
        }
    }
}
