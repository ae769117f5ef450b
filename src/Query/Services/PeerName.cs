namespace Apm.Query.Services;

/// <summary>What a call went to, from the peer tags of its statistics (trace-intake §3.7).</summary>
static class PeerName
{
    /// <summary>The most telling first: a name somebody gave, then a database, a queue, then hosts.</summary>
    static readonly string[] Preferred =
    [
        "peer.service", "db.name", "db.namespace", "mongodb.db", "db.instance", "cassandra.keyspace",
        "messaging.destination", "messaging.destination.name", "topicname", "queuename", "aws.queue.name",
        "rpc.service", "peer.hostname", "out.host", "server.address", "net.peer.name", "network.destination.name",
        "http.host", "db.hostname", "grpc.host", "hostname", "db.system", "messaging.system",
    ];

    /// <summary>Null when none of the tags names anything.</summary>
    /// <param name="peerTags">As in the key of a cell: <c>key:value</c> entries joined by zero bytes.</param>
    public static string? Of(string peerTags)
    {
        if (peerTags.Length == 0) return null;
        var tags = peerTags.Split('\0');
        foreach (var key in Preferred)
            foreach (var tag in tags)
                if (tag.Length > key.Length + 1 && tag[key.Length] == ':' && tag.StartsWith(key, StringComparison.Ordinal)) return tag[(key.Length + 1)..];
        return null;
    }
}
