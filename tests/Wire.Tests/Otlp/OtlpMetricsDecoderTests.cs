using System.Globalization;
using System.Text;
using Apm.Core;
using Apm.TestKit;
using Apm.Wire.Otlp;

namespace Apm.Wire.Tests.Otlp;

/// <summary>Both decoders of OTLP metrics: the same request gives the same points.</summary>
public class OtlpMetricsDecoderTests
{
    const long Start = 1_700_000_000_000_000_000, End = 1_700_000_010_000_000_000;

    static string Draw(OtlpMetricsResult result)
    {
        var text = new StringBuilder();
        foreach (var point in result.Points)
        {
            text.Append(CultureInfo.InvariantCulture, $"{point.Name} {point.Kind}");
            if (point.Temporality != OtlpTemporality.Unspecified) text.Append(CultureInfo.InvariantCulture, $" {point.Temporality}");
            if (point.IsMonotonic) text.Append(" up");
            if (point.Unit.Length > 0) text.Append(CultureInfo.InvariantCulture, $" in {point.Unit}");
            text.Append(CultureInfo.InvariantCulture, $" {{{string.Join(',', point.Tags)}}} {(point.StartUnixNanos == 0 ? "?" : ((point.StartUnixNanos - Start) / 1e9).ToString(CultureInfo.InvariantCulture))}-{(point.UnixNanos - Start) / 1e9}s:");
            if (point.Kind is OtlpMetricKind.Gauge or OtlpMetricKind.Sum) text.Append(CultureInfo.InvariantCulture, $" {point.Value:R}");
            else text.Append(CultureInfo.InvariantCulture, $" {point.Count} values, sum {point.Sum}, {point.Min} to {point.Max}");
            if (point.BucketCounts.Length > 0) text.Append(CultureInfo.InvariantCulture, $", buckets [{string.Join(' ', point.BucketCounts)}]");
            if (point.Bounds.Length > 0) text.Append(CultureInfo.InvariantCulture, $" at [{string.Join(' ', point.Bounds)}]");
            if (point.Kind == OtlpMetricKind.ExponentialHistogram) text.Append(CultureInfo.InvariantCulture, $" from {point.PositiveOffset} scale {point.Scale}, {point.ZeroCount} zeros, negative [{string.Join(' ', point.NegativeCounts)}] from {point.NegativeOffset}");
            foreach (var (quantile, value) in point.Quantiles) text.Append(CultureInfo.InvariantCulture, $" p{quantile * 100}={value}");
            text.Append('\n');
        }
        if (result.RejectedCount > 0) text.Append(CultureInfo.InvariantCulture, $"rejected {result.RejectedCount}: {result.FirstReason}\n");
        return text.ToString().TrimEnd('\n');
    }

    static ProtoWriter Attribute(string key, string value) => new ProtoWriter().Text(1, key).Inner(2, new ProtoWriter().Text(1, value));

    static byte[] Packed(params double[] values) => [.. values.SelectMany(value => BitConverter.GetBytes(value))];

