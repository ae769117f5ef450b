using System.Globalization;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit.Shop;

namespace Apm.EndToEnd.Tests;

/// <summary><c>apm up --demo=shop</c>: six hours in a few seconds, each span counted when it happened, and then live.</summary>
[Collection(OneAfterTheOther.Name)]
public sealed class ShopDemoTests
{
    static readonly TimeSpan FillPatience = TimeSpan.FromSeconds(120); // Ten seconds on a machine that does nothing else.

    [Fact]
    public async Task The_shop_has_a_history_in_which_nothing_is_late_and_goes_on_live()
    {
        await using var apm = await ApmProcess.Start(upPatience: FillPatience, options: ["--demo=shop"]);
        var ready = await apm.Program.Line("the shop says when its now is", line => DemoShop.Ready().IsMatch(line));
        var now = long.Parse(DemoShop.Ready().Match(ready).Groups["millis"].Value, CultureInfo.InvariantCulture);

        var status = await apm.Get("/api/status");
        Assert.DoesNotContain(status.GetProperty("counters").EnumerateArray(), counter => counter.GetProperty("name").GetString() is "spans_late" or "spans_from_the_future" or "stats_keys_over_limit" or "payloads_rejected");
        var services = status.GetProperty("services").EnumerateArray().Select(service => service.GetProperty("name").GetString()).ToHashSet();
        Assert.Equal(ShopServices.All.Select(service => service.Name).Order(), services.Order());

        // Statistics of the beginning, and a trace of it.
        var from = now - (long)ShopFacts.History.TotalMilliseconds;
        var (_, page) = await apm.Request(new Uri(apm.Ui, $"/services/catalog?from={from}&to={from + 3_600_000}").ToString());
        Assert.Contains("GET /collections/{id}", page, StringComparison.Ordinal);
        foreach (var plant in ShopFacts.Planted)
        {
            var trace = (await apm.Get($"/jaeger/api/traces/{plant.TraceId}")).GetProperty("data")[0];
            Assert.Contains(trace.GetProperty("spans").EnumerateArray(), span => span.GetProperty("startTime").GetInt64() == (now * 1000) - (plant.Before.Ticks / 10));
        }

        var received = Received(status);
        await TestKit.Until.True("live requests come", FillPatience, async () => Received(await apm.Get("/api/status")) > received);
        await apm.Stop();
    }

    static long Received(System.Text.Json.JsonElement status) => status.GetProperty("services").EnumerateArray().Sum(service => service.GetProperty("spans").GetProperty("receivedSpanCount").GetInt64());
}
