using Apm.Core.Ids;

namespace Apm.TestKit.Shop;

/// <summary>
/// What is planted in the shop's traffic, and where a screen should find it. Times are before the scenario's now
/// (<see cref="ShopScenario.NowUnixNanos"/>), which <c>apm up --demo=shop</c> prints when the shop is ready.
/// </summary>
public static class ShopFacts
{
    /// <summary>Environment of all spans.</summary>
    public const string Env = "prod";

    public const int ServiceCount = 12;
    public const int EndpointCount = 60;

    /// <summary>How much history the demo fills.</summary>
    public static TimeSpan History { get; } = TimeSpan.FromHours(6);

    // ---- Deploys (Deployments, markers) --------------------------------------------------------------------------

    /// <summary>Each instance takes the new version so long after the one before it.</summary>
    public static TimeSpan RollingDelay { get; } = TimeSpan.FromSeconds(40);

    public static IReadOnlyList<ShopDeploy> Deploys { get; } =
    [
        new("catalog",         "1.19.0",          Before: TimeSpan.FromMinutes(280)),
        new("search",          "1.9.1",           Before: TimeSpan.FromMinutes(180)), // Ends the errors of ShardFailure.
        new("payments",        "3.8.0",           Before: TimeSpan.FromMinutes(120)),
        new("web-store",       "2.5.0",           Before: TimeSpan.FromMinutes(70)),
        new("orders",          RegressionVersion, Before: TimeSpan.FromMinutes(40)),  // The regression.
        new("mobile-api",      "1.12.1",          Before: TimeSpan.FromMinutes(10)),
    ];

    // ---- The regression: one endpoint of one service is slower and fails anew since one version -------------------

    public const string RegressionService = "orders";
    public const string RegressionVersion = "4.3.0";
    public const string VersionBeforeRegression = "4.2.0";
    public const string RegressionResource = "POST /orders";

    /// <summary>About so much longer the endpoint takes since then, by a span of this name and resource.</summary>
    public const double RegressionMillis = 240;
    public const string RegressionSpanName = "stock.lock";
    public const string RegressionSpanResource = "wait for the reservation";

    /// <summary>An endpoint of the same service that the version brought.</summary>
    public const string NewEndpointResource = "POST /orders/{id}/split";

    // ---- N+1 (Trace) ----------------------------------------------------------------------------------------------

    public const string NPlusOneService = "catalog";
    public const string NPlusOneResource = "GET /collections/{id}";
    public const string NPlusOneStatement = "SELECT price FROM prices WHERE sku = 'A-1'";

    /// <summary>The statement as it is stored, its values hidden.</summary>
    public const string NPlusOneStatementStored = "SELECT price FROM prices WHERE sku = ?";
    public const int NPlusOneCount = 18;

    // ---- A host whose clock is wrong (Trace) ----------------------------------------------------------------------

    /// <summary>Instances of <see cref="SkewedService"/> on this host send times that are too early.</summary>
    public const string SkewedHost = "shop-node-4";
    public const string SkewedService = "inventory";
    public static TimeSpan Skew { get; } = TimeSpan.FromMilliseconds(-350);

    // ---- A lost header (Map) --------------------------------------------------------------------------------------

    /// <summary>The caller's client span has no child; the callee begins a trace of its own.</summary>
    public const string LostHeaderCaller = "web-store";
    public const string LostHeaderCallee = "recommendations";
    public const string LostHeaderCallerResource = "GET /";
    public const string LostHeaderResource = "GET /recommendations/{user}";

    // ---- A service that waits for its first request (Services, Home) -----------------------------------------------

    public const string WaitingService = "loyalty";
    public const string WaitingUrl = "http://shop-node-2:5011";

    // ---- An endpoint that is hardly ever called (Service, Endpoint) ------------------------------------------------

    public const string RareService = "web-store";
    public const string RareResource = "POST /returns/{id}/label";
    public static IReadOnlyList<TimeSpan> RareBefore { get; } = [TimeSpan.FromMinutes(302), TimeSpan.FromMinutes(141), TimeSpan.FromMinutes(9)];