    static byte[] PackedCounts(params ulong[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    static ProtoWriter Number(double value) => new ProtoWriter().Fixed64(2, Start).Fixed64(3, End).Double(4, value).Inner(7, Attribute("http.route", "/buy"));

    /// <summary>Every kind of metric, the resource and the names behind what they are of.</summary>
    static byte[] Protobuf()
    {
        var whole = new ProtoWriter().Fixed64(3, End).Fixed64(6, unchecked((ulong)-7))
            .Inner(7, new ProtoWriter().Text(1, "n").Inner(2, new ProtoWriter().Varint(3, 5))).Inner(7, new ProtoWriter().Text(1, "ok").Inner(2, new ProtoWriter().Varint(2, 1)))
            .Inner(7, new ProtoWriter().Text(1, "list").Inner(2, new ProtoWriter().Inner(5, new ProtoWriter())));
        var histogram = new ProtoWriter().Fixed64(2, Start).Fixed64(3, End).Fixed64(4, 6).Double(5, 30).Bytes(6, PackedCounts(1, 3, 2)).Bytes(7, Packed(2.5, 10)).Double(11, 0.5).Double(12, 12);
        var exponential = new ProtoWriter().Fixed64(2, Start).Fixed64(3, End).Fixed64(4, 5).Double(5, 9).Varint(6, ProtoWriter.Zigzag(-1)).Fixed64(7, 2)
            .Inner(8, new ProtoWriter().Varint(1, ProtoWriter.Zigzag(-3)).Bytes(2, ProtoWriter.Packed([1, 2]))).Inner(9, new ProtoWriter().Varint(1, ProtoWriter.Zigzag(4)).Varint(2, 1));
        var summary = new ProtoWriter().Fixed64(2, Start).Fixed64(3, End).Fixed64(4, 10).Double(5, 55).Inner(6, new ProtoWriter().Double(1, 0.5).Double(2, 5)).Inner(6, new ProtoWriter().Double(1, 0.99).Double(2, 9));
        var metrics = new ProtoWriter()
            .Inner(2, new ProtoWriter().Inner(5, new ProtoWriter().Inner(1, whole)).Text(1, "temperature").Text(2, "described").Text(3, "Cel"))
            .Inner(2, new ProtoWriter().Text(1, "requests").Inner(7, new ProtoWriter().Inner(1, Number(5)).Varint(2, 2).Varint(3, 1)))
            .Inner(2, new ProtoWriter().Text(1, "latency").Text(3, "ms").Inner(9, new ProtoWriter().Inner(1, histogram).Varint(2, 1)))
            .Inner(2, new ProtoWriter().Text(1, "size").Inner(10, new ProtoWriter().Inner(1, exponential).Varint(2, 2)))
            .Inner(2, new ProtoWriter().Text(1, "old").Inner(11, new ProtoWriter().Inner(1, summary)))
            .Inner(2, new ProtoWriter().Text(1, "nothing").Inner(5, new ProtoWriter().Inner(1, new ProtoWriter().Fixed64(3, End).Varint(8, 1))));
        var resource = new ProtoWriter().Inner(1, Attribute("service.name", "shop")).Inner(1, Attribute("host.name", "box-1")).Inner(1, Attribute("deployment.environment.name", "dev")).Inner(1, Attribute("process.pid", "5")).Inner(1, Attribute("container.id", "abc"));
        return new ProtoWriter().Inner(1, new ProtoWriter().Inner(2, metrics).Inner(1, resource)).ToArray();
    }

    const string Json = """
        {"resourceMetrics":[{"scopeMetrics":[{"scope":{"name":"x"},"metrics":[
          {"gauge":{"dataPoints":[{"timeUnixNano":"1700000010000000000","asInt":"-7","attributes":[{"key":"n","value":{"intValue":"5"}},{"value":{"boolValue":true},"key":"ok"},{"key":"list","value":{"arrayValue":{"values":[]}}}]}]},"name":"temperature","description":"described","unit":"Cel"},
          {"name":"requests","sum":{"dataPoints":[{"startTimeUnixNano":"1700000000000000000","timeUnixNano":1700000010000000000,"asDouble":5,"attributes":[{"key":"http.route","value":{"stringValue":"/buy"}}]}],"aggregationTemporality":2,"isMonotonic":true}},
          {"name":"latency","unit":"ms","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","dataPoints":[{"startTimeUnixNano":"1700000000000000000","timeUnixNano":"1700000010000000000","count":"6","sum":30,"bucketCounts":["1","3",2],"explicitBounds":[2.5,10],"min":0.5,"max":12}]}},
          {"name":"size","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"startTimeUnixNano":"1700000000000000000","timeUnixNano":"1700000010000000000","count":"5","sum":9,"scale":-1,"zeroCount":"2","positive":{"offset":-3,"bucketCounts":["1","2"]},"negative":{"offset":4,"bucketCounts":[1]}}]}},
          {"name":"old","summary":{"dataPoints":[{"startTimeUnixNano":"1700000000000000000","timeUnixNano":"1700000010000000000","count":"10","sum":55,"quantileValues":[{"quantile":0.5,"value":5},{"quantile":0.99,"value":9}]}]}},
          {"name":"nothing","gauge":{"dataPoints":[{"timeUnixNano":"1700000010000000000","flags":1}]}}]}],
         "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.name","value":{"stringValue":"box-1"}},{"key":"deployment.environment.name","value":{"stringValue":"dev"}},{"key":"process.pid","value":{"stringValue":"5"}},{"key":"container.id","value":{"stringValue":"abc"}}]}}]}
        """;

    const string Picture = """
        temperature Gauge in Cel {n:5,ok:true,service:shop,host:box-1,env:dev,container_id:abc} ?-10s: -7
        requests Sum Cumulative up {http.route:/buy,service:shop,host:box-1,env:dev,container_id:abc} 0-10s: 5
        latency Histogram Delta in ms {service:shop,host:box-1,env:dev,container_id:abc} 0-10s: 6 values, sum 30, 0.5 to 12, buckets [1 3 2] at [2.5 10]
        size ExponentialHistogram Cumulative {service:shop,host:box-1,env:dev,container_id:abc} 0-10s: 5 values, sum 9,  to , buckets [1 2] from -3 scale -1, 2 zeros, negative [1] from 4
        old Summary {service:shop,host:box-1,env:dev,container_id:abc} 0-10s: 10 values, sum 55,  to  p50=5 p99=9
        """;

    [Fact]
    public void Every_kind_of_metric_in_protobuf() => Assert.Equal(Picture, Draw(OtlpProtobufMetricsDecoder.Decode(Protobuf())));

    [Fact]
    public void Every_kind_of_metric_in_JSON() => Assert.Equal(Picture, Draw(OtlpJsonMetricsDecoder.Decode(Encoding.UTF8.GetBytes(Json))));

    [Fact]
    public void Nothing_is_a_request_too()
    {
        Assert.Empty(OtlpProtobufMetricsDecoder.Decode([]).Points);
        Assert.Empty(OtlpJsonMetricsDecoder.Decode([]).Points);
        Assert.Empty(OtlpJsonMetricsDecoder.Decode("{}"u8).Points);
    }

    [Theory]
    [InlineData("""{"gauge":{"dataPoints":[{"timeUnixNano":"5","asInt":1}]}}""", "resource 0, scope 0, metric 0, point 0: the metric has no name")]
    [InlineData("""{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":"5"},{"asInt":1}]}}""", "resource 0, scope 0, metric 0, point 1 (m): the point has no time")]
    [InlineData("""{"name":"m","sum":{"dataPoints":[{"timeUnixNano":"5","asInt":1}]}}""", "resource 0, scope 0, metric 0, point 0 (m): the metric does not say whether it is delta or cumulative")]
    [InlineData("""{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":"5","asDouble":"NaN"}]}}""", "resource 0, scope 0, metric 0, point 0 (m): the value is no finite number")]
    [InlineData("""{"name":"m","histogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"5","count":1,"bucketCounts":[1,2],"explicitBounds":[1,2]}]}}""", "resource 0, scope 0, metric 0, point 0 (m): 2 bounds need 3 buckets, 2 came")]
    [InlineData("""{"name":"m","histogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"5","count":1,"bucketCounts":[1,2,3],"explicitBounds":[2,1]}]}}""", "resource 0, scope 0, metric 0, point 0 (m): its bounds do not ascend")]
    [InlineData("""{"name":"m","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"5","count":1,"scale":900}]}}""", "resource 0, scope 0, metric 0, point 0 (m): its scale 900 is not one from -11 to 20")]
    public void Points_that_cannot_be_used_are_rejected_and_told(string metric, string reason)
    {
        var result = OtlpJsonMetricsDecoder.Decode(Encoding.UTF8.GetBytes($$"""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{{metric}}]}]}]}"""));

        Assert.Equal((1, reason), (result.RejectedCount, result.FirstReason));
    }

    [Fact]
    public void Too_many_buckets_and_too_many_points()
    {
        var buckets = string.Join(',', Enumerable.Repeat("1", OtlpLimits.MaxBuckets + 100));
        var points = string.Join(',', Enumerable.Repeat("""{"timeUnixNano":"5"}""", OtlpLimits.MaxDataPoints + 1));

        Assert.Equal("resource 0, scope 0, metric 0, point 0 (m): it has more than 4096 buckets",
            OtlpJsonMetricsDecoder.Decode(Encoding.UTF8.GetBytes($$$"""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"5","positive":{"bucketCounts":[{{{buckets}}}]}}]}}]}]}]}""")).FirstReason);
        Assert.Equal("OTLP metrics request (JSON): there are more than 200000 data points. Send them in several requests.",
            Assert.Throws<PayloadException>(() => OtlpJsonMetricsDecoder.Decode(Encoding.UTF8.GetBytes($$$"""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{{{points}}}]}}]}]}]}"""))).Message);
    }

    [Fact]
    public void What_is_no_such_request_is_refused_with_its_place()
    {
        Assert.Equal("OTLP metrics request (JSON), byte 68 in resource 0, scope 0, metric 0: a text is expected, not a number. Send one whole ExportMetricsServiceRequest in OTLP's JSON; protobuf bodies need Content-Type: application/x-protobuf.",
            Assert.Throws<PayloadException>(() => OtlpJsonMetricsDecoder.Decode("""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{},"name":5}]}]}]}"""u8)).Message);
        Assert.Equal("OTLP metrics request (protobuf), byte 3 in resource 0: a length of 9 bytes is declared, but only 1 remain. Send one whole ExportMetricsServiceRequest; if this came through a proxy, see whether it cut or changed the body.",
            Assert.Throws<PayloadException>(() => OtlpProtobufMetricsDecoder.Decode([0x0A, 0x03, 0x12, 0x09, 0x61])).Message);
    }

    [Theory]
    [InlineData("node-otel-grpc")]
    [InlineData("node-otel-http-json")]
    [InlineData("node-otel-http-protobuf")]
    public void Every_recorded_point_of_a_real_client_is_read(string client)
    {
        var points = 0;
        foreach (var request in Recorded.Of(client).Where(request => request.IsMetrics))
        {
            var result = request.IsJson ? OtlpJsonMetricsDecoder.Decode(request.Body) : OtlpProtobufMetricsDecoder.Decode(request.Body);
            Assert.Equal((0L, OtlpCounts.CountMetrics(request.Body, request.IsJson)), (result.RejectedCount, (long)result.Points.Count));
            Assert.All(result.Points, point => Assert.Contains(point.Tags, tag => tag.StartsWith("service:", StringComparison.Ordinal)));
            points += result.Points.Count;
        }
        Assert.True(points > 10, $"{points} points were recorded");
    }
}
