using System.Text;
using System.Text.Json.Nodes;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Otlp;
using Apm.Wire.Tests.Generated;
using CsCheck;
using Google.Protobuf;
using Span = Apm.Wire.Tests.Generated.Span;

namespace Apm.Wire.Tests.Otlp;

/// <summary>Our reader against the classes that protoc generates, on requests made by chance.</summary>
public class OtlpCrossCheckTests
{
    [Fact]
    public void Json_and_protobuf_of_a_request_give_the_same_spans() => GeneratedRequests.Request.Sample(request =>
    {
        SpanBatch fromProtobuf = new(), fromJson = new();
        var protobuf = OtlpProtobufTraceDecoder.Decode(request.ToByteArray(), fromProtobuf, OtlpGolden.Template);
        var json = OtlpJsonTraceDecoder.Decode(Encoding.UTF8.GetBytes(GeneratedRequests.ToOtlpJson(request)), fromJson, OtlpGolden.Template);
        Assert.Equal((protobuf.AcceptedSpans, protobuf.RejectedSpans), (json.AcceptedSpans, json.RejectedSpans));
        Assert.Equal(TraceText.DrawFull(fromProtobuf), TraceText.DrawFull(fromJson));
        Batches.CheckChunks(fromProtobuf);
    }, iter: 2_000);

    [Fact]
    public void Each_sound_span_arrives_with_its_fields() => GeneratedRequests.Request.Sample(request =>
    {
        var batch = new SpanBatch();
        var result = OtlpProtobufTraceDecoder.Decode(request.ToByteArray(), batch, OtlpGolden.Template);
        var sent = request.ResourceSpans.SelectMany(resource => resource.ScopeSpans.SelectMany(scope => scope.Spans)).ToList();
        var sound = sent.Where(span => span.SpanId.Length == 8 && span.SpanId.Any(part => part != 0)).ToList();
        Assert.Equal((sound.Count, sent.Count - sound.Count), (result.AcceptedSpans, result.RejectedSpans));
        Assert.Equal(sound.Count, batch.SpanCount);

        var drawn = Enumerable.Range(0, batch.SpanCount).Select(batch.SpanAt).ToList();
        foreach (var span in sound)
            Assert.Contains(drawn, stored => IsSame(span, stored));
    }, iter: 1_000);

    static bool IsSame(Span sent, Core.Spans.Span stored) =>
        stored.Id.ToString() == Convert.ToHexStringLower(sent.SpanId.Span) &&
        stored.TraceId.Low == sent.TraceId[15] &&
        stored.ParentId.Value == (sent.ParentSpanId.IsEmpty ? 0 : Convert.ToUInt64(Convert.ToHexString(sent.ParentSpanId.Span), 16)) &&
        stored.StartUnixNanos == (long)sent.StartTimeUnixNano &&
        stored.DurationNanos == (long)sent.EndTimeUnixNano - (long)sent.StartTimeUnixNano &&
        (int)stored.Kind == (int)sent.Kind &&
        (stored.Tag("w3c.tracestate") ?? "") == sent.TraceState &&
        (stored.Tag("otel.status_description") ?? "") == (sent.Status?.Message ?? "") &&
        stored.Tags["otel.status_code"] == (sent.Status?.Code ?? Status.Types.StatusCode.Unset).ToString() &&
        HasAttributes(sent, stored) && HasEvents(sent, stored) && HasLinks(sent, stored);

    /// <summary>The attributes with names that no rule knows; the last of a key counts, among texts and among numbers.</summary>
    static bool HasAttributes(Span sent, Core.Spans.Span stored)
    {
        foreach (var attribute in sent.Attributes.Where(attribute => attribute.Key is "a" or "b" or "c").GroupBy(attribute => attribute.Key).Select(same => same.Last()))
        {
            var value = attribute.Value;
            var holds = value.ValueCase switch
            {
                AnyValue.ValueOneofCase.StringValue => stored.Tags[attribute.Key] == value.StringValue,
                AnyValue.ValueOneofCase.BoolValue => stored.Tags[attribute.Key] == (value.BoolValue ? "true" : "false"),
                AnyValue.ValueOneofCase.IntValue when Math.Abs((decimal)value.IntValue) <= 1L << 53 => stored.Numbers[attribute.Key] == value.IntValue,
                AnyValue.ValueOneofCase.IntValue => stored.Tags[attribute.Key] == $"{value.IntValue}",
                AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue) => stored.Numbers[attribute.Key].Equals(value.DoubleValue),
                AnyValue.ValueOneofCase.DoubleValue => stored.Tags[attribute.Key] is "NaN" or "Infinity" or "-Infinity",
                AnyValue.ValueOneofCase.BytesValue => stored.Tags[attribute.Key] == Convert.ToBase64String(value.BytesValue.Span),
                AnyValue.ValueOneofCase.ArrayValue => JsonNode.Parse(stored.Tags[attribute.Key]) is JsonArray array && array.Count == value.ArrayValue.Values.Count,
                AnyValue.ValueOneofCase.KvlistValue => stored.Tags[attribute.Key].StartsWith('{'),
                _ => stored.Tags[attribute.Key].Length == 0,
            };
            if (!holds) return false;
        }
        return true;
    }

    static bool HasEvents(Span sent, Core.Spans.Span stored)
    {
        if (sent.Events.Count == 0) return stored.Tag("events") is null;
        var events = JsonNode.Parse(stored.Tags["events"])!.AsArray();
        return events.Count == sent.Events.Count && events.Zip(sent.Events).All(pair =>
            pair.First!["name"]!.GetValue<string>() == pair.Second.Name &&
            pair.First["time_unix_nano"]!.GetValue<ulong>() == pair.Second.TimeUnixNano &&
            (pair.First["dropped_attributes_count"]?.GetValue<uint>() ?? 0) == pair.Second.DroppedAttributesCount &&
            (pair.First["attributes"] is null) == (pair.Second.Attributes.Count == 0));
    }

    static bool HasLinks(Span sent, Core.Spans.Span stored)
    {
        if (sent.Links.Count == 0) return stored.Tag("_dd.span_links") is null;
        var links = JsonNode.Parse(stored.Tags["_dd.span_links"])!.AsArray();
        return links.Count == sent.Links.Count && links.Zip(sent.Links).All(pair =>
            pair.First!["trace_id"]!.GetValue<string>() == Convert.ToHexStringLower(pair.Second.TraceId.Span) &&
            pair.First["span_id"]!.GetValue<string>() == Convert.ToHexStringLower(pair.Second.SpanId.Span) &&
            (pair.First["tracestate"]?.GetValue<string>() ?? "") == pair.Second.TraceState &&
            (pair.First["flags"]?.GetValue<uint>() ?? 0) == (pair.Second.Flags & 0xFF));
    }

    [Fact]
    public void A_partial_success_is_read_back_by_the_generated_classes()
    {
        var answer = ExportTraceServiceResponse.Parser.ParseFrom(OtlpAnswers.PartialSuccess(OtlpSignal.Traces, 300, "because", isJson: false));
        Assert.Equal((300, "because"), (answer.PartialSuccess.RejectedSpans, answer.PartialSuccess.ErrorMessage));
        Assert.Null(ExportTraceServiceResponse.Parser.ParseFrom(OtlpAnswers.Success(isJson: false)).PartialSuccess);
    }
}
