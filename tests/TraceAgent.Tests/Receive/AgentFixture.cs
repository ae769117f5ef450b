using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.InMemory;
using Apm.TestKit;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.OtlpMetrics;
using Apm.TraceAgent.Receive;
using Microsoft.Extensions.Logging;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>An agent in this process: real sockets on free ports, stores in memory, a clock that stands.</summary>
public sealed class AgentFixture : IAsyncDisposable
{
    /// <summary>When tests play unless they say otherwise.</summary>
    public static DateTimeOffset DefaultNow { get; } = new(2026, 11, 25, 12, 0, 5, TimeSpan.Zero);

    readonly AgentServer _server;
    readonly ErrorsOnly _errors;
    readonly ILoggerFactory _logs;

    AgentFixture(AgentServer server, TracePipeline pipeline, PipelineParts parts, SteppedClock clock, ErrorsOnly errors, ILoggerFactory logs)
    {
        (_server, Pipeline, Parts, Clock, _errors, _logs) = (server, pipeline, parts, clock, errors, logs);
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = UrlOf("agent"), Timeout = TimeSpan.FromSeconds(60) };
    }

    public TracePipeline Pipeline { get; }
    public PipelineParts Parts { get; }
    public SteppedClock Clock { get; }

    /// <summary>Speaks to the agent's own port unless given a full address.</summary>
    public HttpClient Http { get; }

    public static async Task<AgentFixture> Start(DateTimeOffset? now = null, AgentSettings? agent = null, PipelineSettings? pipelineSettings = null, IPayloadLog? log = null, IDogStatsDIntake? dogStatsD = null, IMetricIntake? metrics = null, Action<string>? warn = null)
    {
        var clock = new SteppedClock(now ?? DefaultNow);
        var counters = new Counters();
        var problems = new RecentProblems();
        var parts = new PipelineParts
        {
            Log = log ?? new InMemoryPayloadLog(),
            Traces = new InMemoryTraceStore(clock),
            Stats = new InMemoryStatsStore(),
            Catalogue = new ServiceCatalogue(new InMemoryDocumentStore()),
            Counters = counters,
            Problems = problems,
            Clock = clock,
            DogStatsD = dogStatsD,
            OtlpMetrics = metrics is null ? null : new OtlpMetricReceiver(metrics, Core.Limits.MemoryBudget.None(), counters, problems, clock),
        };
        var pipeline = new TracePipeline(parts, pipelineSettings ?? new PipelineSettings());
        pipeline.Start();
        var errors = new ErrorsOnly();
        var logs = LoggerFactory.Create(logging => logging.AddProvider(errors).SetMinimumLevel(LogLevel.Error));
        var settings = (agent ?? new AgentSettings()) with { AgentPort = 0, OtlpGrpcPort = 0, OtlpHttpPort = 0, ZipkinPort = 0 };
        var server = await AgentServer.Start(settings, parts, pipeline, logs, warn ?? (warning => throw new InvalidOperationException(warning)));
        return new AgentFixture(server, pipeline, parts, clock, errors, logs);
    }

    /// <summary>Address of a listener: <c>agent</c>, <c>otlp-grpc</c>, <c>otlp-http</c>, <c>zipkin</c>.</summary>
    public Uri UrlOf(string listener) => new($"http://127.0.0.1:{_server.Listeners.Single(entry => entry.Name == listener).Port}");

    /// <summary>Sends bytes and waits until what was accepted is counted and searchable.</summary>
    public async Task<Answer> Send(string path, byte[] body, string? contentType = "application/msgpack", string method = "PUT", string listener = "agent", params (string Name, string Value)[] headers)
    {
        using var message = new HttpRequestMessage(new HttpMethod(method), new Uri(UrlOf(listener), path)) { Content = new ByteArrayContent(body) };
        if (contentType is not null) message.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        foreach (var (name, value) in headers)
            if (!message.Headers.TryAddWithoutValidation(name, value)) message.Content.Headers.TryAddWithoutValidation(name, value);
        return await Send(message);
    }

    /// <summary>Sends a message and waits until what was accepted is counted and searchable.</summary>
    public async Task<Answer> Send(HttpRequestMessage message)
    {
        using var response = await Http.SendAsync(message);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        await Pipeline.Settled();
        return new Answer(response.StatusCode, bytes, response.Content.Headers.ContentType?.MediaType ?? "", response.Headers, response.TrailingHeaders);
    }

    /// <summary>Everything stored, by trace, start and id.</summary>
    public IReadOnlyList<Span> StoredSpans() =>
        [.. Parts.Traces.Scan(new SpanScan(), CancellationToken.None).SelectMany(SpanBatches.Spans)
            .OrderBy(span => span.TraceId).ThenBy(span => span.StartUnixNanos).ThenBy(span => span.Id.Value).ThenBy(span => span.Service, StringComparer.Ordinal)];

    /// <summary>Everything counted, open buckets included.</summary>
    public IReadOnlyList<StatsRow> Statistics() => [.. Pipeline.Statistics.Read(TimeRange.All, StatsFilter.Any, long.MaxValue)];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
        await Pipeline.DisposeAsync();
        _logs.Dispose();
        Assert.True(_errors.Lines.IsEmpty, string.Join('\n', _errors.Lines)); // Whatever a client sends, the server itself must not stumble.
    }

    sealed class ErrorsOnly : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Lines.Enqueue($"{formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>What came back.</summary>
public sealed record Answer(HttpStatusCode Status, byte[] Bytes, string ContentType, HttpResponseHeaders Headers, HttpResponseHeaders Trailers)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Bytes);

    /// <summary>A header or trailer; null when it did not come.</summary>
    public string? Header(string name) =>
        Headers.TryGetValues(name, out var values) || Trailers.TryGetValues(name, out values) ? string.Join(',', values) : null;
}
