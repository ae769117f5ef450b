using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Apm.Core.Time;

namespace Apm.TestKit.Shop;

/// <summary>Sends what happens in the shop to an agent as its tracers would: a payload for each process, with its headers, and telemetry.</summary>
/// <param name="http">Not disposed.</param>
/// <param name="agent">Address of the agent's port.</param>
public sealed class ShopSender(HttpClient http, Uri agent)
{
    /// <summary>Payloads under way at once.</summary>
    const int AtOnce = 4;

    /// <summary>Most traces in one payload.</summary>
    const int MaxTraces = 1_000;

    /// <summary>Sends the traces; Python services by v0.5, the others by v0.4.</summary>
    /// <returns>How many spans were sent.</returns>
    /// <exception cref="HttpRequestException">The agent refused one or cannot be reached.</exception>
    public async Task<long> Send(IEnumerable<ShopTrace> traces, CancellationToken cancel = default)
    {
        var payloads = traces.SelectMany(trace => trace.Chunks).GroupBy(chunk => chunk.Process).SelectMany(chunks => chunks.Chunk(MaxTraces));
        var count = 0L;
        await Parallel.ForEachAsync(payloads, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (chunks, token) =>
        {
            await SendPayload(chunks, token);
            Interlocked.Add(ref count, chunks.Sum(chunk => (long)chunk.Spans.Count));
        });
        return count;
    }

    /// <summary>Tells that a process lives: what it is and where it listens, and which routes it serves.</summary>
    /// <param name="request"><c>app-started</c>, <c>app-heartbeat</c> or <c>app-closing</c>.</param>
    public Task Tell(ShopProcess process, string request, long unixNanos, CancellationToken cancel = default) =>
        Tell(process.Service.Name, process.Service, process.Version, process.RuntimeId, process.Host, process.ProcessId, process.Url, request, unixNanos,
            ShopEndpoints.All.Where(endpoint => endpoint.Service == process.Service.Name && !endpoint.IsConsumer && (endpoint.SinceVersion.Length == 0 || endpoint.SinceVersion == process.Version)).Select(endpoint => endpoint.Resource), cancel);

    /// <summary>Tells of <see cref="ShopFacts.WaitingService"/>, which lives and sends no spans.</summary>
    public Task TellOfWaitingService(string request, long unixNanos, CancellationToken cancel = default) =>
        Tell(ShopFacts.WaitingService, ShopServices.Of("catalog"), "0.1.0", "5b0d6e6e-4a0f-4c53-9a3e-6a1f0a8d0001", "shop-node-2", 511, ShopFacts.WaitingUrl, request, unixNanos, ["GET /points/{customer}", "POST /points/{customer}/redeem"], cancel);

    async Task SendPayload(ShopChunk[] chunks, CancellationToken cancel)
    {
        var service = chunks[0].Process.Service;
        var (path, body) = service.Language == "python"
            ? ("v0.5/traces", DatadogV05Encoder.Encode([.. chunks.Select(chunk => chunk.Spans)]))
            : ("v0.4/traces", DatadogV04Encoder.Encode([.. chunks.Select(chunk => chunk.Spans)]));
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/msgpack");
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(agent, path)) { Content = content };
        request.Headers.Add("Datadog-Meta-Lang", service.Language);
        request.Headers.Add("Datadog-Meta-Lang-Version", service.Runtime);
        request.Headers.Add("Datadog-Meta-Tracer-Version", service.TracerVersion);
        request.Headers.Add("X-Datadog-Trace-Count", chunks.Length.ToString(CultureInfo.InvariantCulture));
        await Answered(await http.SendAsync(request, cancel), cancel);
    }

    async Task Tell(string name, ShopService service, string version, string runtimeId, string host, int pid, string url, string request, long unixNanos, IEnumerable<string> routes, CancellationToken cancel)
    {
        var application = new { service_name = name, env = ShopFacts.Env, service_version = version, tracer_version = service.TracerVersion, language_name = service.Language, language_version = service.Runtime };
        await Post(request, new { configuration = new[] { new { name = "process_id", value = pid.ToString(CultureInfo.InvariantCulture), origin = "code" }, new { name = "listen_urls", value = url, origin = "code" } } });
        if (request == "app-started") await Post("app-endpoints", new { endpoints = routes.Select(route => new { method = route.Split(' ')[0], path = route.Split(' ')[1], resource_name = route }) });

        async Task Post(string type, object payload) => await Answered(await http.PostAsJsonAsync(new Uri(agent, "telemetry/proxy/api/v2/apmtelemetry"),
            new { request_type = type, api_version = "v2", tracer_time = unixNanos / UnixTime.NanosPerSecond, runtime_id = runtimeId, application, host = new { hostname = host, os = "Linux", architecture = "x86_64" }, payload }, cancel), cancel);
    }

    static async Task Answered(HttpResponseMessage answer, CancellationToken cancel)
    {
        using (answer)
        {
            if (answer.IsSuccessStatusCode) return;
            throw new HttpRequestException($"{answer.RequestMessage!.RequestUri}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancel)}");
        }
    }
}
