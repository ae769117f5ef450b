using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.TestKit;
using Apm.TraceAgent.Normalize;
using Xunit.Abstractions;

namespace Apm.TraceAgent.Tests.Normalize;

/// <summary>A hundred thousand different addresses of forty routes, through the normaliser.</summary>
public sealed class ManyUrlsTests(ITestOutputHelper output) : IDisposable
{
    const int SpanCount = 180_000;

    readonly MemoryDocuments _documents = new();

    public void Dispose() => _documents.Dispose();

    [Theory]
    [InlineData(1, 1, 60)]    // One request a payload: some names are given out before it shows that they are values, and count under the template later.
    [InlineData(2, 20, 60)]
    [InlineData(3, 1_000, 60)]
    public void A_hundred_thousand_addresses_are_a_few_dozen_endpoints(int seed, int spansPerBatch, int maxEndpoints)
    {
        var names = new EndpointNames(_documents, new Counters());
        var normalizer = new SpanNormalizer(new Counters(), new NormalizeSettings(), names);
        var urls = new RawUrls(seed);
        var raw = new HashSet<string>(StringComparer.Ordinal);
        var routesOf = new Dictionary<string, SortedSet<int>>(StringComparer.Ordinal);

        for (var sent = 0; sent < SpanCount; sent += spansPerBatch)
        {
            var requests = Enumerable.Range(0, spansPerBatch).Select(_ => urls.Next()).ToList();
            var batch = Some.Batch(requests.Select((request, i) => Some.Span(id: (ulong)(i + 1), trace: (ulong)(i + 1), resource: request.Raw)));
            normalizer.Normalize(batch);
            for (var i = 0; i < spansPerBatch; i++)
            {
                raw.Add(requests[i].Raw);
                var name = batch.Strings.Text(batch.Resources[i]);
                if (!routesOf.TryGetValue(name, out var routes)) routesOf.Add(name, routes = []);
                routes.Add(requests[i].Route);
            }
        }

        var later = names.FoldedLater("web");
        var givenCount = routesOf.Count;
        foreach (var (name, template) in later)
        {
            if (!routesOf.Remove(name, out var routes)) continue;
            if (routesOf.TryGetValue(template, out var others)) others.UnionWith(routes);
            else routesOf.Add(template, routes);
        }
        output.WriteLine($"{givenCount} names given out");
        output.WriteLine($"{raw.Count} raw names, {routesOf.Count} endpoints");
        Assert.True(raw.Count > 100_000, $"{raw.Count} different");
        Assert.True(routesOf.Count <= maxEndpoints, $"{routesOf.Count} endpoints");
        Assert.Empty(routesOf.Where(pair => pair.Value.Count > 1).Select(pair => $"{pair.Key}: {string.Join(" and ", pair.Value.Select(route => RawUrls.Routes[route]))}"));
    }
}
