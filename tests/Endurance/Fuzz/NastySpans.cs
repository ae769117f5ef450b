using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;

namespace Apm.Endurance.Fuzz;

/// <summary>Spans with what breaks readers: unfinished statements, broken JSON, long and empty texts, extreme times and ids.</summary>
public static class NastySpans
{
    static readonly string[] Texts =
    [
        "", " ", "a", "WEB/Shop:9", "ünïcödé \u0000\u001f", "\ud83d\ude00", "../../etc", "true", "-1", "1e400", "🠠🠠🠠", "a.b.c", "_", "9lives", "http.method", new string('x', 300), new string('é', 26_000),
        "SELECT a, 'it''s', \"b\" FROM t WHERE x IN (1, 2, 3) /* c", "select * from t where a = 'unfinished", "INSERT INTO t VALUES ($1, $$tag$$, E'\\'", "-- only a comment", "BEGIN;;;",
        "SET key secret\r\nGET other\nAUTH pass", "EVAL \"return 1\" 0", "MSET a", "{\"find\":\"users\",\"filter\":{\"a\":[1,{\"b\":\"c\"", "[[[[[[", "{}", "get k 0 0 5\r\nvalue",
        "http://user:pw@host/p/1234?card=4111111111111111&q=%zz#f", "https://h", "://", "4111 1111 1111 1111", "5500-0000-0000-0004", "GET /user/123/order/9f8e7d6c-1111-2222-3333-444455556666",
    ];

    static readonly string[] Keys =
    [
        "env", "version", "span.kind", "http.url", "http.method", "http.status_code", "http.route", "http.endpoint", "sql.query", "db.statement", "redis.raw_command", "mongodb.query", "elasticsearch.body",
        "memcached.command", "error.msg", "error.stack", "_dd.p.tid", "_dd.base_service", "peer.service", "out.host", "db.system", "grpc.code", "rpc.grpc.status_code", "_dd.origin", "runtime-id", "_dd.span_links",
        "events", "a", "", "_sampling_priority_v1", "_dd.top_level", "_dd.measured", "_top_level", "_sample_rate", "analytics.event",
    ];

    static readonly string[] Types = ["", "web", "http", "sql", "redis", "mongodb", "elasticsearch", "memcached", "cassandra", "valkey", "queue"];

    static readonly long[] Times = [0, 1, -1, long.MaxValue, long.MinValue, 4_294_967_296L * UnixTime.NanosPerSecond, 946_684_800_000_000_000];

    static readonly double[] Numbers = [0, 1, -1, 2, 0.5, 1e300, -1e300, double.NaN, double.PositiveInfinity, 200, 500, 1e-300];

    /// <summary>One to four traces of up to six spans.</summary>
    public static IReadOnlyList<IReadOnlyList<Span>> Traces(Random chance) =>
        [.. Enumerable.Range(0, chance.Next(1, 5)).Select(_ => Trace(chance))];

    static IReadOnlyList<Span> Trace(Random chance)
    {
        var id = new TraceId(chance.Next(2) == 0 ? 0 : (ulong)chance.NextInt64(), chance.Next(4) == 0 ? 0 : (ulong)chance.NextInt64());
        return [.. Enumerable.Range(1, chance.Next(1, 7)).Select(i => new Span
        {
            TraceId = id,
            Id = new SpanId(chance.Next(8) == 0 ? 0 : (ulong)i),
            ParentId = new SpanId((ulong)chance.Next(i + 1)),
            StartUnixNanos = chance.Next(3) == 0 ? Pick(Times, chance) : FuzzChecks.NowUnixNanos - chance.NextInt64(100 * UnixTime.NanosPerSecond),
            DurationNanos = chance.Next(3) == 0 ? Pick(Times, chance) : chance.NextInt64(UnixTime.NanosPerSecond),
            Service = Pick(Texts, chance),
            Name = Pick(Texts, chance),
            Resource = Pick(Texts, chance),
            Type = Pick(Types, chance),
            Flags = chance.Next(3) == 0 ? SpanFlags.Error : SpanFlags.None,
            Tags = Pairs(chance, () => Pick(Texts, chance)),
            Numbers = Pairs(chance, () => Pick(Numbers, chance)),
        })];
    }

    static Dictionary<string, T> Pairs<T>(Random chance, Func<T> value)
    {
        var pairs = new Dictionary<string, T>();
        for (var left = chance.Next(10); left > 0; left--) pairs[Pick(Keys, chance)] = value();
        return pairs;
    }

    static T Pick<T>(T[] from, Random chance) => from[chance.Next(from.Length)];
}
