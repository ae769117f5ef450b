using Apm.Core.Spans;
using Apm.Query.Services;
using Apm.TestKit;

namespace Apm.Query.Tests.Services;

public class PeerTests
{
    [Theory]
    //          type           tags                                                                             name                     kind                    shown type
    // Databases, in both generations of the conventions and as Datadog's tracers name them.
    [InlineData("sql",         "db.system=postgresql db.name=orders out.host=db1",                              "postgresql orders",     ServiceKind.Database,   "sql")]
    [InlineData("",            "db.system.name=postgresql db.namespace=orders server.address=db1",              "postgresql orders",     ServiceKind.Database,   "postgresql")]
    [InlineData("sql",         "db.type=mysql db.name=shop",                                                    "mysql shop",            ServiceKind.Database,   "sql")]
    [InlineData("mongodb",     "db.system=mongodb mongodb.db=users",                                            "mongodb users",         ServiceKind.Database,   "mongodb")]
    [InlineData("cassandra",   "db.system=cassandra cassandra.keyspace=ks",                                     "cassandra ks",          ServiceKind.Database,   "cassandra")]
    [InlineData("cassandra",   "db.cassandra.contact.points=c1,c2",                                             "c1,c2",                 ServiceKind.Database,   "cassandra")]
    [InlineData("sql",         "db.instance=i-1",                                                               "i-1",                   ServiceKind.Database,   "sql")]
    [InlineData("sql",         "active_record.db.vendor=postgres",                                              "postgres",              ServiceKind.Database,   "sql")]
    [InlineData("elasticsearch", "out.host=es1",                                                                "es1",                   ServiceKind.Database,   "elasticsearch")]
    [InlineData("sql",         "",                                                                              "sql",                   ServiceKind.Database,   "sql")]
    [InlineData("http",        "tablename=carts",                                                               "dynamodb carts",        ServiceKind.Database,   "http")]
    // Caches.
    [InlineData("redis",       "out.host=cache1",                                                               "cache1",                ServiceKind.Cache,      "redis")]
    [InlineData("",            "db.system=redis net.peer.name=cache1",                                          "redis cache1",          ServiceKind.Cache,      "redis")]
    [InlineData("",            "db.system.name=valkey server.address=v1",                                       "valkey v1",             ServiceKind.Cache,      "valkey")]
    [InlineData("memcached",   "db.system=memcached",                                                           "memcached",             ServiceKind.Cache,      "memcached")]
    // Queues.
    [InlineData("queue",       "messaging.system=kafka messaging.destination.name=orders",                      "kafka orders",          ServiceKind.Queue,      "queue")]
    [InlineData("",            "messaging.system=rabbitmq messaging.destination=jobs net.peer.name=mq1",        "rabbitmq jobs",         ServiceKind.Queue,      "")]
    [InlineData("queue",       "messaging.system=kafka messaging.kafka.bootstrap.servers=k1:9092",              "kafka k1:9092",         ServiceKind.Queue,      "queue")]
    [InlineData("worker",      "amqp.queue=jobs",                                                               "jobs",                  ServiceKind.Queue,      "worker")]
    [InlineData("http",        "queuename=mails",                                                               "mails",                 ServiceKind.Queue,      "http")]
    [InlineData("http",        "streamname=clicks",                                                             "clicks",                ServiceKind.Queue,      "http")]
    [InlineData("http",        "topicname=news",                                                                "news",                  ServiceKind.Queue,      "http")]
    // Third parties.
    [InlineData("http",        "http.host=api.stripe.com",                                                      "api.stripe.com",        ServiceKind.External,   "http")]
    [InlineData("http",        "server.address=api.stripe.com",                                                 "api.stripe.com",        ServiceKind.External,   "http")]
    [InlineData("http",        "net.peer.name=api.stripe.com",                                                  "api.stripe.com",        ServiceKind.External,   "http")]
    [InlineData("http",        "http.url=https://api.stripe.com:8443/v1?x=1",                                   "api.stripe.com:8443",   ServiceKind.External,   "http")]
    [InlineData("http",        "url.full=https://api.stripe.com/v1",                                            "api.stripe.com",        ServiceKind.External,   "http")]
    [InlineData("http",        "bucketname=photos",                                                             "s3 photos",             ServiceKind.External,   "http")]
    [InlineData("rpc",         "rpc.system=grpc rpc.service=Users",                                             "Users",                 ServiceKind.External,   "rpc")]
    // A name that somebody gave goes before all.
    [InlineData("sql",         "peer.service=orders-db db.system=postgresql db.name=orders",                    "orders-db",             ServiceKind.Database,   "sql")]
    [InlineData("http",        "peer.service=payments http.host=api.stripe.com",                                "payments",              ServiceKind.External,   "http")]
    [InlineData("queue",       "peer.service=bus messaging.system=kafka",                                       "bus",                   ServiceKind.Queue,      "queue")]
    public void Told_by_the_tags_of_the_caller(string type, string tags, string name, ServiceKind kind, string shownType)
    {
        var pairs = tags.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(tag => tag.Split('=', 2)).Select(pair => (pair[0], pair[1])).ToArray();

        Assert.Equal(new Peer(name, kind, shownType), Peer.Of(Some.Batch(Some.Span(type: type, kind: SpanKind.Client, tags: pairs)), 0));
        // Statistics keep no addresses as called, and nothing where no tag is.
        if (pairs.Length > 0 && !tags.Contains("http.url", StringComparison.Ordinal) && !tags.Contains("url.full", StringComparison.Ordinal))
            Assert.Equal(new Peer(name, kind, shownType), Peer.OfStatistics(string.Join('\0', pairs.Select(pair => $"{pair.Item1}:{pair.Item2}")), type, "client"));
    }

    [Fact]
    public void A_producer_without_more_is_a_queue_at_a_host() =>
        Assert.Equal(new Peer("mq1", ServiceKind.Queue, ""), Peer.OfStatistics("out.host:mq1", "", "producer"));

    [Fact]
    public void Tags_that_name_nothing_name_no_peer() =>
        Assert.Null(Peer.Of(Some.Batch(Some.Span(type: "custom", kind: SpanKind.Client, tags: [("color", "red")])), 0));
}
