using System.Globalization;

namespace Apm.Tracer.Tests.Kit;

/// <summary>A span as it was sent to <c>/v0.4/traces</c>.</summary>
sealed class SentSpan(Dictionary<string, object?> fields)
{
    public string Service => (string)fields["service"]!;

    public string Name => (string)fields["name"]!;

    public string Resource => (string)fields["resource"]!;

    public string Type => (string)fields["type"]!;

    public ulong TraceId => Number("trace_id");

    public ulong SpanId => Number("span_id");

    public ulong ParentId => Number("parent_id");

    public long StartUnixNanos => (long)Number("start");

    public long DurationNanos => (long)Number("duration");

    public bool IsError => Number("error") == 1;

    public IReadOnlyList<object?> Links => fields.TryGetValue("span_links", out var links) ? (List<object?>)links! : [];

    public IReadOnlyList<object?> Events => fields.TryGetValue("span_events", out var events) ? (List<object?>)events! : [];

    public string? Meta(string key) => ((Dictionary<string, object?>)fields["meta"]!).GetValueOrDefault(key) as string;

    public double? Metric(string key) =>
        ((Dictionary<string, object?>)fields["metrics"]!).TryGetValue(key, out var value) ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : null;

    public override string ToString() => $"{Service} {Name} [{Type}] {Resource}{(IsError ? " ERROR" : "")}";

    ulong Number(string key) => fields[key] switch
    {
        ulong big => big,
        long small => (ulong)small,
        var other => throw new InvalidDataException($"{key} is {other}"),
    };

    public static IEnumerable<List<SentSpan>> Chunks(ReadOnlySpan<byte> body) =>
        ((List<object?>)MsgPack.Decode(body)!).Select(chunk => ((List<object?>)chunk!).ConvertAll(span => new SentSpan((Dictionary<string, object?>)span!)));
}
