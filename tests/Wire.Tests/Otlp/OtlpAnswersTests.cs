using System.Text;
using Apm.Wire.Otlp;

namespace Apm.Wire.Tests.Otlp;

public class OtlpAnswersTests
{
    [Fact]
    public void In_json()
    {
        Assert.Equal("{}", Text(OtlpAnswers.Success(isJson: true)));
        Assert.Equal("""{"partialSuccess":{"rejectedSpans":"2","errorMessage":"2 spans were not stored. The first: resource 0: no id."}}""",
            Text(OtlpAnswers.ForTraces(new OtlpDecodeResult(5, 2, "resource 0: no id"), isJson: true)));
        Assert.Equal("{}", Text(OtlpAnswers.ForTraces(new OtlpDecodeResult(5, 0, ""), isJson: true)));
        Assert.Equal("""{"partialSuccess":{"errorMessage":"7 data points were counted, not stored"}}""",
            Text(OtlpAnswers.PartialSuccess(OtlpSignal.Metrics, 0, "7 data points were counted, not stored", isJson: true)));
        Assert.Equal("""{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"x"}}""", Text(OtlpAnswers.PartialSuccess(OtlpSignal.Logs, 1, "x", isJson: true)));
        Assert.Equal("""{"code":3,"message":"byte 5: \"é\" <is> wrong"}""", Text(OtlpAnswers.Status(OtlpAnswers.InvalidArgument, "byte 5: \"é\" <is> wrong", isJson: true)));
    }

    [Fact]
    public void In_protobuf()
    {
        Assert.Empty(OtlpAnswers.Success(isJson: false));
        Assert.Equal("0A0708AC021202 6F6B".Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(OtlpAnswers.PartialSuccess(OtlpSignal.Traces, 300, "ok", isJson: false)));
        Assert.Equal("0A0412026F6B", Convert.ToHexString(OtlpAnswers.PartialSuccess(OtlpSignal.Traces, 0, "ok", isJson: false)));
        Assert.Equal("080312026F6B", Convert.ToHexString(OtlpAnswers.Status(OtlpAnswers.InvalidArgument, "ok", isJson: false)));
    }

    static string Text(byte[] answer) => Encoding.UTF8.GetString(answer);
}
