using System.Buffers.Binary;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Wire.Json;
using Apm.Wire.Protobuf;

namespace Apm.Wire.Otlp;

/// <summary>
/// Writes traces in protobuf, field by field as <see cref="OtlpProtobufTraceDecoder"/> reads them: a TracesData, which is what an
/// ExportTraceServiceRequest and Tempo's Trace are as well.
/// </summary>
public static class OtlpProtobufTraceWriter
{
    public static byte[] Write(OtlpTrace trace)
    {
        var message = new ProtoWriter();
        foreach (var resource in trace.Resources) message.Bytes(1, ResourceSpans(resource));
        return message.ToArray();
    }

    /// <summary>Tempo's TraceByIDResponse: the trace in field 1, and, when it is not whole, status PARTIAL and why.</summary>
    /// <param name="incompleteReason">A sentence; null when the answer is whole.</param>
    public static byte[] WriteTraceByIdResponse(OtlpTrace trace, string? incompleteReason)
    {
        var message = new ProtoWriter().Bytes(1, Write(trace));
        if (incompleteReason is not null) message.Varint(3, 1).Text(4, incompleteReason);
        return message.ToArray();
    }

    static byte[] ResourceSpans(OtlpResourceSpans resource)
    {
        var message = new ProtoWriter();
        var attributes = new ProtoWriter();
        WriteAttributes(attributes, 1, resource.Attributes);
        message.Bytes(1, attributes.ToArray());
        foreach (var scope in resource.Scopes)
        {
            var library = new ProtoWriter();
            if (scope.Name.Length > 0) library.Text(1, scope.Name);
            if (scope.Version.Length > 0) library.Text(2, scope.Version);
            var scopeSpans = new ProtoWriter().Bytes(1, library.ToArray());
            foreach (var span in scope.Spans) scopeSpans.Bytes(2, SpanMessage(span));
            message.Bytes(2, scopeSpans.ToArray());
        }
        return message.ToArray();
    }

    static byte[] SpanMessage(Span span)
    {
        var message = new ProtoWriter().Bytes(1, Bytes(span.TraceId)).Bytes(2, Bytes(span.Id));
        if (OtlpSpanFields.TraceState(span) is { Length: > 0 } state) message.Text(3, state);
        if (!span.ParentId.IsNone) message.Bytes(4, Bytes(span.ParentId));
        message.Text(5, span.Resource);
        message.Varint(6, (ulong)span.Kind);
        message.Fixed64(7, OtlpSpanFields.Time(span.StartUnixNanos));
        message.Fixed64(8, OtlpSpanFields.End(span));
        WriteAttributes(message, 9, OtlpSpanFields.Attributes(span));
        foreach (var happening in SpanEvent.Of(span))
        {
            var inner = new ProtoWriter().Fixed64(1, OtlpSpanFields.Time(happening.UnixNanos)).Text(2, happening.Name);
            WriteAttributes(inner, 3, happening.Attributes.Select(attribute => OtlpSpanFields.Attribute(attribute.Key, attribute.Value)));
            message.Bytes(11, inner.ToArray());
        }
        foreach (var link in SpanLink.Of(span))
        {
            var inner = new ProtoWriter().Bytes(1, Bytes(link.TraceId)).Bytes(2, Bytes(link.SpanId));
            if (link.TraceState.Length > 0) inner.Text(3, link.TraceState);
            WriteAttributes(inner, 4, link.Attributes.Select(attribute => OtlpSpanFields.Attribute(attribute.Key, attribute.Value)));
            message.Bytes(13, inner.ToArray());
        }
        var status = new ProtoWriter();
        if (OtlpSpanFields.StatusMessage(span) is { Length: > 0 } why) status.Text(2, why);
        if (OtlpSpanFields.StatusCode(span) is var code and > 0) status.Varint(3, (ulong)code);
        message.Bytes(15, status.ToArray());
        return message.ToArray();
    }

    static void WriteAttributes(ProtoWriter message, int field, IEnumerable<OtlpAttribute> attributes)
    {
        foreach (var attribute in attributes)
        {
            var value = new ProtoWriter();
            switch (attribute.Value)
            {
                case bool truth: value.Varint(2, truth ? 1UL : 0); break;
                case long whole: value.Varint(3, unchecked((ulong)whole)); break;
                case double number: value.Fixed64(4, BitConverter.DoubleToUInt64Bits(number)); break;
                default: value.Text(1, (string)attribute.Value); break;
            }
            message.Bytes(field, new ProtoWriter().Text(1, attribute.Key).Bytes(2, value.ToArray()).ToArray());
        }
    }

    static byte[] Bytes(TraceId id)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), id.Low);
        return bytes;
    }

    static byte[] Bytes(SpanId id)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id.Value);
        return bytes;
    }
}
