using Apm.Core.Spans;
using Apm.Query.Services;

namespace Apm.Query.ServiceMap;

/// <summary>What a client span called, told by its tags. The first rule that fits decides.</summary>
/// <param name="Name">As people call it: a name given, a database, a queue, a host.</param>
/// <param name="Kind">Database, cache, queue or third party.</param>
/// <param name="Type">The calling span's type; for a database the system when the type is unknown.</param>
readonly record struct Peer(string Name, ServiceKind Kind, string Type)
{
    static readonly string[] DatabaseNames = ["db.name", "db.namespace", "mongodb.db", "db.instance", "cassandra.keyspace"];
    static readonly string[] Destinations =
        ["messaging.destination.name", "messaging.destination", "topicname", "queuename", "aws.queue.name", "messaging.rabbitmq.exchange", "amqp.queue", "amqp.exchange"];
    static readonly string[] Hosts = ["peer.hostname", "out.host", "server.address", "net.peer.name", "network.destination.name", "http.host", "db.hostname", "grpc.host"];

    /// <summary>Id of its node, apart from ids of services.</summary>
    public string Id => $"{Kind switch { ServiceKind.Database => "database", ServiceKind.Cache => "cache", ServiceKind.Queue => "queue", _ => "external" }}:{Name}";

    /// <summary>Null when the tags name nothing.</summary>
    public static Peer? Of(SpanBatch batch, int span)
    {
        var type = batch.Strings.Text(batch.Types[span]);
        var system = batch.TagOf(span, "db.system") ?? batch.TagOf(span, "db.system.name") ?? batch.TagOf(span, "db.type");
        var isCache = system is "redis" or "memcached" or "valkey" || ServiceKinds.Of(type) == ServiceKind.Cache;
        var isDatabase = !isCache && (system is not null || ServiceKinds.Of(type) == ServiceKind.Database);
        var messaging = batch.TagOf(span, "messaging.system");
        var kind = isCache ? ServiceKind.Cache
            : isDatabase ? ServiceKind.Database
            : messaging is not null || batch.Kinds[span] == SpanKind.Producer || type == "queue" ? ServiceKind.Queue
            : ServiceKind.External;
        if (kind is ServiceKind.Database or ServiceKind.Cache && system is not null && type.Length == 0) type = system;

        var name = First(batch, span, [TagNames.PeerService]);
        name ??= kind switch
        {
            ServiceKind.Database or ServiceKind.Cache => Joined(system, First(batch, span, DatabaseNames) ?? First(batch, span, Hosts)) ?? (type.Length > 0 ? type : null),
            ServiceKind.Queue => Joined(messaging, First(batch, span, Destinations)),
            _ => First(batch, span, Hosts) ?? HostOf(batch.TagOf(span, TagNames.HttpUrl) ?? batch.TagOf(span, "url.full")) ?? First(batch, span, ["rpc.service"]),
        };
        return name is null ? null : new Peer(name, kind, type);
    }

    static string? First(SpanBatch batch, int span, string[] keys)
    {
        foreach (var key in keys) if (batch.TagOf(span, key) is { Length: > 0 } value) return value;
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
