using System.Text.Json.Nodes;
using Apm.Wire.Tests.Generated;
using CsCheck;
using Google.Protobuf;

namespace Apm.Wire.Tests.Otlp;

/// <summary>Random trace requests, built with the classes that protoc makes, in both forms.</summary>
internal static class GeneratedRequests
{
    static Gen<T> AnyOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    static readonly Gen<string> Text = Gen.OneOf(AnyOf("", "a", "GET", "mysql", "ünïcode", "true", "line\nbreak \"quoted\" \\", "🠠"), Gen.String[Gen.Char['a', 'z'], 0, 12]);

    static readonly Gen<string> Key = AnyOf("a", "b", "c", "service.name", "http.request.method", "http.method", "http.route", "http.status_code",
        "http.response.status_code", "db.system", "db.statement", "rpc.system", "messaging.system", "messaging.operation", "exception.message", "exception.type",
        "span.kind", "env", "url.path", "url.full", "http.url", "sampling.priority", "datadog.service", "datadog.x", "analytics.event", "error.msg", "_dd.measured");

    static readonly Gen<AnyValue> Scalar = Gen.OneOf(
        Text.Select(text => new AnyValue { StringValue = text }),
        Gen.Bool.Select(yes => new AnyValue { BoolValue = yes }),
        Gen.OneOf(Gen.Long, Gen.Long[-5, 600]).Select(number => new AnyValue { IntValue = number }),
        Gen.OneOf(Gen.Double, AnyOf(double.NaN, double.PositiveInfinity, 1.0, -0.5)).Select(number => new AnyValue { DoubleValue = number }),
        Gen.Byte.Array[0, 9].Select(bytes => new AnyValue { BytesValue = ByteString.CopyFrom(bytes) }),
        Gen.Const(0).Select(_ => new AnyValue()));

    static Gen<AnyValue> Value(int depth) => depth == 0 ? Scalar : Gen.Frequency(
        (6, Scalar),
        (1, Value(depth - 1).List[0, 3].Select(values => new AnyValue { ArrayValue = new ArrayValue { Values = { values } } })),
        (1, Gen.Select(Text, Value(depth - 1), (key, value) => new KeyValue { Key = key, Value = value }).List[0, 3]
            .Select(values => new AnyValue { KvlistValue = new KeyValueList { Values = { values } } })));

    static readonly Gen<List<KeyValue>> Attributes = Gen.Select(Key, Value(2), (key, value) => new KeyValue { Key = key, Value = value }).List[0, 8];

    static readonly Gen<ByteString> TraceId = Gen.Byte[1, 3].Select(id => ByteString.CopyFrom([.. new byte[15], id]));

    static readonly Gen<ByteString> SpanId = Gen.Frequency((20, Gen.Byte.Array[8]), (1, Gen.Byte.Array[0, 9])).Select(id => ByteString.CopyFrom(id));

    static readonly Gen<Span.Types.Event> Event = Gen.Select(Gen.ULong, Gen.OneOf(Text, AnyOf("exception", "Exception")), Attributes, Gen.UInt[0, 2],
        (time, name, attributes, dropped) => new Span.Types.Event { TimeUnixNano = time, Name = name, Attributes = { attributes }, DroppedAttributesCount = dropped });

    static readonly Gen<Span.Types.Link> Link = Gen.Select(TraceId, Gen.Byte.Array[8], Text, Attributes, Gen.UInt,
        (trace, span, state, attributes, flags) => new Span.Types.Link { TraceId = trace, SpanId = ByteString.CopyFrom(span), TraceState = state, Attributes = { attributes }, Flags = flags });

    static readonly Gen<Span> OneSpan = Gen.Select(
        Gen.Select(TraceId, SpanId, Gen.Frequency((1, Gen.Const(Array.Empty<byte>())), (1, Gen.Byte.Array[8]))),
        Gen.Select(Text, Gen.Int[0, 5], Gen.ULong[0, 1UL << 62], Gen.ULong[0, 1UL << 62]),
        Gen.Select(Attributes, Event.List[0, 3], Link.List[0, 2]),
        Gen.Select(Gen.Int[0, 2], Text, Text, Gen.UInt[0, 3]),
        (ids, what, lists, rest) => new Span
        {
            TraceId = ids.Item1,
            SpanId = ids.Item2,
            ParentSpanId = ByteString.CopyFrom(ids.Item3),
            Name = what.Item1,
            Kind = (Span.Types.SpanKind)what.Item2,
            StartTimeUnixNano = what.Item3,
            EndTimeUnixNano = what.Item4,
            Attributes = { lists.Item1 },
            Events = { lists.Item2 },
            Links = { lists.Item3 },
            Status = rest.Item1 == 0 ? null : new Status { Code = (Status.Types.StatusCode)rest.Item1, Message = rest.Item2 },
            TraceState = rest.Item3,
            DroppedEventsCount = rest.Item4,
            Flags = rest.Item4 << 8,
        });

    static readonly Gen<ScopeSpans> Scope = Gen.Select(Text, Text, Attributes, OneSpan.List[0, 5],
        (name, version, attributes, spans) => new ScopeSpans { Scope = new InstrumentationScope { Name = name, Version = version, Attributes = { attributes } }, Spans = { spans } });

    public static readonly Gen<ExportTraceServiceRequest> Request = Gen.Select(Attributes, Scope.List[0, 3], (attributes, scopes) =>
            new ResourceSpans { Resource = new Resource { Attributes = { attributes } }, ScopeSpans = { scopes } })
        .List[0, 3].Select(resources => new ExportTraceServiceRequest { ResourceSpans = { resources } });

    /// <summary>The same request in OTLP's JSON, which is protobuf's but for the ids: hex instead of base64.</summary>
    public static string ToOtlpJson(ExportTraceServiceRequest request)
    {
        var json = JsonNode.Parse(JsonFormatter.Default.Format(request))!;
        WriteIdsAsHex(json);
        return json.ToJsonString();
    }

    static void WriteIdsAsHex(JsonNode? node)
    {
        if (node is JsonArray array)
            foreach (var element in array) WriteIdsAsHex(element);
        if (node is not JsonObject members) return;
        foreach (var (name, value) in members.ToList())
        {
            if (name is "traceId" or "spanId" or "parentSpanId") members[name] = Convert.ToHexString(Convert.FromBase64String(value!.GetValue<string>()));
            else WriteIdsAsHex(value);
        }
    }
}
