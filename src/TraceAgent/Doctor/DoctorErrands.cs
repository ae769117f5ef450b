using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Text;
using System.Text.Json;
using Apm.Core.Diagnosis;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.TraceAgent.Doctor.Witness;

namespace Apm.TraceAgent.Doctor;

/// <summary>What the doctor does when a user presses a button: sends a test trace, or one request to an app.</summary>
sealed class DoctorErrands : IDisposable
{
    /// <summary>Most test traces remembered; default 20. The oldest makes room.</summary>
    public const int MaxTests = 20;

    readonly ServiceCatalogue _catalogue;
    readonly ProcessTable _processes;
    readonly RunningProcesses _running;
    readonly DoctorSources _sources;
    readonly TimeProvider _clock;
    // The app is known by its socket, not by its certificate, which on a developer's machine nobody has signed.
    readonly HttpClient _http = new(new SocketsHttpHandler { SslOptions = new() { RemoteCertificateValidationCallback = (stream, _, _, _) => IsOfThisMachine(stream) }, UseProxy = false, AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 1_048_576 };
    readonly ConcurrentDictionary<string, TestTrace> _tests = new(StringComparer.Ordinal);

    public DoctorErrands(ServiceCatalogue catalogue, ProcessTable processes, RunningProcesses running, DoctorSources sources, TimeProvider clock) =>
        (_catalogue, _processes, _running, _sources, _clock) = (catalogue, processes, running, sources, clock);

    public void Dispose() => _http.Dispose();

    public TestTrace? TestOf(string traceId) => _tests.GetValueOrDefault(traceId);

    /// <summary>Goes over the agent's own socket, as an app's would.</summary>
    public async Task<TestTrace> SendTestTrace(CancellationToken cancel)
    {
        var id = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
        var now = _clock.NowUnixNanos();
        var started = _clock.GetTimestamp();
        var (status, answer) = await Send(id, now, cancel);
        var test = new TestTrace(id.ToString("x32", CultureInfo.InvariantCulture), now, status, answer, _clock.GetElapsedTime(started).TotalMilliseconds);
        while (_tests.Count >= MaxTests) _tests.TryRemove(_tests.MinBy(pair => pair.Value.SentUnixNanos).Key, out _);
        _tests[test.TraceId] = test;
        return test;
    }

    /// <summary>One request, where the system says that this very process listens on this machine.</summary>
    public async Task<RouteCall> Call(string runtimeId, string path, CancellationToken cancel)
    {
        if (_catalogue.Processes().FirstOrDefault(one => one.RuntimeId == runtimeId && !one.HasEnded) is not { } process) return Unsent("This process has ended, or was never seen.");
        if (process.Routes.FirstOrDefault(route => route.Path == path && route.Method is "GET" or "*") is not { } route) return Unsent("This process has no such GET route.");
        if (!string.Equals(process.Hostname, _sources.Host, StringComparison.OrdinalIgnoreCase)) return Unsent($"The process runs on {SecretText.Cut(process.Hostname, 80)}, another machine. Send the request from there.");
        if (_running.IsRunning(process) != true) return Unsent($"pid {process.ProcessId} does not run on this machine.");
        var told = process.ListenUrls.Select(url => Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed : null).OfType<Uri>().ToList();
        // A socket that it holds itself, as the system says; never a port that only its telemetry speaks of.
        var listens = _processes.ListenersOf(process.ProcessId).Where(end => told.Exists(url => url.Port == end.Port)).ToList();
        if (listens.Count == 0) return Unsent($"The system does not say that pid {process.ProcessId} listens on {(told.Count > 0 ? $"port {string.Join(", ", told.Select(url => url.Port))}" : "any port")}, so nothing was sent. Send it yourself, if you trust the address.");
        var address = new UriBuilder(told.Find(url => url.Port == listens[0].Port)!.Scheme, Host(listens[0].Address), listens[0].Port).Uri;
        if (!Uri.TryCreate(address, CurlLines.PathOf(route), out var url) || url.Authority != address.Authority) return Unsent("The route is no path.");
        try
        {
            using var answer = await _http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancel);
            return new RouteCall(url.ToString(), (int)answer.StatusCode, $"GET {url} answered {(int)answer.StatusCode}.");
        }
        catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return new RouteCall(url.ToString(), 0, $"GET {url} got no answer: {problem.Message}");
        }
    }

    static bool IsOfThisMachine(object stream) => stream is SslStream { TargetHostName: var name } && (name == "localhost" || (IPAddress.TryParse(name.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));

    static RouteCall Unsent(string why) => new("", 0, why);

    static string Host(IPAddress address) => address.Equals(IPAddress.Any) ? "127.0.0.1" : address.Equals(IPAddress.IPv6Any) ? "localhost" : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    async Task<(int Status, string Answer)> Send(ulong id, long nowUnixNanos, CancellationToken cancel)
    {
        var span = new
        {
            trace_id = id, span_id = id, parent_id = 0, service = TestTrace.Service, name = "apm.test", resource = "test trace", type = "custom",
            start = nowUnixNanos - 1_000_000, duration = 1_000_000, meta = new Dictionary<string, string> { ["apm.test"] = "true" },
            metrics = new Dictionary<string, double> { ["_sampling_priority_v1"] = 2 }, // Somebody wants to see it: sampling leaves it alone.
        };
        try
        {
            using var body = new StringContent(JsonSerializer.Serialize(new[] { new[] { span } }), Encoding.UTF8, "application/json");
            using var answer = await _http.PutAsync(new Uri($"http://localhost:{_sources.Listeners().GetValueOrDefault("agent")}/v0.4/traces"), body, cancel);
            return ((int)answer.StatusCode, answer.IsSuccessStatusCode ? "taken" : SecretText.Cut(await answer.Content.ReadAsStringAsync(cancel)));
        }
        catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return (0, problem.Message);
        }
    }
}
