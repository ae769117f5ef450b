using System.Buffers.Binary;
using System.Text;
using Apm.Core.Spans;

namespace Apm.TestKit;

/// <summary>Writes spans as an OTLP trace request in protobuf, as a client would: one resource, one scope. For benchmarks and load.</summary>
public static class OtlpEncoder
{
    /// <param name="resource">The resource's attributes; the service among them.</param>
    /// <param name="spans">Their tags become text attributes, their numbers doubles or, when whole, integers; their resource is the OTLP name.</param>
    public static byte[] Encode(IReadOnlyDictionary<string, string> resource, IEnumerable<Span> spans)
    {
        var scope = new Message().Inner(1, new Message().Text(1, "apm.bench").Text(2, "1.0"));
        foreach (var span in spans) scope.Inner(2, SpanOf(span));
        var attributes = new Message();
        foreach (var (key, value) in resource) attributes.Inner(1, Attribute(key, value));
        return new Message().Inner(1, new Message().Inner(1, attributes).Inner(2, scope)).ToArray();
    }

    static Message SpanOf(Span span)
    {
        var traceId = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(traceId, span.TraceId.High);
        BinaryPrimitives.WriteUInt64BigEndian(traceId.AsSpan(8), span.TraceId.Low);
        var message = new Message().Bytes(1, traceId).Bytes(2, Id(span.Id.Value));
        if (!span.ParentId.IsNone) message.Bytes(4, Id(span.ParentId.Value));
        message.Text(5, span.Resource).Varint(6, (ulong)span.Kind).Fixed64(7, (ulong)span.StartUnixNanos).Fixed64(8, (ulong)span.EndUnixNanos);
        foreach (var (key, value) in span.Tags) message.Inner(9, Attribute(key, value));
        foreach (var (key, value) in span.Numbers) message.Inner(9, Attribute(key, value));
        if (span.IsError) message.Inner(15, new Message().Varint(3, 2));
        return message;
    }

    static Message Attribute(string key, string value) => new Message().Text(1, key).Inner(2, new Message().Text(1, value));

    static Message Attribute(string key, double value) => new Message().Text(1, key).Inner(2, value == Math.Floor(value)
        ? new Message().Varint(3, unchecked((ulong)(long)value))
        : new Message().Fixed64(4, BitConverter.DoubleToUInt64Bits(value)));

    static byte[] Id(ulong id)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id);
        return bytes;
    }

    sealed class Message
    {
        readonly List<byte> _bytes = [];

        public byte[] ToArray() => [.. _bytes];

        public Message Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

        public Message Inner(int field, Message inner) => Bytes(field, inner.ToArray());

        public Message Bytes(int field, byte[] bytes)
        {
            Raw((ulong)field << 3 | 2);
            Raw((ulong)bytes.Length);
            _bytes.AddRange(bytes);
            return this;
        }

        public Message Varint(int field, ulong value)
        {
            Raw((ulong)field << 3);
            Raw(value);
            return this;
        }

        public Message Fixed64(int field, ulong value)
        {
            Raw((ulong)field << 3 | 1);
            System.Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            _bytes.AddRange(bytes);
            return this;
        }

        void Raw(ulong value)
        {
            for (; value >= 0x80; value >>= 7) _bytes.Add((byte)(value & 0x7F | 0x80));
            _bytes.Add((byte)value);
        }
    }
}
