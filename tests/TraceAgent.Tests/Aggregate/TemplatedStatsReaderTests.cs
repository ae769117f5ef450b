using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.TestKit;
using Apm.TraceAgent.Aggregate;

namespace Apm.TraceAgent.Tests.Aggregate;

public sealed class TemplatedStatsReaderTests : IDisposable
{
    readonly MemoryDocuments _documents = new();
    readonly EndpointNames _names;
    readonly TemplatedStatsReader _stats;

    public TemplatedStatsReaderTests()
    {
        _names = new EndpointNames(_documents, new Counters());
        var bucket = new StatsBucket(Some.BaseUnixNanos, StatsBucket.CountedWidthNanos);
        for (var i = 0; i < 200; i++) // As the aggregator counts: by the name that was given out.
        {
            var word = $"{(char)('a' + i % 26)}{(char)('a' + i / 26)}lo";
            Count(bucket, "web", _names.TemplateOf("web", $"GET /api/profile/{word}"));
        }
        Count(bucket, "web", _names.TemplateOf("web", "GET /login"));
        Count(bucket, "shop", "GET /api/profile/aalo"); // Of another service.
        _stats = new TemplatedStatsReader(new StatsList(bucket), _names);
    }

    public void Dispose() => _documents.Dispose();

    [Fact]
    public void What_was_counted_under_the_path_counts_under_its_template()
    {
        var hits = Read(new StatsFilter { Service = "web" });

        Assert.Equal(new Dictionary<string, double> { ["GET /api/profile/{value}"] = 200, ["GET /login"] = 1 }, hits);
    }

    [Fact]
    public void One_endpoint_has_the_same_numbers_as_in_the_list()
    {
        Assert.Equal(200, Read(new StatsFilter { Service = "web", Resource = "GET /api/profile/{value}" }).Values.Sum());
        Assert.Equal(200, Read(new StatsFilter { Resource = "GET /api/profile/{value}" }).Values.Sum());
        Assert.Equal(1, Read(new StatsFilter { Service = "web", Resource = "GET /login" }).Values.Sum());
        Assert.Equal(1, Read(new StatsFilter { Service = "shop", Resource = "GET /api/profile/aalo" }).Values.Sum());
    }

    [Fact]
    public void A_decision_undoes_it()
    {
        _names.Decide("web", new TemplateOverride("/api/profile/{value}", TemplateDecision.KeepApart));

        Assert.True(Read(new StatsFilter { Service = "web" }).Count > 10);
    }

    Dictionary<string, double> Read(StatsFilter filter) => _stats.Read(TimeRange.All, filter, long.MaxValue)
        .GroupBy(row => row.Key.Resource, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Sum(row => row.Cell.HitCount), StringComparer.Ordinal);

    static void Count(StatsBucket bucket, string service, string resource) =>
        bucket.CellOf(new StatsKey { Service = service, Name = "request", Resource = resource }).HitCount++;
}
