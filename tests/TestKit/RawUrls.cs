namespace Apm.TestKit;

/// <summary>Requests to a made-up shop of forty routes whose tracer names them by their raw paths: ids of all shapes, people, titles, searches.</summary>
public sealed class RawUrls(int seed)
{
    readonly Random _chance = new(seed);

    static readonly string[] Syllables = ["ka", "lo", "mi", "ren", "su", "ta", "vel", "wen", "xo", "zi", "bra", "dun", "fe", "gor", "hin", "jo"];
    static readonly string[] Things = ["red", "blue", "cheap", "shoes", "hat", "wool", "light", "rain", "coat", "boots", "summer", "kids", "garden", "chair", "table", "lamp"];

    /// <summary>The routes, as a person would write them: what stands in braces is a value.</summary>
    public static IReadOnlyList<string> Routes { get; } =
    [
        "GET /", "GET /login", "POST /login", "POST /logout", "GET /about", "GET /search?q={words}",
        "GET /api/v1/users/{number}", "PUT /api/v1/users/{number}", "GET /api/v1/users/{number}/orders", "GET /api/v1/users/{number}/orders/{uuid}", "GET /api/v1/users/me",
        "GET /api/v1/orders/{uuid}", "POST /api/v1/orders", "GET /api/v1/orders/{uuid}/items/{number}", "DELETE /api/v1/orders/{uuid}", "POST /api/v1/orders/{uuid}/refund",
        "GET /api/v1/products", "GET /api/v1/products/{number}", "GET /api/v1/products/{number}/reviews", "GET /api/v1/products/search/{words}", "GET /api/v1/products/by-sku/{sku}",
        "GET /api/v1/carts/{hex}", "POST /api/v1/carts/{hex}/items", "DELETE /api/v1/carts/{hex}/items/{number}", "GET /api/v1/profiles/{person}", "GET /api/v1/profiles/{person}/followers",
        "GET /api/v1/coupons/{token}", "GET /api/v1/reports/{date}", "GET /api/v1/reports/{date}/summary", "GET /api/v1/stores/near/{coordinates}", "POST /api/v1/webhooks/stripe", "POST /api/v1/webhooks/paypal",
        "GET /blog", "GET /blog/{title}", "GET /blog/tag/{word}", "GET /static/js/app.{hash}.js", "GET /media/{hex}/large.jpg", "GET /u/{person}", "GET /unsubscribe/{email}", "GET /healthz",
    ];

    /// <summary>A route and one request to it.</summary>
    public (int Route, string Raw) Next()
    {
        var route = _chance.Next(Routes.Count);
        var raw = Routes[route];
        for (var open = raw.IndexOf('{', StringComparison.Ordinal); open >= 0; open = raw.IndexOf('{', StringComparison.Ordinal))
        {
            var close = raw.IndexOf('}', open);
            raw = raw[..open] + ValueOf(raw[(open + 1)..close]) + raw[(close + 1)..];
        }
        return (route, raw);
    }

    string ValueOf(string kind) => kind switch
    {
        "number" => $"{_chance.Next(1, 1_000_000)}",
        "uuid" => $"{Hex(8)}-{Hex(4)}-4{Hex(3)}-a{Hex(3)}-{Hex(12)}",
        "hex" => Hex(24),
        "hash" => Hex(8),
        "sku" => $"AB-{_chance.Next(1_000, 99_999)}",
        "token" => string.Concat(Enumerable.Range(0, 12).Select(i => i % 3 == 2 ? (char)('0' + _chance.Next(10)) : (char)('A' + _chance.Next(26)))),
        "date" => $"2026-{_chance.Next(1, 13):00}-{_chance.Next(1, 29):00}",
        "coordinates" => $"{_chance.Next(40, 60)}.{_chance.Next(1_000, 9_999)},{_chance.Next(1, 20)}.{_chance.Next(1_000, 9_999)}",
        "email" => $"{Person()}%40example.com",
        "person" => Person(),
        "title" => string.Join('-', Enumerable.Range(0, _chance.Next(2, 7)).Select(_ => Thing())),
        "words" => string.Join("%20", Enumerable.Range(0, _chance.Next(1, 4)).Select(_ => Thing() + Person())),
        "word" => Thing(),
        _ => throw new ArgumentException(kind),
    };

    string Hex(int digits) => string.Concat(Enumerable.Range(0, digits).Select(i => i == 1 ? (char)('0' + _chance.Next(10)) : "0123456789abcdef"[_chance.Next(16)]));

    string Thing() => Things[_chance.Next(Things.Length)];

    string Person() => string.Concat(Enumerable.Range(0, _chance.Next(2, 5)).Select(_ => Syllables[_chance.Next(Syllables.Length)]));
}
