using Apm.Core.Spans;

namespace Apm.Query.Services;

/// <summary>
/// What a call went to when that sends no spans itself: a database, cache, queue or third party, told by the tags of the calling span.
/// The one rule for it: the map asks with a span's tags, the lists with the peer tags of statistics, and both come to the same name.
/// </summary>
/// <param name="Name">As people call it: a name given, else the system and the database or destination, else a host.</param>
/// <param name="Kind">Database, cache, queue or third party.</param>
/// <param name="Type">The calling span's type; for a database the system when the type is unknown.</param>
public readonly record struct Peer(string Name, ServiceKind Kind, string Type)
{
    static readonly string[] Systems = ["db.system", "db.system.name", "db.type", "active_record.db.vendor", "sequel.db.vendor"];
    static readonly string[] Databases = ["db.name", "db.namespace", "mongodb.db", "db.instance", "cassandra.keyspace"];
    static readonly string[] DatabaseHosts = ["db.cassandra.contact.points", "db.couchbase.seed.nodes"];
    static readonly string[] MessageSystems = ["messaging.system"];
    static readonly string[] Destinations =
    [
        "messaging.destination.name", "messaging.destination", "topicname", "queuename", "aws.queue.name", "streamname",
        "messaging.rabbitmq.exchange", "amqp.queue", "amqp.exchange", "amqp.destination", "msmq.queue.path",
    ];
    static readonly string[] Brokers = ["messaging.kafka.bootstrap.servers"];
    static readonly string[] Hosts =
    [
        "peer.hostname", "out.host", "server.address", "net.peer.name", "network.destination.name", "http.host", "http.server_name", "db.hostname",
        "grpc.host", "dns.hostname", "hostname", "network.destination.ip",
    ];

    /// <summary>Stores of a cloud that name what was called by a tag of their own, and what they are.</summary>
    static readonly (string Key, string System, ServiceKind Kind)[] CloudStores =
        [("tablename", "dynamodb", ServiceKind.Database), ("bucketname", "s3", ServiceKind.External), ("aws.s3.bucket", "s3", ServiceKind.External)];

    /// <summary>Id of its node in the map, apart from ids of services.</summary>
    public string Id => $"{Kind switch { ServiceKind.Database => "database", ServiceKind.Cache => "cache", ServiceKind.Queue => "queue", _ => "external" }}:{Name}";

    /// <summary>Of a stored span; null when its tags name nothing.</summary>
    public static Peer? Of(SpanBatch batch, int span) => Of(key => batch.TagOf(span, key), batch.Strings.Text(batch.Types[span]), batch.Kinds[span]);

    /// <summary>Of a cell of statistics; null when its peer tags name nothing.</summary>
    /// <param name="peerTags">As in its key: <c>key:value</c> entries joined by zero bytes.</param>
    /// <param name="type">The spans' type.</param>
    /// <param name="kind">Their tag <c>span.kind</c>.</param>
    public static Peer? OfStatistics(string peerTags, string type, string kind)
    {
        if (peerTags.Length == 0) return null;
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in peerTags.Split('\0'))
            if (entry.IndexOf(':', StringComparison.Ordinal) is var colon and > 0) tags[entry[..colon]] = entry[(colon + 1)..];
        return Of(tags.GetValueOrDefault, type, kind.Equals("producer", StringComparison.OrdinalIgnoreCase) ? SpanKind.Producer : SpanKind.Client);
    }

    /// <summary>The rule. Of several tags that fit the first named decides.</summary>
    /// <param name="tagOf">A tag's text; null or "" when there is none.</param>
    public static Peer? Of(Func<string, string?> tagOf, string type, SpanKind kind)
    {
        var system = First(tagOf, Systems);
        var messaging = First(tagOf, MessageSystems);
        var cloud = Array.Find(CloudStores, store => tagOf(store.Key) is { Length: > 0 });
        var byType = ServiceKinds.Of(type);
        var what = system is "redis" or "memcached" or "valkey" || byType == ServiceKind.Cache ? ServiceKind.Cache
            : cloud.Key is not null && system is null or "dynamodb" or "aws.dynamodb" && messaging is null ? cloud.Kind
            : system is not null || byType == ServiceKind.Database ? ServiceKind.Database
            : messaging is not null || kind == SpanKind.Producer || type == "queue" || First(tagOf, Destinations) is not null ? ServiceKind.Queue
            : ServiceKind.External;
        if (what is ServiceKind.Database or ServiceKind.Cache && type.Length == 0) type = system ?? cloud.System ?? "";

        var given = tagOf(TagNames.PeerService);
        var name = given is { Length: > 0 } ? given
            : cloud.Key is not null && what == cloud.Kind ? Joined(cloud.System, tagOf(cloud.Key))
            : what switch
            {
                ServiceKind.Database or ServiceKind.Cache => Joined(system, First(tagOf, Databases) ?? First(tagOf, DatabaseHosts) ?? First(tagOf, Hosts)) ?? (type.Length > 0 ? type : null),
                ServiceKind.Queue => Joined(messaging, First(tagOf, Destinations) ?? First(tagOf, Brokers)) ?? First(tagOf, Hosts),
                _ => First(tagOf, Hosts) ?? HostOf(tagOf(TagNames.HttpUrl) ?? tagOf("url.full")) ?? First(tagOf, ["rpc.service"]),
            };
        return name is null ? null : new Peer(name, what, type);
    }

    static string? First(Func<string, string?> tagOf, string[] keys)
    {
        foreach (var key in keys) if (tagOf(key) is { Length: > 0 } value) return value;
        return null;
    }

    static string? Joined(string? system, string? name) => (system, name) switch
    {
        ({ Length: > 0 }, { Length: > 0 }) => $"{system} {name}",
        (_, { Length: > 0 }) => name,
        ({ Length: > 0 }, _) => system,
        _ => null,
    };

    static string? HostOf(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? uri.IsDefaultPort ? uri.Host : $"{uri.Host}:{uri.Port}" : null;
}
