using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace Apm.Wire.Otlp;

/// <summary>How an attribute becomes a tag.</summary>
internal enum OtelCopy : byte
{
    /// <summary>Not looked up yet.</summary>
    Unseen,

    /// <summary>Under its own or its new name; the last one wins.</summary>
    Copy,

    /// <summary>Only when the tag is not there: what rules or newer conventions set comes first (§7.9).</summary>
    IfAbsent,

    /// <summary>Not at all: it was used for a field.</summary>
    Skip,
}

/// <summary>What we know of an attribute key (trace-intake §7.9).</summary>
/// <param name="Known">The key's name in the rules; None for keys no rule asks for.</param>
/// <param name="TagName">The tag it becomes; null for the key itself.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OtelKeyRule(OtelKey Known, OtelCopy Copy, string? TagName)
{
    const string RequestHeader = "http.request.header.";

    public static OtelKeyRule Of(string key)
    {
        if (ByKey.TryGetValue(key, out var rule)) return rule;
        if (key.StartsWith("datadog.", StringComparison.Ordinal)) return new(OtelKey.None, OtelCopy.Skip, null);
        if (key.StartsWith(RequestHeader, StringComparison.Ordinal) && key.Length > RequestHeader.Length)
            return new(OtelKey.None, OtelCopy.Copy, "http.request.headers." + key[RequestHeader.Length..]);
        return new(OtelKey.None, OtelCopy.Copy, null);
    }

    static OtelKeyRule Plain(OtelKey known) => new(known, OtelCopy.Copy, null);
    static OtelKeyRule Used(OtelKey known) => new(known, OtelCopy.Skip, null);
    static OtelKeyRule Renamed(string tag, OtelKey known = OtelKey.None) => new(known, OtelCopy.Copy, tag);
    static OtelKeyRule IfAbsent(OtelKey known = OtelKey.None, string? tag = null) => new(known, OtelCopy.IfAbsent, tag);

    static readonly FrozenDictionary<string, OtelKeyRule> ByKey = new Dictionary<string, OtelKeyRule>(StringComparer.Ordinal)
    {
        ["operation.name"] = Used(OtelKey.OperationName),
        ["resource.name"] = Used(OtelKey.ResourceName),
        ["span.type"] = Used(OtelKey.SpanType),
        ["service.name"] = Used(OtelKey.ServiceName),
        ["datadog.service"] = Used(OtelKey.DatadogService),
        ["datadog.name"] = Used(OtelKey.DatadogName),
        ["datadog.resource"] = Used(OtelKey.DatadogResource),
        ["datadog.type"] = Used(OtelKey.DatadogType),
        ["datadog.error"] = Used(OtelKey.DatadogError),
        ["datadog.span.kind"] = Used(OtelKey.DatadogSpanKind),
        ["datadog.env"] = Used(OtelKey.DatadogEnv),
        ["datadog.version"] = Used(OtelKey.DatadogVersion),
        ["datadog.http_status_code"] = Used(OtelKey.DatadogHttpStatusCode),
        ["datadog.host"] = Used(OtelKey.DatadogHost),
        ["datadog.host.name"] = Used(OtelKey.DatadogHost),
        ["datadog.container_tags"] = Renamed("_dd.tags.container"),
        ["datadog.container_id"] = Used(OtelKey.DatadogContainerId),
        ["sampling.priority"] = Used(OtelKey.SamplingPriority),
        ["analytics.event"] = Used(OtelKey.AnalyticsEvent),
        ["_dd.measured"] = Plain(OtelKey.Measured),
        ["_dd.stats_computed"] = Used(OtelKey.StatsComputed),

        ["http.request.method"] = Renamed("http.method", OtelKey.HttpRequestMethod),
        ["http.method"] = IfAbsent(OtelKey.HttpMethod),
        ["http.route"] = Plain(OtelKey.HttpRoute),
        ["http.response.status_code"] = IfAbsent(OtelKey.HttpResponseStatusCode, "http.status_code"),
        ["http.status_code"] = IfAbsent(OtelKey.HttpStatusCode),
        ["http.status_text"] = Plain(OtelKey.HttpStatusText),
        ["url.full"] = Renamed("http.url", OtelKey.UrlFull),
        ["http.url"] = IfAbsent(OtelKey.HttpUrl),
        ["url.scheme"] = Plain(OtelKey.UrlScheme),
        ["url.path"] = Plain(OtelKey.UrlPath),
        ["url.query"] = Plain(OtelKey.UrlQuery),
        ["server.address"] = Renamed("http.server_name", OtelKey.ServerAddress),
        ["http.server_name"] = IfAbsent(),
        ["server.port"] = Plain(OtelKey.ServerPort),
        ["client.address"] = Renamed("http.client_ip"),
        ["http.client_ip"] = IfAbsent(),
        ["http.response.body.size"] = Renamed("http.response.content_length"),
        ["http.response.content_length"] = IfAbsent(),
        ["http.request.body.size"] = Renamed("http.request.content_length"),
        ["http.request.content_length"] = IfAbsent(),
        ["http.request.header.referrer"] = Renamed("http.referrer"),
        ["http.referrer"] = IfAbsent(),
        ["network.protocol.version"] = Renamed("http.version"),
        ["http.version"] = IfAbsent(),
        ["user_agent.original"] = Renamed("http.useragent"),
        ["http.useragent"] = IfAbsent(),

        ["db.system"] = Plain(OtelKey.DbSystem),
        ["db.system.name"] = Plain(OtelKey.DbSystemName),
        ["db.statement"] = Plain(OtelKey.DbStatement),
        ["db.query.text"] = Plain(OtelKey.DbQueryText),
        ["messaging.system"] = Plain(OtelKey.MessagingSystem),
        ["messaging.operation"] = Plain(OtelKey.MessagingOperation),
        ["messaging.operation.type"] = Plain(OtelKey.MessagingOperationType),
        ["messaging.operation.name"] = Plain(OtelKey.MessagingOperationName),
        ["messaging.destination"] = Plain(OtelKey.MessagingDestination),
        ["messaging.destination.name"] = Plain(OtelKey.MessagingDestinationName),
        ["rpc.system"] = Plain(OtelKey.RpcSystem),
        ["rpc.service"] = Plain(OtelKey.RpcService),
        ["rpc.method"] = Plain(OtelKey.RpcMethod),
        ["faas.invoked_provider"] = Plain(OtelKey.FaasInvokedProvider),
        ["faas.invoked_name"] = Plain(OtelKey.FaasInvokedName),
        ["faas.trigger"] = Plain(OtelKey.FaasTrigger),
        ["graphql.operation.type"] = Plain(OtelKey.GraphqlOperationType),
        ["graphql.operation.name"] = Plain(OtelKey.GraphqlOperationName),
        ["network.protocol.name"] = Plain(OtelKey.NetworkProtocolName),

        ["deployment.environment.name"] = Plain(OtelKey.DeploymentEnvironmentName),
        ["deployment.environment"] = Plain(OtelKey.DeploymentEnvironment),
        ["service.version"] = Plain(OtelKey.ServiceVersion),
        ["host.name"] = Plain(OtelKey.HostName),
        ["host.id"] = Plain(OtelKey.HostId),
        ["container.id"] = Plain(OtelKey.ContainerId),
        ["k8s.pod.uid"] = Plain(OtelKey.PodUid),
        ["telemetry.sdk.language"] = Plain(OtelKey.SdkLanguage),
        ["telemetry.sdk.version"] = Plain(OtelKey.SdkVersion),

        ["exception.message"] = Plain(OtelKey.ExceptionMessage),
        ["exception.type"] = Plain(OtelKey.ExceptionType),
        ["exception.stacktrace"] = Plain(OtelKey.ExceptionStacktrace),

        ["env"] = IfAbsent(),
        ["version"] = IfAbsent(),
        ["error.msg"] = IfAbsent(),
        ["error.type"] = IfAbsent(),
        ["error.stack"] = IfAbsent(),
        ["span.kind"] = IfAbsent(),
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
