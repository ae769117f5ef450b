using System.Globalization;
using Apm.Core.Ids;
using Apm.Core.Spans;

namespace Apm.TestKit;

/// <summary>Makes batches for tests: from spans as objects, by chance with a seed, and as a small web shop would send them.</summary>
public static class SpanBatches
{
    static readonly string[] Services = ["web", "billing", "", "ünïcode-サービス", "db"];
    static readonly string[] Words = ["", "a", "GET /user/{id}", "SELECT 1", "x=y", "новый", "line\nbreak", "\0", "true", "1.5"];
    static readonly double[] OddNumbers =
        [0, -0.0, 1, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.Epsilon, 0.1, 1L << 53, -(1L << 53), 1e300, 255, 256, 65_536];
    static readonly long[] OddTimes = [0, 1, -1, long.MinValue, long.MaxValue, -1_000_000_000];

    /// <summary>A batch that holds these spans in this order.</summary>
    public static SpanBatch Of(params IReadOnlyList<Span> spans)
    {
        var batch = new SpanBatch(spans.Count);
        foreach (var span in spans) Add(batch, span);
        return batch;
    }

    /// <summary>Adds a span at a batch's end.</summary>
    public static void Add(SpanBatch batch, Span span)
    {
        var strings = batch.Strings;
        var i = batch.AddSpan();
        (batch.TraceIdHigh[i], batch.TraceIdLow[i]) = (span.TraceId.High, span.TraceId.Low);
        (batch.SpanIds[i], batch.ParentIds[i]) = (span.Id.Value, span.ParentId.Value);
        (batch.StartUnixNanos[i], batch.DurationNanos[i]) = (span.StartUnixNanos, span.DurationNanos);
        (batch.Services[i], batch.Names[i], batch.Resources[i]) = (strings.Intern(span.Service), strings.Intern(span.Name), strings.Intern(span.Resource));
        (batch.Types[i], batch.Envs[i]) = (strings.Intern(span.Type), strings.Intern(span.Env));
        (batch.Kinds[i], batch.Flags[i]) = (span.Kind, span.Flags);
        foreach (var (key, value) in span.Tags) batch.SetTag(strings.Intern(key), strings.Intern(value));
        foreach (var (key, value) in span.Numbers) batch.SetNumber(strings.Intern(key), value);
    }

    /// <summary>All spans of a batch as objects.</summary>
    public static IEnumerable<Span> Spans(SpanBatch batch) => Enumerable.Range(0, batch.SpanCount).Select(batch.SpanAt);

    /// <summary>A span by chance: often ordinary, sometimes as odd as the types allow.</summary>
    /// <param name="chance">Seeded.</param>
    /// <param name="aroundUnixNanos">Ordinary starts lie within a minute after this.</param>
    public static Span RandomSpan(Random chance, long aroundUnixNanos)
    {
        var odd = chance.Next(20) == 0;
        var tags = new Dictionary<string, string>();
        for (var left = chance.Next(6); left > 0; left--) tags[$"key{chance.Next(8)}"] = RandomText(chance);
        if (odd) tags[""] = new string('v', chance.Next(100_000));
        var numbers = new Dictionary<string, double>();
        for (var left = chance.Next(4); left > 0; left--)
            numbers[$"key{chance.Next(10)}"] = chance.Next(3) == 0 ? Pick(chance, OddNumbers) : chance.Next(2) == 0 ? chance.Next(70_000) : chance.NextDouble();
        return new Span
        {
            TraceId = new TraceId(chance.Next(3) == 0 ? 0 : (ulong)chance.Next(1, 3) << 40, (ulong)chance.Next(1, 30)),
            Id = new SpanId((ulong)chance.NextInt64(1, odd ? 10 : long.MaxValue)),
            ParentId = new SpanId(chance.Next(3) == 0 ? 0 : (ulong)chance.NextInt64(1, 10)),
            StartUnixNanos = odd ? Pick(chance, OddTimes) : aroundUnixNanos + chance.NextInt64(60_000_000_000),
            DurationNanos = odd ? Pick(chance, OddTimes) & long.MaxValue : chance.NextInt64(5_000_000_000),
            Service = Pick(chance, Services),
            Name = RandomText(chance),
            Resource = RandomText(chance),
            Type = chance.Next(2) == 0 ? "web" : "",
            Env = chance.Next(2) == 0 ? "prod" : "none",
            Kind = (SpanKind)chance.Next(6),
            Flags = (SpanFlags)chance.Next(16),
            Tags = tags,
            Numbers = numbers,
        };
    }

    /// <summary>A batch of spans by chance.</summary>
    public static SpanBatch Random(Random chance, int spanCount, long aroundUnixNanos) =>
        Of([.. Enumerable.Range(0, spanCount).Select(_ => RandomSpan(chance, aroundUnixNanos))]);

    /// <summary>Everything about a span in one line, so that two spans are the same when their lines are.</summary>
    public static string Describe(Span span)
    {
        var tags = span.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}");
        var numbers = span.Numbers.OrderBy(number => number.Key, StringComparer.Ordinal)
            .Select(number => $"{number.Key}#{BitConverter.DoubleToInt64Bits(number.Value):x}");
        return string.Create(CultureInfo.InvariantCulture,
            $"{span.TraceId.High:x}/{span.TraceId} {span.Id}<{span.ParentId} {span.StartUnixNanos}+{span.DurationNanos} {span.Service}|{span.Name}|{span.Resource}|{span.Type}|{span.Env}|{span.Kind}|{(int)span.Flags}|{string.Join(',', tags)}|{string.Join(',', numbers)}");
    }

    /// <summary>The spans of a batch, each as <see cref="Describe(Span)"/>, in ordinal order.</summary>
    public static IReadOnlyList<string> Describe(IEnumerable<Span> spans) => [.. spans.Select(Describe).Order(StringComparer.Ordinal)];

    static string RandomText(Random chance) => chance.Next(4) == 0
        ? chance.Next(1_000_000).ToString(CultureInfo.InvariantCulture)
        : Pick(chance, Words);

    static T Pick<T>(Random chance, T[] from) => from[chance.Next(from.Length)];
}
