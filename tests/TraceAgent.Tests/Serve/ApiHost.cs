using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Query.Evaluate;
using Apm.TestKit;
using Apm.TraceAgent.Serve;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Apm.TraceAgent.Tests.Serve;

/// <summary>The read API on a free port, over spans of a test.</summary>
sealed class ApiHost : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly HttpClient _client;

    ApiHost(WebApplication app)
    {
        _app = app;
        _client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public static async Task<ApiHost> Start(ITraceReader traces, IEnumerable<Span> counted)
    {
        var catalogue = new ServiceCatalogue(new MemoryDocuments());
        foreach (var span in counted) catalogue.Saw(new ServiceSighting(span.Service, span.Type, "python", span.Env, "", span.StartUnixNanos));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(traces).AddSingleton<IStatsReader>(new StatsList(Some.Stats(counted))).AddSingleton(catalogue).AddSingleton<MetricQueries>()
            .AddSingleton<TimeProvider>(new FixedClock(Some.BaseUnixNanos + 3600 * Some.Second));
        var app = builder.Build();
        app.MapJaegerApi();
        app.MapMetricQueryApi();
        await app.StartAsync();
        return new ApiHost(app);
    }

    public static Task<ApiHost> Start(params IReadOnlyList<Span> spans) => Start(new BatchList(Some.Batch(spans)), spans);

    /// <summary>Status and body, the body indented.</summary>
    public async Task<(int Status, string Json)> Get(string path)
    {
        using var answer = await _client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return ((int)answer.StatusCode, json.RootElement.GetRawText());
    }

    public async Task<JsonElement> GetData(string path)
    {
        var (status, text) = await Get(path);
        Assert.Equal(200, status);
        using var json = JsonDocument.Parse(text);
        return json.RootElement.GetProperty("data").Clone();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }
}
