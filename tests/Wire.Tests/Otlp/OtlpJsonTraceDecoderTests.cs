using System.Text;
using Apm.Core;
using Apm.TestKit;
using Apm.Wire.Otlp;

namespace Apm.Wire.Tests.Otlp;

public class OtlpJsonTraceDecoderTests
{
    [Fact]
    public void A_scope_behind_its_spans_and_a_resource_behind_its_scopes_are_found()
    {
        var span = OtlpGolden.DecodeJson("""
            {"resourceSpans":[{
              "scopeSpans":[{"spans":[{"kind":"SPAN_KIND_SERVER","spanId":"EEE19B7EC3C1B174","traceId":"5B8EFFF798038103D269B633813FC60C","parentSpanId":"",
                "startTimeUnixNano":"1700000000000000000","endTimeUnixNano":1700000000001000000,"name":"GET /","status":{"code":"STATUS_CODE_ERROR"},
                "attributes":[{"value":{"intValue":"200"},"key":"http.response.status_code"}]}],"scope":{"name":"lib"}}],
              "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]}}]}
            """u8).SpanAt(0);
        var fromProtobuf = OtlpGolden.Decode(OtlpGolden.Request).SpanAt(0);
        Assert.Equal(fromProtobuf.Tags.OrderBy(t => t.Key), span.Tags.OrderBy(t => t.Key));
        Assert.Equal(fromProtobuf.Numbers, span.Numbers);
        Assert.Equal(fromProtobuf with { Tags = span.Tags, Numbers = span.Numbers }, span);
    }

    [Theory]
    [InlineData("0", false)]
    [InlineData("257", false)]
    [InlineData("512", false)]
    [InlineData("769", true)]
    [InlineData("\"769\"", true)]
    public void A_span_whose_exporter_says_that_its_parent_is_of_another_process_is_top_level(string flags, bool expected)
    {
        var span = OtlpGolden.DecodeJson(Encoding.UTF8.GetBytes($$$"""{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"EEE19B7EC3C1B175","flags":{{{flags}}}}]}]}]}""")).SpanAt(0);

        Assert.Equal(expected, span.IsTopLevel);
    }

    [Theory]
    [InlineData("""[]""", "byte 0: an object is expected, not an array")]
    [InlineData("""{"resourceSpans":[{"resource":{"attributes":[{"key":"x","value":{"intValue":"ten"}}]}}]}""",
        "byte 76 in resource 0, attribute \"x\": a whole number of 64 bits is expected")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"l"},"spans":[{},{"name":5}]}]}]}""",
        "byte 75 in resource 0, scope 0, span 1: a text is expected, not a number")]
    [InlineData("""{"resourceSpans":[}""", "byte 18: this is not JSON: '}' is an invalid start of a value")]
    public void A_wrong_body_says_where(string body, string what)
    {
        var error = Assert.Throws<PayloadException>(() => OtlpGolden.DecodeJson(Encoding.UTF8.GetBytes(body)));
        Assert.Equal(
            $"OTLP trace request (JSON), {what}. " +
            "Send one whole ExportTraceServiceRequest in OTLP's JSON; protobuf bodies need Content-Type: application/x-protobuf.", error.Message);
    }
}