    // ---- What differs: slow for one value of an attribute (Endpoint) -----------------------------------------------

    /// <summary>Requests of <see cref="TierTag"/> = <see cref="SlowTier"/> take about <see cref="TierFactor"/> times as long.</summary>
    public const string TierSlowService = "web-store";
    public const string TierSlowResource = "GET /account/orders";
    public const string TierTag = "customer.tier";
    public const string SlowTier = "free";
    public const double TierFactor = 7;

    /// <summary>The values of <see cref="TierTag"/>, and how many of ten requests have it; on all entry spans of web-store and mobile-api.</summary>
    public static IReadOnlyList<(string Tier, int OfTen)> Tiers { get; } = [(SlowTier, 3), ("plus", 5), ("gold", 2)];

    // ---- Errors (Errors) ------------------------------------------------------------------------------------------

    /// <summary>The groups that an error page should find: type and message pattern. Whoever calls gets an <c>UpstreamError</c> besides.</summary>
    public static IReadOnlyList<ShopFault> Faults { get; } =
    [
        new("CardDeclined", "payments", "POST /charges", 0.05, 402, "com.shop.payments.CardDeclinedException", "Card ending {4} was declined for order {6} (code 51)",
            "com.shop.payments.CardGateway.charge(CardGateway.java:118)", "com.shop.payments.ChargeController.create(ChargeController.java:42)"),
        new("GatewayTimeout", "payments", "POST /charges", 0.02, 504, "java.net.SocketTimeoutException", "api.cardpay.example did not answer charge {hex} within 2000 ms",
            "com.shop.payments.HttpGateway.send(HttpGateway.java:77)", "com.shop.payments.CardGateway.charge(CardGateway.java:109)"),
        new("ItemNotFound", "catalog", "GET /items/{id}", 0.015, 404, "catalog.errors.ItemNotFound", "Item {6} does not exist",
            "File \"/srv/catalog/items.py\", line 61, in get_item", "File \"/srv/catalog/routes.py\", line 24, in item"),
        new(ReservationTimeout, "orders", RegressionResource, 0.12, 503, "Shop.Orders.StockReservationTimeoutException", "Reservation R-{6} for customer {5} timed out after 250 ms",
            "at Shop.Orders.StockLock.Wait(Reservation reservation) in Orders/StockLock.cs:line 37", "at Shop.Orders.OrderService.Place(Cart cart) in Orders/OrderService.cs:line 58") { SinceVersion = RegressionVersion },
        new(ShardFailure, "search", "GET /search", 0.08, 500, "org.search.ShardFailure", "Shard [{1}] of products failed on node {hex}",
            "com.shop.search.Client.query(Client.java:210)", "com.shop.search.SearchServlet.doGet(SearchServlet.java:33)") { UntilVersion = "1.9.1" },
        new("MailboxUnavailable", "mailer", "Consume order.created", 0.03, 500, "smtplib.SMTPRecipientsRefused", "550 5.1.1 user{5}@mail.example: mailbox unavailable",
            "File \"/srv/mailer/send.py\", line 88, in deliver", "File \"/srv/mailer/worker.py\", line 19, in on_message"),
        new("CarrierTimeout", "shipping", "GET /quotes", 0.04, 504, "Net::ReadTimeout", "Quote {hex} from quotes.parcel.example took longer than 1500 ms",
            "/srv/shipping/lib/carrier.rb:52:in 'quote'", "/srv/shipping/app.rb:17:in 'block in <class:App>'"),
    ];

    /// <summary>Names of the faults that began, and ended, with a version.</summary>
    public const string ReservationTimeout = "ReservationTimeout";
    public const string ShardFailure = "ShardFailure";

    // ---- Single traces, to be opened by their id ------------------------------------------------------------------

    public static TraceId NPlusOneTraceId { get; } = new(0x5409_0000_0000_0000, 0x1001);
    public static TraceId SkewedTraceId { get; } = new(0x5409_0000_0000_0000, 0x1002);
    public static TraceId RegressionTraceId { get; } = new(0x5409_0000_0000_0000, 0x1003);

