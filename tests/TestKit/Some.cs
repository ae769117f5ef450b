using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.TestKit;

/// <summary>Values that a test needs and whose details do not matter. What matters is said by the test.</summary>
public static class Some
{
    /// <summary>2026-03-01T10:00:00Z, when most tests play.</summary>
    public const long BaseUnixNanos = 1_772_359_200 * UnixTime.NanosPerSecond;

    /// <summary>The hour that begins at <see cref="BaseUnixNanos"/>.</summary>
    public static TimeRange Hour { get; } = new(BaseUnixNanos, BaseUnixNanos + 3600 * UnixTime.NanosPerSecond);

    public const long Millisecond = UnixTime.NanosPerMillisecond;
    public const long Second = UnixTime.NanosPerSecond;

    public static TraceId TraceId(ulong low = 1, ulong high = 0) => new(high, low);

    /// <summary>One span, a root unless it has a parent. Start is told from <see cref="BaseUnixNanos"/>.</summary>
    public static Span Span(
        ulong id = 1, ulong parent = 0, ulong trace = 1, ulong traceHigh = 0, string service = "web", string name = "flask.request", string resource = "GET /",
        string type = "web", string env = "prod", long startNanos = 0, long durationNanos = Millisecond, bool isError = false, SpanKind kind = SpanKind.Unspecified,
        SpanFlags flags = SpanFlags.None, (string Key, string Value)[]? tags = null, (string Key, double Value)[]? numbers = null) => new()
        {
            TraceId = new TraceId(traceHigh, trace),
            Id = new SpanId(id),
            ParentId = new SpanId(parent),
            StartUnixNanos = BaseUnixNanos + startNanos,
            DurationNanos = durationNanos,
            Service = service,
            Name = name,
            Resource = resource,
            Type = type,
            Env = env,
            Kind = kind,
            Flags = flags | (isError ? SpanFlags.Error : SpanFlags.None) | (parent == 0 ? SpanFlags.TopLevel : SpanFlags.None),
            Tags = (tags ?? []).ToDictionary(tag => tag.Key, tag => tag.Value),
            Numbers = (numbers ?? []).ToDictionary(number => number.Key, number => number.Value),
        };

    /// <summary>A batch that holds these spans; each run of one trace is a chunk of a payload <c>test</c>.</summary>
    public static SpanBatch Batch(params IEnumerable<Span> spans)
    {
        var batch = new SpanBatch();
        batch.Payloads.Add(new Payload { Protocol = "test", ReceivedUnixNanos = BaseUnixNanos });
        var first = 0;
        foreach (var span in spans)
        {
            if (batch.SpanCount > first && batch.TraceIdOf(batch.SpanCount - 1) != span.TraceId)
            {
                batch.AddChunk(first, 0);
                first = batch.SpanCount;
            }
            SpanBatches.Add(batch, span);
        }
        if (batch.SpanCount > first) batch.AddChunk(first, 0);
        return batch;
    }

    /// <summary>
    /// A trace drawn as indented text, one span a line: <c>service operation resource start+duration [error] [kind]</c>, times in
    /// milliseconds from the start; a resource with spaces in quotes. Children are indented by two spaces more. Span ids count from 1.
    /// </summary>
    public static IReadOnlyList<Span> Trace(string drawing, ulong trace = 1, long startNanos = 0)
    {
        var spans = new List<Span>();
        var open = new Stack<(int Indent, Span Span)>();
        foreach (var line in drawing.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            var indent = line.Length - line.TrimStart().Length;
            var words = System.Text.RegularExpressions.Regex.Matches(line, "\"([^\"]*)\"|\\S+").Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Value).ToList();
            while (open.Count > 0 && open.Peek().Indent >= indent) open.Pop();
            var parent = open.Count > 0 ? open.Peek().Span : null;
            var times = words[3].Split('+');
            var kind = Enum.GetValues<SpanKind>().FirstOrDefault(kind => words.Skip(4).Contains(kind.ToString(), StringComparer.OrdinalIgnoreCase));
            var span = Span(
                id: (ulong)spans.Count + 1, parent: parent?.Id.Value ?? 0, trace: trace, service: words[0], name: words[1], resource: words[2],
                startNanos: startNanos + Millis(times[0]), durationNanos: Millis(times[1]), isError: words.Skip(4).Contains("error"), kind: kind,
                flags: parent is not null && parent.Service != words[0] ? SpanFlags.TopLevel : SpanFlags.None, type: kind is SpanKind.Client ? "http" : "web");
            spans.Add(span);
            open.Push((indent, span));
        }
        return spans;
    }

    /// <summary>Statistics as the aggregator counts them: top-level and measured spans in the bucket in which they end.</summary>
    public static IReadOnlyList<StatsBucket> Stats(params IEnumerable<Span> spans)
    {
        var buckets = new SortedDictionary<long, StatsBucket>();
        foreach (var span in spans)
        {
            var isCounted = span.IsTopLevel || (span.Flags & SpanFlags.Measured) != 0 || span.Kind is not (SpanKind.Unspecified or SpanKind.Internal);
            if (!isCounted || (span.Flags & SpanFlags.Partial) != 0) continue;
            var start = UnixTime.Floor(span.EndUnixNanos, StatsBucket.CountedWidthNanos);
            if (!buckets.TryGetValue(start, out var bucket)) buckets.Add(start, bucket = new StatsBucket(start, StatsBucket.CountedWidthNanos));
            var cell = bucket.CellOf(new StatsKey
            {
                Service = span.Service,
                Name = span.Name,
                Resource = span.Resource,
                Type = span.Type,
                Env = span.Env,
                Kind = span.Kind == SpanKind.Unspecified ? "" : span.Kind.ToString().ToLowerInvariant(),
                HttpStatusCode = int.TryParse(span.Tag(TagNames.HttpStatusCode), out var status) ? status : 0,
                IsTraceRoot = span.ParentId.IsNone,
            });
            cell.HitCount++;
            if (span.IsTopLevel) cell.TopLevelHitCount++;
            if (span.IsError) cell.ErrorCount++;
            cell.DurationNanos += span.DurationNanos;
            (span.IsError ? cell.ErrorNanos : cell.OkNanos).Add(span.DurationNanos);
        }
        return [.. buckets.Values];
    }

    static long Millis(string text) => (long)(double.Parse(text, System.Globalization.CultureInfo.InvariantCulture) * Millisecond);
}
