using Apm.Core.Ids;

namespace Apm.Core.Tests.Ids;

public class IdReadingsTests
{
    [Theory]
    //          text                                  the traces it may name
    [InlineData("18286313001",                        "0000018286313001 0000000441f2fe29")] // Datadog's API prints 64-bit ids so.
    [InlineData("12345678901234567",                  "00000000000000012345678901234567 002bdc545d6b4b87")]
    [InlineData("1828631300112345",                   "1828631300112345 00067f2167117fd9")]
    [InlineData("0000018286313001",                   "0000018286313001")] // A decimal number does not begin with 0.
    [InlineData("0x18286313001",                      "0000018286313001")]
    [InlineData("7",                                  "0000000000000007")]
    [InlineData("6a1f00000000000000000000000000c2",   "6a1f00000000000000000000000000c2")]
    [InlineData(" abc ",                              "0000000000000abc")]
    [InlineData("0",                                  "")]
    [InlineData("xyz",                                "")]
    [InlineData("",                                   "")]
    public void Digits_that_may_be_hex_or_decimal_name_both(string text, string ids) =>
        Assert.Equal(ids, string.Join(' ', TraceId.Readings(text)));

    [Theory]
    [InlineData("18286313005",          "0000018286313005 0000000441f2fe2d")]
    [InlineData("18446744073709551615", "ffffffffffffffff")]
    [InlineData("00000000000000a1",     "00000000000000a1")]
    [InlineData("0",                    "0000000000000000")] // The parent of a root.
    [InlineData("18446744073709551616", "")]
    [InlineData("-1",                   "")]
    public void Spans_likewise(string text, string ids) =>
        Assert.Equal(ids, string.Join(' ', SpanId.Readings(text)));
}
