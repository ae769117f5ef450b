using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Apm.Tracer.Tests.Kit;

/// <summary>Takes whatever is sent to an agent and remembers it.</summary>
sealed class FakeAgent : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly List<SentRequest> _requests = [];
    readonly WebApplication _app;
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    FakeAgent(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.First());

    /// <summary>Status to answer with; default 200.</summary>
    public Func<SentRequest, int> Status { get; set; } = _ => 200;

    public static async Task<FakeAgent> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var agent = new FakeAgent(app);
        app.Run(agent.Take);
        await app.StartAsync();
        return agent;
    }

    public IReadOnlyList<SentRequest> Requests
    {
        get
        {
            lock (_requests) return [.. _requests];
        }
    }

    public IEnumerable<List<SentSpan>> Chunks =>
        Requests.Where(request => request.Path == "/v0.4/traces" && request.Answer == 200).SelectMany(request => SentSpan.Chunks(request.Body));

    public IEnumerable<SentSpan> Spans => Chunks.SelectMany(chunk => chunk);

    public IEnumerable<JsonElement> Telemetry(string type) => Requests
        .Where(request => request.Path == "/telemetry/proxy/api/v2/apmtelemetry")
        .Select(request => JsonDocument.Parse(request.Body).RootElement)
        .Where(message => message.GetProperty("request_type").GetString() == type);

    /// <summary>Waits until something has come that the condition finds.</summary>
    public async Task<T> Wait<T>(Func<FakeAgent, T?> find, string what)
        where T : class
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (true)
        {
            Task change;
            lock (_requests) change = _changed.Task;
            if (find(this) is { } found) return found;
            try
            {
                await change.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{what} did not come. What came: {string.Join(", ", Requests.Select(r => r.Path))}; spans: {string.Join("; ", Spans)}");
            }
        }
    }

    public Task<SentSpan> WaitSpan(Func<SentSpan, bool> match, string what) => Wait(agent => agent.Spans.FirstOrDefault(match), what);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    async Task Take(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = new SentRequest(
            context.Request.Path.Value!,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        request.Answer = Status(request);
        lock (_requests)
        {
            _requests.Add(request);
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        context.Response.StatusCode = request.Answer;
        await context.Response.WriteAsync("{\"rate_by_service\":{\"service:,env:\":1}}\n");
    }
}

/// <summary>One request to the agent.</summary>
sealed record SentRequest(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public int Answer { get; set; }
}
