using Apm.TestKit.Shop;

namespace Apm.Pictures;

/// <summary>A screen to take a picture of.</summary>
/// <param name="Name">Of the file, before the theme.</param>
/// <param name="Path">With its query.</param>
sealed record Screen(string Name, string Path)
{
    /// <summary>What is clicked before the picture is taken; "" for nothing.</summary>
    public string Click { get; init; } = "";
}

/// <summary>All screens, in the order in which one meets them. A new screen gets a line here.</summary>
static class Screens
{
    static readonly string Order = $"/services/{ShopFacts.RegressionService}";

    public static IReadOnlyList<Screen> All { get; } =
    [
        new("home", "/"),
        new("services", "/services"),
        new("services-others", "/services?tab=others"),
        new("service", $"{Order}?from=now-1h"),
        new("service-heat", $"{Order}?from=now-4h&latency=heat"),
        new("service-deployments", $"{Order}?from=now-4h&tab=deployments"),
        new("service-errors", $"{Order}?from=now-1h&tab=errors"),
        new("service-calls", $"{Order}?from=now-1h&tab=calls"),
        new("service-instances", $"{Order}?from=now-1h&tab=instances"),
        new("service-ingest", $"{Order}?from=now-1h&tab=ingest"),
        new("endpoint", $"{Order}/endpoint?from=now-1h&name=aspnet_core.request&resource={Uri.EscapeDataString(ShopFacts.RegressionResource)}"),
        new("endpoint-tier", $"/services/{ShopFacts.TierSlowService}/endpoint?from=now-1h&name=express.request&resource={Uri.EscapeDataString(ShopFacts.TierSlowResource)}"),
        new("traces", "/traces"),
        new("traces-query", $"/traces?q={Uri.EscapeDataString("service:orders status:error")}"),
        new("traces-views", "/traces?q=status:error") { Click = "[popovertarget=views-pop]" },
        new("traces-tail", "/traces?view=tail") { Click = "apm-tail tr[data-trace]:nth-child(14) .fold" },
        new("traces-bad-query", $"/traces?q={Uri.EscapeDataString("servise:orders")}"),
        new("traces-none", $"/traces?q={Uri.EscapeDataString("service:orders duration:>1h")}"),
        new("trace", $"/traces/{ShopFacts.NPlusOneTraceId}"),
        new("trace-error", $"/traces/{ShopFacts.RegressionErrorTraceId}"),
        new("trace-skew", $"/traces/{ShopFacts.SkewedTraceId}"),
        new("trace-skew-aligned", $"/traces/{ShopFacts.SkewedTraceId}?clock=aligned"),
        new("trace-flame", $"/traces/{ShopFacts.RegressionTraceId}?view=flame"),
        new("trace-open", "/traces/open"),
        new("trace-list", $"/traces/{ShopFacts.RegressionTraceId}?view=list"),
        new("trace-map", $"/traces/{ShopFacts.RegressionTraceId}?view=map"),
        new("map", "/map?from=now-1h"),
        new("map-table", "/map?from=now-1h&view=table"),
        new("map-lost-header", $"/map?from=now-1h&panel={Uri.EscapeDataString($"{ShopFacts.LostHeaderCaller}→{ShopFacts.LostHeaderCallee}")}"),
        new("map-unpaired", "/map?from=now-1h&view=unpaired"),
        new("compare", $"/compare?a={ShopFacts.RegressionTraceId}&b=last-version"),
        new("compare-difference", $"/compare?a={ShopFacts.RegressionTraceId}&b=last-version&sort=difference"),
        new("metrics", $"/metrics?from=now-1h&q={Uri.EscapeDataString("p95:trace.http.request{*} by {service}")}"),
        new("slo-new", "/slos/new"),
        new("monitor-editor", $"/monitors/new?service={ShopFacts.RegressionService}&name=aspnet_core.request&resource={Uri.EscapeDataString(ShopFacts.RegressionResource)}"),
        new("dashboard", "/dashboards/given-flask?from=now-1h"),
        new("errors", "/errors?from=now-1h"),
        new("issue", "/errors/828f0d561fe193d8?from=now-1h"),
        new("service-hosts", $"{Order}?from=now-1h&tab=hosts"),
        new("service-metrics", $"{Order}?from=now-1h&tab=metrics"),
        new("hosts", "/hosts"),
        new("hosts-map", "/hosts?view=map"),
        new("doctor", "/doctor"),
        new("limits", "/limits"),
        new("not-found", "/nothing-here"),
    ];
}
