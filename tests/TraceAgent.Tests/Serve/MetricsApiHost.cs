using System.Text;
using System.Text.Json;
using Apm.Core.Counting;
using Apm.Core.Dashboards;
using Apm.Core.Descriptions;
using Apm.Core.Hosts;
using Apm.Core.Keys;
using Apm.Core.Limits;
using Apm.Monitors.Delivery;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Messages;
using Apm.Monitors.Notify;
using Apm.Storage.Events;
using Apm.Storage.InMemory;
using Apm.TestKit;
using Apm.TraceAgent.Hosts;
using Apm.TraceAgent.Serve.Datadog;
using Apm.TraceAgent.Serve.Datadog.Dashboards;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Apm.TraceAgent.Tests.Serve;

/// <summary>Datadog's API on a free port, over stores in memory and a clock that stands.</summary>
sealed class MetricsApiHost : IAsyncDisposable
{
    public const long Now = 1_700_000_000;

    readonly WebApplication _app;
    readonly HttpClient _client;

    MetricsApiHost(WebApplication app) => (_app, _client) = (app, new HttpClient { BaseAddress = new Uri(app.Urls.First()) });

    public required RecordedMetrics Metrics { get; init; }
    public required HostCatalogue Hosts { get; init; }
    public required MetricDescriptions Descriptions { get; init; }
    public required ApiKeys Keys { get; init; }
    public required Counters Counters { get; init; }
    public required RecentProblems Problems { get; init; }
    public required SteppedClock Clock { get; init; }
    public required MemoryBudget Memory { get; init; }
    public required InMemoryServiceCheckStore Checks { get; init; }
    public required Outbox Outbox { get; init; }
    public required ListedRules Rules { get; init; }
    public required ServedMonitors Monitors { get; init; }

    /// <summary>Sent with every request as headers; "" for none.</summary>
    public string ApiKey { get; set; } = "k";

    /// <inheritdoc cref="ApiKey"/>
    public string ApplicationKey { get; set; } = "a";

    public static async Task<MetricsApiHost> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var counters = new Counters();
        var problems = new RecentProblems();
        var clock = new SteppedClock(DateTimeOffset.FromUnixTimeSeconds(Now));
        var documents = new InMemoryDocumentStore();
        var memory = new MemoryBudget();
        var events = new InMemoryEventStore(new EventStoreSettings(), clock, counters);
        var checks = new InMemoryServiceCheckStore(new EventStoreSettings(), counters);
        var metrics = new RecordedMetrics(events, checks);
        var hosts = new HostCatalogue(documents, counters);
        var descriptions = new MetricDescriptions(documents, counters);
        var keys = new ApiKeys(documents, clock);
        var gate = new DatadogGate(keys, counters, problems, clock);
        var intake = new HostNotingIntake(metrics, hosts, descriptions, clock);
        app.Use(next => http => gate.Guard(http, next));
        app.MapGet("/api/v1/query", () => "answered"); // Stands for what others map.
        new SubmissionApi(intake, hosts, memory, gate, counters, problems, clock).Map(app);
        new EventsApi(intake, events, memory, gate, clock).Map(app);
        new HostsApi(hosts, metrics, gate, clock).Map(app);
        new HostTagsApi(hosts, gate).Map(app);
        new MetricCatalogueApi(metrics, descriptions, hosts, gate).Map(app);
        new KeysApi(keys, gate).Map(app);
        var outbox = new Outbox(documents, memory, counters, problems, clock);
        var book = new DowntimeBook(documents, hosts.Find, counters, clock, Guid.NewGuid);
        var rules = new ListedRules();
        var notices = new DowntimeNotices(book, rules, outbox, new AlertLinks("http://localhost:8127"), documents, counters, problems, clock);
        var monitors = ServedMonitors.Map(app, documents, metrics, events, checks, hosts, book, gate, counters, clock);
        new DowntimesApi(book, notices, rules, monitors.MuteAll, hosts, gate).Map(app);
        new DowntimesV2Api(book, notices, rules, monitors.States.Find, gate).Map(app);
        var boards = new DashboardBook(documents, clock, new Random(1));
        new TimeboardApi(boards, gate).Map(app);
        new ScreenboardApi(boards, gate).Map(app);
        new DashboardApi(boards, gate).Map(app);
        new DashboardListApi(new DashboardLists(documents, clock), boards, gate).Map(app);
        await app.StartAsync();
        return new MetricsApiHost(app) { Metrics = metrics, Hosts = hosts, Descriptions = descriptions, Keys = keys, Counters = counters, Problems = problems, Clock = clock, Memory = memory, Checks = checks, Outbox = outbox, Rules = rules, Monitors = monitors };
    }

    public Uri Url => _client.BaseAddress!;

    public Task<ApiAnswer> Get(string path, params (string Name, string Value)[] headers) => Send("GET", path, null, null, headers);

    public Task<ApiAnswer> Post(string path, string json, params (string Name, string Value)[] headers) => Send("POST", path, Encoding.UTF8.GetBytes(json), "application/json", headers);

    public async Task<ApiAnswer> Send(string method, string path, byte[]? body, string? contentType, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (ApiKey.Length > 0) request.Headers.TryAddWithoutValidation("DD-API-KEY", ApiKey);
        if (ApplicationKey.Length > 0) request.Headers.TryAddWithoutValidation("DD-APPLICATION-KEY", ApplicationKey);
        if (body is not null) request.Content = new ByteArrayContent(body);
        if (contentType is not null) request.Content!.Headers.TryAddWithoutValidation("Content-Type", contentType);
        foreach (var (name, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content!.Headers.TryAddWithoutValidation(name, value);
        using var answer = await _client.SendAsync(request);
        var said = answer.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase);
        return new ApiAnswer((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType ?? "", said, await answer.Content.ReadAsByteArrayAsync());
    }

    /// <summary>The body of a 200, as JSON.</summary>
    public async Task<JsonElement> GetJson(string path)
    {
        var answer = await Get(path);
        Assert.True(answer.Status == 200, $"{path}: {answer.Status} {answer.Text}");
        return answer.Json;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }
}
