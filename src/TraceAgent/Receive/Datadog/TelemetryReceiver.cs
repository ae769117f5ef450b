using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Apm.Core.Counting;
using Apm.Core.Diagnosis;
using Apm.Core.Services;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Write;
using Apm.Wire.Datadog;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Receive.Datadog;

/// <summary>
/// Reads what tracers tell of themselves: which process lives, its settings and routes, where it listens
/// (trace-intake §1.20, §1.21). It is how an app is known before its first request. Kept best-effort: not logged.
/// </summary>
public sealed class TelemetryReceiver(PayloadReceiver receiver, ServiceCatalogue catalogue, Counters counters, AgentRoutes routes)
{
    /// <summary>Most settings, routes and addresses kept of one process each; default 500. More are counted as <c>telemetry_over_limit</c>.</summary>
    public const int MaxEntries = 500;

    /// <summary>Most characters of settings and routes kept of one process, each; default 64 Ki. More are counted as <c>telemetry_over_limit</c>.</summary>
    public const int MaxTextLength = 65_536;

    /// <summary>Types counted by name; a client's own inventions must not fill the counters.</summary>
    static readonly HashSet<string> KnownTypes =
    [
        "app-started", "app-dependencies-loaded", "app-integrations-change", "app-client-configuration-change", "app-product-change", "app-heartbeat",
        "app-extended-heartbeat", "app-endpoints", "app-closing", "generate-metrics", "distributions", "logs", "message-batch",
    ];

    /// <summary>Answers <c>/telemetry/proxy/…</c>. What cannot be read is counted and remembered, and still answered 202: no tracer can do better.</summary>
    public async Task Answer(HttpContext context)
    {
        // Routes that are told here stand on buttons. A page that gave its own name our address says where it comes from, which no tracer does.
        if (context.Request.Headers["Sec-Fetch-Site"] == "cross-site" || (context.Request.Headers.Origin.ToString() is { Length: > 0 } origin && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.IsLoopback)))
        {
            await routes.Refuse(context, StatusCodes.Status403Forbidden, "from_a_web_page", "Telemetry from a page of another site is refused.");
            return;
        }
        using var body = await receiver.Bodies.Read(context.Request, context.RequestAborted);
        try
        {
            foreach (var message in TelemetryDecoder.Decode(body.Memory.Span)) Note(message, receiver.NowUnixNanos);
        }
        catch (Core.PayloadException problem)
        {
            routes.Remember(context, "telemetry_unreadable", problem.Message);
        }
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{}", context.RequestAborted);
    }

    /// <summary>Answers <c>/v0.7/config</c>: nothing to configure, and the poll is a sign of life.</summary>
    public async Task AnswerRemoteConfig(HttpContext context)
    {
        using var body = await receiver.Bodies.Read(context.Request, context.RequestAborted);
        if (body.Length > 0)
        {
            var request = RemoteConfigRequest.Decode(body.Memory.Span);
            catalogue.SawProcess(request.RuntimeId, receiver.NowUnixNanos, process => process with
            {
                Service = Known(NameRules.ServiceText(request.Service), process.Service),
                Env = Known(NameRules.TagValueText(request.Env), process.Env),
                Version = Known(request.Version, process.Version),
                Language = Known(LanguageNames.Common(request.Language), process.Language),
                TracerVersion = Known(request.TracerVersion, process.TracerVersion),
            });
        }
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{}", context.RequestAborted);
    }

    void Note(TelemetryMessage message, long nowUnixNanos)
    {
        counters.Add("telemetry_messages", KnownTypes.Contains(message.RequestType) ? message.RequestType : "other");
        catalogue.SawProcess(message.RuntimeId, nowUnixNanos, process =>
        {
            var settings = Merge(process.Settings, message);
            return process with
            {
                Service = Known(NameRules.ServiceText(message.Application.ServiceName), process.Service),
                Env = Known(NameRules.TagValueText(message.Application.Env), process.Env),
                Version = Known(message.Application.ServiceVersion, process.Version),
                Language = Known(LanguageNames.Common(message.Application.LanguageName), process.Language),
                LanguageVersion = Known(message.Application.LanguageVersion, process.LanguageVersion),
                TracerVersion = Known(message.Application.TracerVersion, process.TracerVersion),
                Hostname = Known(message.Host.Hostname, process.Hostname),
                ProcessId = settings.TryGetValue("process_id", out var pid) && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : process.ProcessId,
                ListenUrls = settings.TryGetValue("listen_urls", out var urls) ? ListenUrls.Parse(urls) : process.ListenUrls,
                Routes = message.Routes.Count == 0 ? process.Routes : Merge(process.Routes, message.Routes),
                Settings = settings,
                HasEnded = message.RequestType == "app-closing",
            };
        });
    }

    Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> known, TelemetryMessage message)
    {
        var merged = new Dictionary<string, string>(known, StringComparer.Ordinal);
        var length = merged.Sum(pair => pair.Key.Length + pair.Value.Length);
        foreach (var setting in message.Configuration)
        {
            length += setting.Name.Length + setting.Value.Length;
            if (length > MaxTextLength || (merged.Count >= MaxEntries && !merged.ContainsKey(setting.Name)))
            {
                length -= setting.Name.Length + setting.Value.Length;
                counters.Add("telemetry_over_limit", "settings");
                continue;
            }
            merged[setting.Name] = SecretText.MaskedValue(setting.Name, setting.Value);
        }
        return merged;
    }

    List<RouteInfo> Merge(IReadOnlyList<RouteInfo> known, IReadOnlyList<TelemetryRoute> told)
    {
        var merged = known.Concat(told.Select(route => new RouteInfo(route.Method, WithoutSecrets(route.Path), WithoutSecrets(route.ResourceName)))).Distinct().ToList();
        var (kept, length) = (0, 0);
        while (kept < Math.Min(MaxEntries, merged.Count) && (length += merged[kept].Method.Length + merged[kept].Path.Length + merged[kept].Resource.Length) <= MaxTextLength) kept++;
        if (kept == merged.Count) return merged;
        counters.Add("telemetry_over_limit", "routes", merged.Count - kept);
        return merged[..kept];
    }

    /// <summary>A route is a pattern and holds none; what stands behind a question mark is somebody's request.</summary>
    static string WithoutSecrets(string path) => path.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? path[..at] + SecretText.Masked(path[at..]) : path;

    static string Known(string told, string before) => told.Length > 0 ? told : before;
}

/// <summary>
/// Addresses that an app says it listens on. Only http and https addresses are believed, and nothing is ever fetched from them; they stand in lines to
/// paste, so that what no app listens on is passed over: names of the internet, and the addresses at which clouds hand out credentials.
/// </summary>
static class ListenUrls
{
    public static IReadOnlyList<string> Parse(string urls) =>
        [.. urls.Split([',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(url => Uri.TryCreate(url.Replace("://*", "://localhost", StringComparison.Ordinal).Replace("://+", "://localhost", StringComparison.Ordinal), UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" && IsOfAnApp(parsed))
            .Take(16).Select(SecretText.Masked)];

    static bool IsOfAnApp(Uri url) => IPAddress.TryParse(url.Host.Trim('[', ']'), out var address)
        ? !address.IsIPv6LinkLocal && !address.IsIPv6Multicast && !(address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..] or [>= 224, ..])
        : !url.Host.Contains('.', StringComparison.Ordinal);
}
