namespace Apm.Wire.Otlp;

/// <summary>Attribute keys that a rule of trace-intake §7.5–7.9 asks for. At most 63: they are bits of a word.</summary>
internal enum OtelKey : byte
{
    None,

    // Set by Datadog tracers in OTLP mode, and by users who know both worlds.
    OperationName, ResourceName, SpanType, ServiceName,
    DatadogService, DatadogName, DatadogResource, DatadogType, DatadogError, DatadogSpanKind,
    DatadogEnv, DatadogVersion, DatadogHttpStatusCode, DatadogHost, DatadogContainerId,
    SamplingPriority, AnalyticsEvent, Measured, StatsComputed,

    // HTTP
    HttpRequestMethod, HttpMethod, HttpRoute, HttpResponseStatusCode, HttpStatusCode, HttpStatusText,
    HttpUrl, UrlFull, UrlScheme, UrlPath, UrlQuery, ServerAddress, ServerPort,

    // databases, queues, calls
    DbSystem, DbSystemName, DbStatement, DbQueryText,
    MessagingSystem, MessagingOperation, MessagingOperationType, MessagingOperationName, MessagingDestination, MessagingDestinationName,
    RpcSystem, RpcService, RpcMethod,
    FaasInvokedProvider, FaasInvokedName, FaasTrigger,
    GraphqlOperationType, GraphqlOperationName,
    NetworkProtocolName,

    // resources
    DeploymentEnvironmentName, DeploymentEnvironment, ServiceVersion,
    HostName, HostId, ContainerId, PodUid, SdkLanguage, SdkVersion,

    // exception events
    ExceptionMessage, ExceptionType, ExceptionStacktrace,
}