    /// <summary>The same endpoint as <see cref="RegressionTraceId"/>, with the version before.</summary>
    public static TraceId BeforeRegressionTraceId { get; } = new(0x5409_0000_0000_0000, 0x1004);
    public static TraceId RegressionErrorTraceId { get; } = new(0x5409_0000_0000_0000, 0x1005);
    public static TraceId LostHeaderTraceId { get; } = new(0x5409_0000_0000_0000, 0x1006);

    /// <summary>The trace that the callee of <see cref="LostHeaderTraceId"/> began.</summary>
    public static TraceId LostHeaderCalleeTraceId { get; } = new(0x5409_0000_0000_0000, 0x1006 + 1);
    public static TraceId SlowTierTraceId { get; } = new(0x5409_0000_0000_0000, 0x1008);

    /// <summary>A payment that failed: the error passes through three services.</summary>
    public static TraceId FailedCheckoutTraceId { get; } = new(0x5409_0000_0000_0000, 0x1009);

    public static IReadOnlyList<ShopPlant> Planted { get; } =
    [
        //  trace                     before now                       service      resource                 how
        new(NPlusOneTraceId,         TimeSpan.FromMinutes(4),   "web-store",  "GET /collections/{id}", new()),
        new(SkewedTraceId,           TimeSpan.FromMinutes(5),   "web-store",  "GET /products/{id}",    new() { Host = SkewedHost }),
        new(RegressionTraceId,       TimeSpan.FromMinutes(6),   "web-store",  "POST /checkout",        new()),
        new(BeforeRegressionTraceId, TimeSpan.FromMinutes(52),  "web-store",  "POST /checkout",        new()),
        new(RegressionErrorTraceId,  TimeSpan.FromMinutes(3),   "web-store",  "POST /checkout",        new() { Fault = ReservationTimeout }),
        new(LostHeaderTraceId,       TimeSpan.FromMinutes(2),   "web-store",  LostHeaderCallerResource, new()),
        new(SlowTierTraceId,         TimeSpan.FromMinutes(7),   "web-store",  TierSlowResource,        new() { Tier = SlowTier }),
        new(FailedCheckoutTraceId,   TimeSpan.FromMinutes(8),   "mobile-api", "POST /v2/checkout",     new() { Fault = "GatewayTimeout" }),
        .. RareBefore.Select((before, i) => new ShopPlant(new TraceId(0x5409_0000_0000_0000, 0x2001 + (ulong)i), before, RareService, RareResource, new())),
    ];
}

/// <summary>A version that a service takes, before now.</summary>
public sealed record ShopDeploy(string Service, string Version, TimeSpan Before);

/// <summary>A request that is made once, at a given time, under a given id.</summary>
public sealed record ShopPlant(TraceId TraceId, TimeSpan Before, string Service, string Resource, ShopChoice Choice);

/// <summary>What is not left to chance in a request. A planted one meets no fault but the named one.</summary>
public sealed record ShopChoice
{
    /// <summary>Value of <see cref="ShopFacts.TierTag"/>; null for any.</summary>
    public string? Tier { get; init; }

    /// <summary>The fault it meets; null for none.</summary>
    public string? Fault { get; init; }

    /// <summary>The host on which <see cref="ShopFacts.SkewedService"/> answers; null for another than <see cref="ShopFacts.SkewedHost"/>.</summary>
    public string? Host { get; init; }
}

/// <summary>A way in which an endpoint fails now and then.</summary>
/// <param name="Rate">Of the endpoint's requests.</param>
/// <param name="Status">HTTP status of its answer; whoever called fails as well from 500 on.</param>
/// <param name="Message">With <c>{n}</c> for a number of n digits and <c>{hex}</c> for eight hex digits.</param>
/// <param name="Frames">Of the stack, the top one first.</param>
public sealed record ShopFault(string Name, string Service, string Resource, double Rate, int Status, string Type, string Message, params IReadOnlyList<string> Frames)
{
    /// <summary>The version with which it began; "" when it was always there.</summary>
    public string SinceVersion { get; init; } = "";

    /// <summary>The version with which it ended; "" when it is still there.</summary>
    public string UntilVersion { get; init; } = "";
}
