using Apm.Core.Spans;

namespace Apm.TraceAgent.Normalize;

/// <summary>What a tag key means to normalisation and statistics.</summary>
#pragma warning disable CA1028 // One byte per distinct string.
enum TagRole : byte
#pragma warning restore CA1028
{
    None,
    Env,
    Version,
    Hostname,
    SpanKind,
    HttpStatusCode,
    HttpResponseStatusCode,
    HttpMethod,
    HttpEndpoint,
    HttpRoute,
    PeerService,
    BaseService,
    Origin,
    TraceIdHigh,
    OtelTraceId,
    SpanLinks,
    DecisionMaker,
    RuntimeId,
    Language,
    ProcessId,
    SamplingPriority,
    TopLevelByTracer,
    Measured,
    PartialVersion,
    SampleRate,
    GrpcStatus0,
    GrpcStatus1,
    GrpcStatus2,
    GrpcStatus3,
    PeerTag,
}

/// <summary>
/// The role of every string of a batch that is a known key, found once per batch, so that a pass over the tags is a table look-up per tag.
/// </summary>
readonly struct TagRoles
{
    readonly TagRole[] _roles;

    /// <param name="strings">Of the batch.</param>
    /// <param name="morePeerTags">Keys that the settings take for peer tags, when they mean nothing else.</param>
    public TagRoles(StringTable strings, IReadOnlyList<string>? morePeerTags = null)
    {
        _roles = new TagRole[strings.Count];
        foreach (var (key, role) in Known)
        {
            var index = strings.Find(key);
            if (index >= 0) _roles[index] = role;
        }
        foreach (var key in morePeerTags ?? [])
            if (strings.Find(key) is >= 0 and var index && _roles[index] == TagRole.None) _roles[index] = TagRole.PeerTag;
    }

    /// <summary>Strings entered after the roles were found are values, never keys: they have none.</summary>
    public TagRole this[int key] => (uint)key < (uint)_roles.Length ? _roles[key] : TagRole.None;

    static readonly (byte[] Key, TagRole Role)[] Known = MakeKnown();

    static (byte[], TagRole)[] MakeKnown()
    {
        var known = new Dictionary<string, TagRole>();
        foreach (var key in PeerTagNames.Keys) known[key] = TagRole.PeerTag;
        known[TagNames.Env] = TagRole.Env;
        known[TagNames.Version] = TagRole.Version;
        known[TagNames.Hostname] = TagRole.Hostname;
        known[TagNames.SpanKind] = TagRole.SpanKind;
        known[TagNames.HttpStatusCode] = TagRole.HttpStatusCode;
        known["http.response.status_code"] = TagRole.HttpResponseStatusCode;
        known[TagNames.HttpMethod] = TagRole.HttpMethod;
        known[TagNames.HttpEndpoint] = TagRole.HttpEndpoint;
        known[TagNames.HttpRoute] = TagRole.HttpRoute;
        known[TagNames.PeerService] = TagRole.PeerService;
        known[TagNames.BaseService] = TagRole.BaseService;
        known[TagNames.Origin] = TagRole.Origin;
        known[TagNames.TraceIdHigh] = TagRole.TraceIdHigh;
        known[TagNames.OtelTraceId] = TagRole.OtelTraceId;
        known[TagNames.SpanLinks] = TagRole.SpanLinks;
        known[TagNames.DecisionMaker] = TagRole.DecisionMaker;
        known[TagNames.RuntimeId] = TagRole.RuntimeId;
        known[TagNames.Language] = TagRole.Language;
        known[TagNames.ProcessId] = TagRole.ProcessId;
        known[TagNames.SamplingPriority] = TagRole.SamplingPriority;
        known[TagNames.TopLevelByTracer] = TagRole.TopLevelByTracer;
        known[TagNames.Measured] = TagRole.Measured;
        known[TagNames.PartialVersion] = TagRole.PartialVersion;
        known[TagNames.SampleRate] = TagRole.SampleRate;
        known["rpc.grpc.status_code"] = TagRole.GrpcStatus0;
        known["grpc.code"] = TagRole.GrpcStatus1;
        known["rpc.grpc.status.code"] = TagRole.GrpcStatus2;
        known["grpc.status.code"] = TagRole.GrpcStatus3;
        return [.. known.Select(pair => (System.Text.Encoding.UTF8.GetBytes(pair.Key), pair.Value))];
    }
}

/// <summary>Tags that say whom a client span talked to (trace-intake §3.7).</summary>
public static class PeerTagNames
{
    /// <summary>The keys, sorted, <c>_dd.base_service</c> included, as <c>/info</c> lists them. Ours alone: <c>db.system.name</c>, the newer convention for <c>db.system</c>.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        .. new[]
        {
            "_dd.base_service", "active_record.db.vendor", "amqp.destination", "amqp.exchange", "amqp.queue", "aws.queue.name",
            "aws.s3.bucket", "bucketname", "cassandra.keyspace", "db.cassandra.contact.points", "db.couchbase.seed.nodes",
            "db.hostname", "db.instance", "db.name", "db.namespace", "db.system", "db.system.name", "db.type", "dns.hostname", "grpc.host", "hostname",
            "http.host", "http.server_name", "messaging.destination", "messaging.destination.name", "messaging.kafka.bootstrap.servers",
            "messaging.rabbitmq.exchange", "messaging.system", "mongodb.db", "msmq.queue.path", "net.peer.name",
            "network.destination.ip", "network.destination.name", "out.host", "peer.hostname", "peer.service", "queuename",
            "rpc.service", "rpc.system", "sequel.db.vendor", "server.address", "streamname", "tablename", "topicname",
        }.Order(StringComparer.Ordinal),
    ];
}
