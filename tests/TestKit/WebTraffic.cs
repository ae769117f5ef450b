using System.Globalization;
using Apm.Core.Spans;

namespace Apm.TestKit;

/// <summary>
/// Traces of a small web shop as Python tracers send them: about eight spans each, twelve tags per span and three
/// numbers, with addresses and users that hardly repeat.
/// </summary>
/// <remarks>The same seed gives the same spans.</remarks>
public sealed class WebTraffic(int seed, long startUnixNanos)
{
    static readonly string[] Routes = ["/", "/cart", "/product/{id}", "/checkout", "/user/{id}/orders", "/search", "/login", "/api/v1/items"];
    static readonly string[] Queries =
    [
        "SELECT id, name, price FROM products WHERE id = ?", "SELECT * FROM carts WHERE user_id = ?", "INSERT INTO orders (user_id, total) VALUES (?, ?)",
        "UPDATE stock SET left = left - ? WHERE product_id = ?", "SELECT count(*) FROM sessions",
    ];
    static readonly string[] Agents = ["Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "curl/8.5.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)"];

    readonly Random _chance = new(seed);
    long _now = startUnixNanos;

    /// <summary>Text tags of each span; numbers come on top.</summary>
    public const int TagsPerSpan = 12;

    /// <summary>A batch of so many traces, each a chunk.</summary>
    public SpanBatch Next(int traces)
    {
        var batch = new SpanBatch(traces * 9);
        for (var i = 0; i < traces; i++) AddTrace(batch);
        return batch;
    }

    void AddTrace(SpanBatch batch)
    {
        _now += _chance.NextInt64(2_000_000);
        var (high, low) = ((ulong)(_now / 1_000_000_000) << 32, (ulong)_chance.NextInt64());
        var route = Routes[_chance.Next(Routes.Length)];
        var item = _chance.Next(1_000_000);
        var user = _chance.Next(50_000).ToString(CultureInfo.InvariantCulture);
        var address = "http://shop.example.com" + route.Replace("{id}", item.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) + "?session=" + _chance.Next(int.MaxValue).ToString("x8", CultureInfo.InvariantCulture);
        var start = _now;
        var root = Add(batch, high, low, 0, start, _chance.NextInt64(5_000_000, 400_000_000), "web", "flask.request", "GET " + route, "web", SpanKind.Server, user, address);
        var calls = _chance.Next(3, 12);
        var parent = root;
        for (var i = 0; i < calls; i++)
        {
            start += _chance.NextInt64(20_000, 3_000_000);
            var duration = _chance.NextInt64(50_000, 8_000_000);
            parent = _chance.Next(4) switch
            {
                0 => Add(batch, high, low, parent, start, duration, "shop-db", "postgres.query", Queries[_chance.Next(Queries.Length)], "sql", SpanKind.Client, user, address),
                1 => Add(batch, high, low, root, start, duration, "redis", "redis.command", "GET", "redis", SpanKind.Client, user, address),
                2 => Add(batch, high, low, root, start, duration, "web", "flask.render_template", "page.html", "template", SpanKind.Internal, user, address),
                _ => Add(batch, high, low, root, start, duration, "billing", "requests.request", "POST /charge", "http", SpanKind.Client, user, address),
            };
            if (_chance.Next(3) > 0) parent = root;
        }
    }

    ulong Add(SpanBatch batch, ulong high, ulong low, ulong parent, long start, long duration, string service, string name, string resource, string type, SpanKind kind, string user, string address)
    {
        var strings = batch.Strings;
        var i = batch.AddSpan();
        var id = (ulong)_chance.NextInt64(1, long.MaxValue);
        (batch.TraceIdHigh[i], batch.TraceIdLow[i], batch.SpanIds[i], batch.ParentIds[i]) = (high, low, id, parent);
        (batch.StartUnixNanos[i], batch.DurationNanos[i]) = (start, duration);
        (batch.Services[i], batch.Names[i], batch.Resources[i]) = (strings.Intern(service), strings.Intern(name), strings.Intern(resource));
        (batch.Types[i], batch.Envs[i], batch.Kinds[i]) = (strings.Intern(type), strings.Intern("prod"), kind);
        var failed = _chance.Next(50) == 0;
        batch.Flags[i] = (failed ? SpanFlags.Error : 0) | (parent == 0 ? SpanFlags.TopLevel : 0);
        Tag("component", name.Split('.')[0]);
        Tag("span.kind", kind.ToString());
        Tag("language", "python");
        Tag("version", "1.42.0");
        Tag("runtime-id", service + "-8f3b2c1d9e7a4b6f");
        Tag("_dd.base_service", "web");
        Tag("user.id", user);
        Tag("http.url", address);
        Tag("http.method", "GET");
        Tag("http.status_code", failed ? "500" : "200");
        Tag("http.useragent", Agents[_chance.Next(Agents.Length)]);
        Tag("request.id", type == "sql" || type == "redis" ? "-" : _chance.NextInt64().ToString("x16", CultureInfo.InvariantCulture));
        batch.SetNumber(strings.Intern("process_id"), 4_000 + service.Length);
        batch.SetNumber(strings.Intern("_sampling_priority_v1"), 1);
        batch.SetNumber(strings.Intern("rows"), _chance.Next(200));
        return id;

        void Tag(string key, string value) => batch.SetTag(strings.Intern(key), strings.Intern(value));
    }
}
