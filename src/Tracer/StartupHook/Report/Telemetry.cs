using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Apm.StartupHook.Send;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Report;

/// <summary>
/// Tells the agent that this process is alive, what it is, and which routes it has, before the first request comes:
/// <c>app-started</c>, <c>app-endpoints</c>, <c>app-client-configuration-change</c>, <c>app-heartbeat</c>, <c>generate-metrics</c>, <c>app-closing</c>.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class Telemetry
{
    /// <summary>Most routes in one message, and in all: further ones are left out.</summary>
    public const int MaxEndpoints = 300;

    static readonly DropReason[] s_reasons = [DropReason.QueueFull, DropReason.SpanTooLarge, DropReason.AgentUnreachable, DropReason.AgentRefused];

    readonly HookSettings _settings;
    readonly AgentSender _sender;
    readonly DropCounter _drops;
    readonly TimeProvider _clock;
    readonly string _runtimeId;
    readonly int _processId;
    readonly long[] _reportedDrops = new long[s_reasons.Length];
    long _lastHeartbeat;
    int _sequence;

    /// <param name="settings">What is told about the app.</param>
    /// <param name="sender">Carries the messages.</param>
    /// <param name="drops">Its changes are told with each heartbeat.</param>
    /// <param name="clock">For heartbeats.</param>
    /// <param name="runtimeId">Id of this run of the process.</param>
    /// <param name="processId">The process id.</param>
    public Telemetry(HookSettings settings, AgentSender sender, DropCounter drops, TimeProvider clock, string runtimeId, int processId)
    {
        (_settings, _sender, _drops, _clock, _runtimeId, _processId) = (settings, sender, drops, clock, runtimeId, processId);
        _lastHeartbeat = clock.GetTimestamp();
    }

    /// <summary>The process has begun.</summary>
    public void Started() => Send("app-started", json =>
    {
        json.WriteStartObject("products");
        json.WriteEndObject();
        WriteConfiguration(json,
            ("process_id", _processId.ToString(CultureInfo.InvariantCulture)),
            ("service_guessed", _settings.IsServiceGuessed ? "true" : "false"),
            ("tracer", "startup-hook"),
            ("agent_url", _settings.AgentUrl.ToString()),
            ("propagation_inject", string.Join(',', _settings.Propagation.Inject).ToLowerInvariant()),
            ("propagation_extract", string.Join(',', _settings.Propagation.Extract).ToLowerInvariant()));
    });

    /// <summary>A fact that was not known at the start.</summary>
    public void Changed(string name, string value) => Send("app-client-configuration-change", json => WriteConfiguration(json, (name, value)));

    /// <summary>The routes of the app.</summary>
    public void Endpoints(IReadOnlyList<AppEndpoint> endpoints) => Send("app-endpoints", json =>
    {
        json.WriteBoolean("is_first", true);
        json.WriteStartArray("endpoints");
        foreach (var endpoint in endpoints.Take(MaxEndpoints))
        {
            json.WriteStartObject();
            json.WriteString("type", "REST");
            json.WriteString("method", endpoint.Method);
            json.WriteString("path", endpoint.Path);
            json.WriteString("operation_name", "aspnet_core.request");
            json.WriteString("resource_name", $"{endpoint.Method} {endpoint.Path}");
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    /// <summary>Sends a heartbeat, and the drops since the last one, when it is time. Called often.</summary>
    public void Tick()
    {
        if (_clock.GetElapsedTime(_lastHeartbeat) < _settings.HeartbeatInterval) return;
        _lastHeartbeat = _clock.GetTimestamp();
        Send("app-heartbeat", static _ => { });
        SendDrops();
    }

    /// <summary>The process ends.</summary>
    public void Closing()
    {
        SendDrops();
        Send("app-closing", static _ => { });
    }

    void SendDrops()
    {
        var changed = new List<(DropReason Reason, long Spans)>();
        lock (_reportedDrops)
        {
            foreach (var reason in s_reasons)
            {
                var total = _drops.Of(reason);
                if (total > _reportedDrops[(int)reason]) changed.Add((reason, total - _reportedDrops[(int)reason]));
                _reportedDrops[(int)reason] = total;
            }
        }
        if (changed.Count == 0) return;
        var now = _clock.GetUtcNow().ToUnixTimeSeconds();
        Send("generate-metrics", json =>
        {
            json.WriteString("namespace", "tracers");
            json.WriteStartArray("series");
            foreach (var (reason, spans) in changed)
            {
                json.WriteStartObject();
                json.WriteString("metric", "spans_dropped");
                json.WriteString("type", "count");
                json.WriteBoolean("common", true);
                json.WriteStartArray("tags");
                json.WriteStringValue("reason:" + DropCounter.NameOf(reason));
                json.WriteEndArray();
                json.WriteStartArray("points");
                json.WriteStartArray();
                json.WriteNumberValue(now);
                json.WriteNumberValue(spans);
                json.WriteEndArray();
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    void Send(string type, Action<Utf8JsonWriter> payload)
    {
        if (!_settings.SendsTelemetry) return;
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("api_version", "v2");
            json.WriteString("request_type", type);
            json.WriteNumber("tracer_time", _clock.GetUtcNow().ToUnixTimeSeconds());
            json.WriteString("runtime_id", _runtimeId);
            json.WriteNumber("seq_id", Interlocked.Increment(ref _sequence));
            WriteApplication(json);
            WriteHost(json);
            json.WriteStartObject("payload");
            payload(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        _sender.Report(new AgentReport(
            "/telemetry/proxy/api/v2/apmtelemetry",
            "Content-Type: application/json\r\n" +
            "DD-Telemetry-API-Version: v2\r\n" +
            $"DD-Telemetry-Request-Type: {type}\r\n" +
            "DD-Client-Library-Language: dotnet\r\n" +
            $"DD-Client-Library-Version: {HookSettings.TracerVersion}\r\n" +
            $"DD-Session-ID: {_runtimeId}\r\n",
            stream.ToArray()));
    }

    void WriteApplication(Utf8JsonWriter json)
    {
        json.WriteStartObject("application");
        json.WriteString("service_name", _settings.Service);
        json.WriteString("env", _settings.Env);
        json.WriteString("service_version", _settings.Version);
        json.WriteString("tracer_version", HookSettings.TracerVersion);
        json.WriteString("language_name", "dotnet");
        json.WriteString("language_version", Environment.Version.ToString());
        json.WriteString("runtime_name", ".NET");
        json.WriteString("runtime_version", Environment.Version.ToString());
        json.WriteEndObject();
    }

    static void WriteHost(Utf8JsonWriter json)
    {
        json.WriteStartObject("host");
        json.WriteString("hostname", Environment.MachineName);
        json.WriteString("os", OperatingSystem.IsWindows() ? "Windows" : OperatingSystem.IsMacOS() ? "Darwin" : "Linux");
        json.WriteString("os_version", Environment.OSVersion.Version.ToString());
        json.WriteString("architecture", RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant());
        json.WriteEndObject();
    }

    static void WriteConfiguration(Utf8JsonWriter json, params (string Name, string Value)[] facts)
    {
        json.WriteStartArray("configuration");
        foreach (var (name, value) in facts)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("value", value);
            json.WriteString("origin", "apm");
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}

/// <summary>One route of the app.</summary>
/// <param name="Method">Method in capitals; <c>*</c> for any.</param>
/// <param name="Path">Route template with its leading slash.</param>
internal sealed record AppEndpoint(string Method, string Path);
