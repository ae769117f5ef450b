using static Apm.TestKit.Shop.ShopDatabase;
using static Apm.TestKit.Shop.ShopStep;

namespace Apm.TestKit.Shop;

/// <summary>An endpoint: how often it is called from outside, and what it does.</summary>
/// <param name="Weight">Its share of the requests from outside; 0 when only other endpoints, or <see cref="ShopFacts.Planted"/>, call it.</param>
/// <param name="OwnMillis">About how long it takes without its steps.</param>
public sealed record ShopEndpoint(string Service, string Resource, double Weight, double OwnMillis, params IReadOnlyList<ShopStep> Steps)
{
    /// <summary>Prefix of the resource of an endpoint that consumes messages.</summary>
    public const string Consume = "Consume ";

    public bool IsConsumer => Resource.StartsWith(Consume, StringComparison.Ordinal);

    /// <summary>The version that brought it; "" when it was always there.</summary>
    public string SinceVersion { get; init; } = "";
}

/// <summary>The sixty endpoints.</summary>
public static class ShopEndpoints
{
    public static IReadOnlyList<ShopEndpoint> All { get; } =
    [
        // service           endpoint                              weight  own ms  steps
        new("web-store",       "GET /",                              22,     4,    Cache("GET home"), Call("catalog", "GET /items"), CallWithoutHeader("recommendations", "GET /recommendations/{user}"), Work("template.render", "home.html", 5)),
        new("web-store",       "GET /products/{id}",                 18,     5,    Call("catalog", "GET /items/{id}"), Call("inventory", "GET /stock/{sku}"), Work("template.render", "product.html", 7)),
        new("web-store",       "GET /collections/{id}",              5,      5,    Call("catalog", "GET /collections/{id}"), Work("template.render", "collection.html", 8)),
        new("web-store",       "GET /search",                        9,      4,    Call("search", "GET /search"), Work("template.render", "search.html", 6)),
        new("web-store",       "POST /cart/items",                   7,      3,    Call("cart", "POST /carts/{id}/items")),
        new("web-store",       "GET /cart",                          6,      3,    Call("cart", "GET /carts/{id}"), Work("template.render", "cart.html", 4)),
        new("web-store",       "POST /checkout",                     6,      4,    Call("checkout", "POST /checkouts")),
        new("web-store",       ShopFacts.TierSlowResource,           5,      4,    Call("orders", "GET /customers/{id}/orders"), Work("template.render", "orders.html", 60)),
        new("web-store",       "GET /healthz",                       4,      0.3),
        new("web-store",       ShopFacts.RareResource,               0,      6,    Call("shipping", "POST /labels"), Work("pdf.render", "label.pdf", 40)),
        new("mobile-api",      "GET /v2/feed",                       8,      3,    Call("catalog", "GET /items"), Call("recommendations", "GET /similar/{sku}")),
        new("mobile-api",      "GET /v2/products/{id}",              6,      2,    Call("catalog", "GET /items/{id}"), Call("inventory", "GET /stock/{sku}")),
        new("mobile-api",      "GET /v2/search",                     4,      2,    Call("search", "GET /search")),
        new("mobile-api",      "POST /v2/checkout",                  3,      3,    Call("checkout", "POST /checkouts")),
        new("mobile-api",      "GET /v2/orders/{id}",                3,      2,    Call("orders", "GET /orders/{id}"), Call("shipping", "GET /shipments/{id}")),
        new("mobile-api",      "POST /v2/devices",                   1,      6,    Cache("SET device")),
        new("catalog",         "GET /items",                         0,      3,    Sql(Catalog, "SELECT * FROM items ORDER BY rank LIMIT 48", 6), Cache("GET price", 0.4, 6)),
        new("catalog",         "GET /items/{id}",                    0,      2,    Cache("GET item"), Sql(Catalog, "SELECT * FROM items WHERE id = 4711", 4)),
        new("catalog",         ShopFacts.NPlusOneResource,           0,      3,    Sql(Catalog, "SELECT id, sku FROM items WHERE collection_id = 12", 5), Sql(Catalog, ShopFacts.NPlusOneStatement, 3.2, ShopFacts.NPlusOneCount)),
        new("catalog",         "GET /categories",                    1,      2,    Cache("GET categories")),
        new("catalog",         "PUT /items/{id}",                    0.4,    4,    Sql(Catalog, "UPDATE items SET title = 'lamp' WHERE id = 4711", 9), Cache("DEL item"), Publish("item.changed", "search")),
        new("search",          "GET /search",                        0,      6,    Sql(Products, "POST /products/_search", 34)),
        new("search",          "GET /suggest",                       3,      2,    Sql(Products, "POST /products/_suggest", 8)),
        new("search",          "POST /reindex",                      0.2,    20,   Sql(Catalog, "SELECT * FROM items WHERE changed > '2026-01-01'", 60), Sql(Products, "POST /_bulk", 140)),
        new("search",          "GET /synonyms",                      0.4,    2,    Sql(Products, "GET /synonyms/_doc/1", 5)),
        new("search",          "Consume item.changed",               0,      2,    Sql(Products, "PUT /products/_doc/4711", 12)),
        new("recommendations", "GET /recommendations/{user}",        0,      9,    Cache("GET profile"), Work("model.predict", "two-tower", 14)),
        new("recommendations", "GET /similar/{sku}",                 0,      5,    Cache("GET neighbours"), Work("model.predict", "item-to-item", 8)),
        new("recommendations", "POST /feedback",                     1,      2,    Publish("feedback.given")),
        new("recommendations", "GET /model",                         0.3,    1),
        new("cart",            "GET /carts/{id}",                    0,      2,    Sql(Carts, """{"find":"carts","filter":{"_id":"4711"}}""", 4)),
        new("cart",            "POST /carts/{id}/items",             0,      3,    Sql(Carts, """{"find":"carts","filter":{"_id":"4711"}}""", 4), Call("inventory", "GET /stock/{sku}"), Sql(Carts, """{"update":"carts","filter":{"_id":"4711"}}""", 6)),
        new("cart",            "DELETE /carts/{id}/items/{sku}",     1,      2,    Sql(Carts, """{"update":"carts","filter":{"_id":"4711"}}""", 6)),
        new("cart",            "POST /carts/{id}/coupon",            0.7,    3,    Sql(Carts, """{"find":"coupons","filter":{"_id":"4711"}}""", 3), Sql(Carts, """{"update":"carts","filter":{"_id":"4711"}}""", 6)),
        new("cart",            "DELETE /carts/{id}",                 0,      2,    Sql(Carts, """{"delete":"carts","filter":{"_id":"4711"}}""", 5)),
        new("checkout",        "POST /checkouts",                    0,      6,    Call("cart", "GET /carts/{id}"), Call("payments", "POST /charges"), Call("orders", ShopFacts.RegressionResource), Call("cart", "DELETE /carts/{id}")),
        new("checkout",        "GET /checkouts/{id}",                1,      3,    Call("orders", "GET /orders/{id}")),
        new("checkout",        "POST /checkouts/{id}/address",       0.8,    3,    ThirdParty("geo.example", "GET /validate", 45)),
        new("checkout",        "GET /shipping-options",              1.2,    3,    Call("shipping", "GET /quotes")),
        new("checkout",        "POST /gift-cards",                   0.3,    4,    Call("payments", "POST /vouchers")),
        new("orders",          ShopFacts.RegressionResource,         0,      6,    Sql(Orders, "SELECT * FROM customers WHERE id = 815", 4), Call("inventory", "POST /reservations"), Sql(Orders, "INSERT INTO orders (id, customer_id, total) VALUES (1, 815, 42.5)", 8), Publish("order.created", "shipping", "mailer")),
        new("orders",          "GET /orders/{id}",                   0.8,    3,    Sql(Orders, "SELECT * FROM orders WHERE id = 1", 4)),
        new("orders",          "GET /customers/{id}/orders",         0,      4,    Sql(Orders, "SELECT * FROM orders WHERE customer_id = 815 ORDER BY placed DESC", 22)),
        new("orders",          "POST /orders/{id}/cancel",           0.4,    5,    Sql(Orders, "UPDATE orders SET state = 'cancelled' WHERE id = 1", 8), Call("payments", "POST /refunds"), Publish("order.cancelled", "mailer")),
        new("orders",          ShopFacts.NewEndpointResource,        0.9,    4,    Sql(Orders, "SELECT * FROM orders WHERE id = 1 FOR UPDATE", 7)) { SinceVersion = ShopFacts.RegressionVersion },
        new("payments",        "POST /charges",                      0,      7,    Sql(Ledger, "SELECT * FROM accounts WHERE customer_id = 815", 5), ThirdParty("api.cardpay.example", "POST /v1/charges", 160), Sql(Ledger, "INSERT INTO entries (account, amount) VALUES (9, 42.5)", 7)),
        new("payments",        "POST /refunds",                      0,      5,    ThirdParty("api.cardpay.example", "POST /v1/refunds", 190), Sql(Ledger, "INSERT INTO entries (account, amount) VALUES (9, -42.5)", 7)),
        new("payments",        "GET /methods",                       2,      2,    Sql(Ledger, "SELECT * FROM methods WHERE customer_id = 815", 4)),
        new("payments",        "POST /vouchers",                     0,      4,    Sql(Ledger, "INSERT INTO vouchers (code, amount) VALUES ('ABC', 25)", 9)),
        new("payments",        "POST /webhooks/cardpay",             1.4,    3,    Sql(Ledger, "UPDATE entries SET state = 'settled' WHERE id = 77", 8)),
        new("inventory",       "GET /stock/{sku}",                   0,      1,    Cache("GET stock"), Sql(Stock, "SELECT quantity FROM stock WHERE sku = 'A-1'", 2.5)),
        new("inventory",       "POST /reservations",                 0,      3,    Sql(Stock, "SELECT quantity FROM stock WHERE sku = 'A-1' FOR UPDATE", 5), Sql(Stock, "UPDATE stock SET quantity = quantity - 1 WHERE sku = 'A-1'", 6)),
        new("inventory",       "POST /deliveries",                   0.4,    5,    Sql(Stock, "UPDATE stock SET quantity = quantity + 100 WHERE sku = 'A-1'", 7)),
        new("inventory",       "GET /warehouses",                    0.6,    2,    Sql(Stock, "SELECT * FROM warehouses", 3)),
        new("shipping",        "GET /quotes",                        0,      4,    ThirdParty("quotes.parcel.example", "GET /rates", 120)),
        new("shipping",        "GET /shipments/{id}",                0,      3,    Sql(Orders, "SELECT * FROM shipments WHERE order_id = 1", 5)),
        new("shipping",        "POST /labels",                       0,      5,    ThirdParty("quotes.parcel.example", "POST /labels", 300)),
        new("shipping",        "Consume order.created",              0,      6,    Sql(Orders, "INSERT INTO shipments (order_id) VALUES (1)", 8), ThirdParty("quotes.parcel.example", "POST /pickups", 140)),
        new("mailer",          "Consume order.created",              0,      3,    Work("template.render", "order-confirmation.mjml", 9), ThirdParty("smtp.example", "SEND", 60)),
        new("mailer",          "Consume order.cancelled",            0,      3,    Work("template.render", "order-cancelled.mjml", 9), ThirdParty("smtp.example", "SEND", 60)),
    ];

    /// <summary>One by its service and resource.</summary>
    public static ShopEndpoint Of(string service, string resource) => ByName[(service, resource)];

    static readonly Dictionary<(string Service, string Resource), ShopEndpoint> ByName = All.ToDictionary(endpoint => (endpoint.Service, endpoint.Resource));
}
