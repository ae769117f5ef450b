using System.Net;
using System.Net.Sockets;
using Apm.Cli.Host;
using Apm.Cli.Settings;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Storage.InMemory;
using Apm.TestKit;
using Apm.TraceAgent.Metrics;

namespace Apm.Cli.Tests.Host;

/// <summary>Metrics in the host: from a packet to the store, and the settings on the way.</summary>
public class MetricPartsTests
{
    [Fact]
    public async Task A_packet_reaches_the_store_with_what_the_settings_say()
    {
        var settings = Read("dogstatsd_tags: [\"team:web\"]\nstatsd_metric_namespace: shop\nmetrics: {histogram_aggregates: [max], histogram_percentiles: [\"0.5\", \"0.99\"]}\n");
        var store = new InMemoryMetricStore();
        var counters = new Counters();
        var problems = new RecentProblems();
        var intake = MetricParts.MakeIntake(settings, new MetricSinks(store, happened => happened, _ => { }), counters, problems, TimeProvider.System);
        var parts = MetricParts.Start(settings with { DogStatsD = settings.DogStatsD with { Port = 0 } }, intake, "box", MemoryBudget.None(), counters, problems, TimeProvider.System, Assert.Fail);
        await using (parts)
        {
            var listener = Assert.Single(parts.Listeners);
            using var client = new UdpClient(AddressFamily.InterNetwork);
            await client.SendAsync("wait:1:2:3|h"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, listener.Port));
            await Until.True("the packet is read", TimeSpan.FromSeconds(20), () => Task.FromResult(counters.Read("dogstatsd_packets", "udp") == 1));
            Assert.Equal("dogstatsd", listener.Name);
        }

        Assert.Equal(["shop.wait.50percentile", "shop.wait.99percentile", "shop.wait.max"], store.Metrics(0).Select(metric => metric.Name));
        Assert.Equal(["host:box", "team:web"], Assert.Single(store.Series("shop.wait.max", 0)).Key.Tags);
    }

    [Fact]
    public async Task DogStatsD_can_be_switched_off()
    {
        var settings = Read("use_dogstatsd: false\n");
        var intake = MetricParts.MakeIntake(settings, new MetricSinks(new InMemoryMetricStore(), happened => happened, _ => { }), new Counters(), new RecentProblems(), TimeProvider.System);
        await using var parts = MetricParts.Start(settings, intake, "box", MemoryBudget.None(), new Counters(), new RecentProblems(), TimeProvider.System, Assert.Fail);

        Assert.Null(parts.DogStatsD);
        Assert.Null(parts.Lines);
        Assert.Empty(parts.Listeners);
    }

    [Theory]
    [InlineData("dogstatsd_port: 9125\n", 9125, 9125)]
    [InlineData("dogstatsd_port: 0\n", null, 8125)]
    [InlineData("ports: {dogstatsd: off}\n", null, 8125)]
    [InlineData("dogstatsd_port: 9125\nports: {dogstatsd: 9126}\n", 9126, 9126)]
    public void The_port_and_what_tracers_are_told_of_it(string file, int? port, int told)
    {
        var settings = Read(file);

        Assert.Equal((port, told), (settings.DogStatsD.Port, settings.Agent.StatsdPort));
    }

    [Theory]
    [InlineData("histogram_aggregates: [max, mean]\n", "A histogram has no \"mean\". Choose of max, median, avg, min, sum, count.")]
    [InlineData("histogram_percentiles: [\"95\"]\n", "\"95\" is no percentile. Write a share from 0.01 to 0.99, such as 0.95.")]
    public void A_wrong_word_is_told(string file, string sentence)
    {
        var issue = Assert.Single(SettingsReader.Read(new Dictionary<string, string>(), _ => null, ("apm.yaml", file)).Issues);

        Assert.Contains(sentence, issue.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Opening_it_to_others_is_told()
    {
        var read = SettingsReader.Read(new Dictionary<string, string>(), _ => null, ("datadog.yaml", "dogstatsd_non_local_traffic: true\n"));

        Assert.True(read.Settings.DogStatsD.IsOpenToOthers);
        Assert.Contains("DogStatsD listens on every address of this machine: whoever reaches it can send metrics, and nobody is asked for a key.", Assert.Single(read.Issues).ToString(), StringComparison.Ordinal);
    }

    static HostSettings Read(string file)
    {
        var read = SettingsReader.Read(new Dictionary<string, string>(), _ => null, ("apm.yaml", file));
        Assert.Empty(read.Issues);
        return read.Settings;
    }
}
