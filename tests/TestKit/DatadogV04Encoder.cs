using Apm.Core.Spans;

namespace Apm.TestKit;

/// <summary>Writes spans as the body of <c>/v0.4/traces</c>, for tests and benchmarks only.</summary>
public static class DatadogV04Encoder
{
    /// <summary>One trace per inner list.</summary>
    public static byte[] Encode(IReadOnlyList<IReadOnlyList<Span>> traces)
    {
        var to = new MsgPackWriter().Array(traces.Count);
        foreach (var trace in traces)
        {
            to.Array(trace.Count);
            foreach (var span in trace) Write(to, span);
        }
        return to.ToArray();
    }

    /// <summary>One span's map, as v0.4 and v0.7 write it.</summary>
    public static void Write(MsgPackWriter to, Span span)
    {
        to.Map(12)
            .Text("service").Text(span.Service)
            .Text("name").Text(span.Name)
            .Text("resource").Text(span.Resource)
            .Text("trace_id").Unsigned(span.TraceId.Low)
            .Text("span_id").Unsigned(span.Id.Value)
            .Text("parent_id").Unsigned(span.ParentId.Value)
            .Text("start").Integer(span.StartUnixNanos)
            .Text("duration").Integer(span.DurationNanos)
            .Text("error").Integer(span.IsError ? 1 : 0);
        to.Text("meta").Map(span.Tags.Count);
        foreach (var (key, value) in span.Tags) to.Text(key).Text(value);
        to.Text("metrics").Map(span.Numbers.Count);
        foreach (var (key, value) in span.Numbers) to.Text(key).Float64(value);
        to.Text("type").Text(span.Type);
    }
}
