using Apm.Core.Spans;

namespace Apm.TestKit;

/// <summary>Writes spans as the body of <c>/v0.5/traces</c>, for tests and benchmarks only.</summary>
public static class DatadogV05Encoder
{
    /// <summary>One trace per inner list.</summary>
    public static byte[] Encode(IReadOnlyList<IReadOnlyList<Span>> traces)
    {
        var table = new Dictionary<string, int> { [""] = 0 };
        var body = new MsgPackWriter().Array(traces.Count);
        foreach (var trace in traces)
        {
            body.Array(trace.Count);
            foreach (var span in trace) Write(body, span, Index);
        }
        var to = new MsgPackWriter().Array(2).Array(table.Count);
        foreach (var text in table.Keys) to.Text(text);
        return to.Raw(body.ToArray()).ToArray();

        ulong Index(string text)
        {
            if (!table.TryGetValue(text, out var index)) table.Add(text, index = table.Count);
            return (ulong)index;
        }
    }

    static void Write(MsgPackWriter to, Span span, Func<string, ulong> index)
    {
        to.Array(12)
            .Unsigned(index(span.Service)).Unsigned(index(span.Name)).Unsigned(index(span.Resource))
            .Unsigned(span.TraceId.Low).Unsigned(span.Id.Value).Unsigned(span.ParentId.Value)
            .Integer(span.StartUnixNanos).Integer(span.DurationNanos).Integer(span.IsError ? 1 : 0);
        to.Map(span.Tags.Count);
        foreach (var (key, value) in span.Tags) to.Unsigned(index(key)).Unsigned(index(value));
        to.Map(span.Numbers.Count);
        foreach (var (key, value) in span.Numbers) to.Unsigned(index(key)).Float64(value);
        to.Unsigned(index(span.Type));
    }
}
