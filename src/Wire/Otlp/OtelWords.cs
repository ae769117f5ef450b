namespace Apm.Wire.Otlp;

/// <summary>Texts that the mapping writes itself. Each is a number here; <see cref="OtelTexts"/> enters it into a batch when first used.</summary>
internal static class OtelWords
{
    static readonly List<string> Texts = [];

    // tags
    public static readonly int Env = New("env");
    public static readonly int Version = New("version");
    public static readonly int SpanKind = New("span.kind");
    public static readonly int HttpUrl = New("http.url");
    public static readonly int HttpStatusCode = New("http.status_code");
    public static readonly int ErrorMsg = New("error.msg");
    public static readonly int ErrorType = New("error.type");
    public static readonly int ErrorStack = New("error.stack");
    public static readonly int LibraryName = New("otel.library.name");
    public static readonly int LibraryVersion = New("otel.library.version");
    public static readonly int StatusCode = New("otel.status_code");
    public static readonly int StatusDescription = New("otel.status_description");
    public static readonly int DroppedAttributes = New("otel.dropped_attributes_count");
    public static readonly int DroppedEvents = New("otel.dropped_events_count");
    public static readonly int DroppedLinks = New("otel.dropped_links_count");
    public static readonly int TraceState = New("w3c.tracestate");
    public static readonly int Events = New("events");
    public static readonly int HasException = New("_dd.span_events.has_exception");
    public static readonly int Links = New("_dd.span_links");
    public static readonly int DecisionMaker = New("_dd.p.dm");
    public static readonly int OtlpRate = New("_dd.otlp_sr");
    public static readonly int ContainerTags = New("_dd.tags.container");
    public static readonly int EventRate = New("_dd1.sr.eausr");

    // values
    public static readonly int True = New("true");
    public static readonly int False = New("false");
    public static readonly int NoService = New("otlpresourcenoservicename");
    public static readonly int UnknownService = New("unknown_service");
    public static readonly int DecidedByUser = New("-4");
    public static readonly int DecidedByOtlpRate = New("-9");
    public static readonly int RateOfAll = New("1.00");
    public static readonly int StatusUnset = New("Unset");
    public static readonly int StatusOk = New("Ok");
    public static readonly int StatusError = New("Error");
    public static readonly int KindUnspecified = New("unspecified");
    public static readonly int KindInternal = New("internal");
    public static readonly int KindServer = New("server");
    public static readonly int KindClient = New("client");
    public static readonly int KindProducer = New("producer");
    public static readonly int KindConsumer = New("consumer");

    // operations
    public static readonly int HttpServerRequest = New("http.server.request");
    public static readonly int HttpClientRequest = New("http.client.request");
    public static readonly int AwsClientRequest = New("aws.client.request");
    public static readonly int GraphqlServerRequest = New("graphql.server.request");
    public static readonly int ServerRequest = New("server.request");
    public static readonly int ClientRequest = New("client.request");
    public static readonly int Internal = New("Internal");
    public static readonly int Producer = New("Producer");
    public static readonly int Consumer = New("Consumer");

    // types
    public static readonly int Web = New("web");
    public static readonly int Http = New("http");
    public static readonly int Sql = New("sql");
    public static readonly int Db = New("db");
    public static readonly int Custom = New("custom");

    public static int Count => Texts.Count;

    public static string TextOf(int word) => Texts[word];

    static int New(string text)
    {
        Texts.Add(text);
        return Texts.Count - 1;
    }
}
