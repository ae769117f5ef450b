using System.Text.Json;
using Apm.Core.Counting;
using Apm.Core.Keys;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Query.Errors;
using Apm.Query.Evaluate;
using Apm.Query.Fates;
using Apm.Query.Metrics;
using Apm.Query.Traces;
using Apm.TestKit;
using Apm.TraceAgent.Serve;
using Apm.TraceAgent.Serve.Datadog;
using Apm.TraceAgent.Serve.Jaeger;
using Apm.TraceAgent.Serve.Tempo;
using Apm.TraceAgent.Serve.Zipkin;
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

    public static async Task<ApiHost> Start(ITraceReader traces, IEnumerable<Span> counted, TimeProvider? clock = null, IFateStore? fates = null, ILedgerReader? ledger = null, IErrorIssues? issues = null, IMetricReader? metrics = null, ApiKeys? keys = null)
    {
        var statistics = new StatsList(Some.Stats(counted));
        var catalogue = new ServiceCatalogue(new MemoryDocuments());
        foreach (var span in counted) catalogue.Saw(new ServiceSighting(span.Service, span.Type, "python", span.Env, "", span.StartUnixNanos));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(traces).AddSingleton<IStatsReader>(statistics).AddSingleton(catalogue)
            .AddSingleton(provider => new MetricQueries(metrics ?? new TraceMetricReader(statistics), NoHostTags.Instance, new TraceMetricUnits(), new Counters(), provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<TimeProvider>(clock ?? new FixedClock(Some.BaseUnixNanos + 3600 * Some.Second));
        if (keys is not null) builder.Services.AddSingleton(keys).AddSingleton(new DatadogGate(keys, new Counters(), new RecentProblems(), clock ?? TimeProvider.System));
        if (fates is not null) builder.Services.AddSingleton(new TraceFates(new TraceLookup(traces), fates));
        if (ledger is not null) builder.Services.AddSingleton(ledger);
        if (issues is not null) builder.Services.AddSingleton(issues).AddSingleton<IssueQueries>();
        var app = builder.Build();
        app.MapJaegerApi();
        app.MapZipkinApi();
        app.MapTempoApi();
        app.MapMetricQueryApi();
        app.MapDatadogSpansApi();
        app.MapDatadogDependenciesApi();
        app.MapLedgerApi();
        app.MapFateApi();
        app.MapErrorsApi();
        app.MapUnknownPaths();
        await app.StartAsync();
        return new ApiHost(app);
    }

    public static Task<ApiHost> Start(params IReadOnlyList<Span> spans) => Start(new BatchList(Some.Batch(spans)), spans);

    /// <summary>Over metrics that are not of traces.</summary>
    public static Task<ApiHost> Start(IMetricReader metrics) => Start(new BatchList(), [], metrics: metrics);

    /// <summary>Status and body, the body indented.</summary>
    public async Task<(int Status, string Json)> Get(string path)
    {
        using var answer = await _client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return ((int)answer.StatusCode, json.RootElement.GetRawText());
    }

    /// <summary>Status, headers and body as they come.</summary>
    /// <param name="accept">What the client wants; null says nothing.</param>
    public async Task<ApiAnswer> GetRaw(string path, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        return await Send(request);
    }

    public async Task<ApiAnswer> Post(string path, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
        return await Send(request);
    }

    /// <summary>As <see cref="GetRaw"/>, by another method.</summary>
    public async Task<ApiAnswer> Ask(HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        return await Send(request);
    }

    /// <summary>The body of a 200, as JSON.</summary>
    public async Task<JsonElement> GetJson(string path)
    {
        var answer = await GetRaw(path);
        Assert.True(answer.Status == 200, $"{path}: {answer.Status} {answer.Text}");
        return answer.Json;
    }

    async Task<ApiAnswer> Send(HttpRequestMessage request)
    {
        using var answer = await _client.SendAsync(request);
        var headers = answer.Headers.Concat(answer.Content.Headers.Where(header => header.Key == "Allow")).ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase);
        return new ApiAnswer((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType ?? "", headers, await answer.Content.ReadAsByteArrayAsync());
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

/// <summary>What came back.</summary>
sealed record ApiAnswer(int Status, string ContentType, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    public JsonElement Json
    {
        get
        {
            using var json = JsonDocument.Parse(Body);
            return json.RootElement.Clone();
        }
    }
}
