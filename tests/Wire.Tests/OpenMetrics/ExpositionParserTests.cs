using System.Globalization;
using System.Text;
using Apm.Core;
using Apm.Wire.OpenMetrics;
using CsCheck;

namespace Apm.Wire.Tests.OpenMetrics;

public class ExpositionParserTests
{
    static IReadOnlyList<ExpositionFamily> Parse(string text, bool isOpenMetrics = false) => ExpositionParser.Parse(Encoding.UTF8.GetBytes(text), isOpenMetrics);

    static string Draw(IReadOnlyList<ExpositionFamily> families) => string.Join('\n', families.SelectMany(family => family.Samples
        .Select(sample => string.Create(CultureInfo.InvariantCulture, $"  {sample.Name} [{string.Join(' ', sample.Labels.Select(label => $"{label.Key}={label.Value}"))}] {sample.Value}"))
        .Prepend($"{family.Type} {family.Name}{(family.Unit.Length > 0 ? $" in {family.Unit}" : "")}{(family.Help.Length > 0 ? $": {family.Help}" : "")}")));

    [Fact]
    public void A_text_in_the_old_format() => Assert.Equal("""
        Counter http_requests_total: Requests that were answered.
          http_requests_total [method=post code=200] 1027
          http_requests_total [method=post code=400] 3
        Unknown msdos_file_access_time_seconds
          msdos_file_access_time_seconds [path=C:\DIR\FILE.TXT error=Cannot find file:
        "FILE.TXT"] 1458255915
        Unknown metric_without_timestamp_and_labels
          metric_without_timestamp_and_labels [] 12.47
        Unknown something_weird
          something_weird [problem=division by zero] Infinity
        Histogram http_request_duration_seconds: A histogram.
          http_request_duration_seconds_bucket [le=0.05] 24054
          http_request_duration_seconds_bucket [le=+Inf] 144320
          http_request_duration_seconds_sum [] 53423
          http_request_duration_seconds_count [] 144320
        Summary rpc_duration_seconds
          rpc_duration_seconds [quantile=0.5] 4773
          rpc_duration_seconds_sum [] 17560473
          rpc_duration_seconds_count [] 2693
        """, Draw(Parse("""
        # HELP http_requests_total Requests that were answered.
        # TYPE http_requests_total counter
        http_requests_total{method="post",code="200"} 1027 1395066363000
        http_requests_total{method="post",code="400",}    3 1395066363000

        # Some comment, and one that is not quite a TYPE line:
        #TYPE nothing counter
        msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9
        metric_without_timestamp_and_labels 12.47
        something_weird{problem="division by zero"} +Inf -3982045
        # HELP http_request_duration_seconds A histogram.
        # TYPE http_request_duration_seconds histogram
        http_request_duration_seconds_bucket{le="0.05"} 24054
        http_request_duration_seconds_bucket{le="+Inf"} 144320
        http_request_duration_seconds_sum 53423
        http_request_duration_seconds_count 144320
        # TYPE rpc_duration_seconds summary
        rpc_duration_seconds{quantile="0.5"} 4773
        rpc_duration_seconds_sum 1.7560473e+07
        rpc_duration_seconds_count 2693
        """)));

    [Fact]
    public void A_text_in_OpenMetrics() => Assert.Equal("""
        Counter foo in seconds: Time spent.
          foo_total [] 17
          foo_created [] 1520872607.123
        Info build
          build_info [version=8.2.7] 1
        StateSet feature
          feature [feature=a] 1
        GaugeHistogram queue
          queue_bucket [le=1.0] 4
          queue_gcount [] 4
          queue_gsum [] 2
        Histogram took
          took_bucket [le=0.01] 1
        Unknown my.dotted
          my.dotted [a b=x] 1
        """, Draw(Parse("""
        # TYPE foo counter
        # UNIT foo seconds
        # HELP foo Time spent.
        foo_total 17.0 1520879607.789 # {trace_id="abc"} 0.5 1520879607
        foo_created 1520872607.123
        # TYPE build info
        build_info{version="8.2.7"} 1
        # TYPE feature stateset
        feature{feature="a"} 1
        # TYPE queue gaugehistogram
        queue_bucket{le="1.0"} 4
        queue_gcount 4
        queue_gsum 2
        # TYPE took histogram
        took_bucket{le="0.01"} 1 # {} 0.003
        {"my.dotted","a b"="x"} 1
        # EOF

        """, isOpenMetrics: true)));

    [Theory]
    [InlineData("a 1 2 3", "Metrics text, line 1, column 7: `3` follows the sample; a sample is: name{label=\"value\"} number, and perhaps a time. The line: a 1 2 3")]
    [InlineData("ok 1\na{b=\"c} 1", "Metrics text, line 2, column 5: the value of `b` has no closing quote; a quote within it is written \\\", a line break \\n. The line: a{b=\"c} 1")]
    [InlineData("a{b=c} 1", "Metrics text, line 1, column 5: the value of `b` is not in quotes; write b=\"value\". The line: a{b=c} 1")]
    [InlineData("a{b} 1", "Metrics text, line 1, column 4: `=` is missing after `b`; write label=\"value\". The line: a{b} 1")]
    [InlineData("a{b=\"1\" c=\"2\"} 1", "Metrics text, line 1, column 9: `c` between two labels; labels are set apart by commas. The line: a{b=\"1\" c=\"2\"} 1")]
    [InlineData("a{b=\"1\",b=\"2\"} 1", "Metrics text, line 1, column 14: the label `b` stands twice; each label may stand once in a sample. The line: a{b=\"1\",b=\"2\"} 1")]
    [InlineData("a{b=\"\\d\"} 1", "Metrics text, line 1, column 8: `\\d` in the value of `b`; there are \\\\, \\\" and \\n. The line: a{b=\"\\d\"} 1")]
    [InlineData("a{b=\"1\"", "Metrics text, line 1, column 8: the braces do not close; labels stand between { and }. The line: a{b=\"1\"")]
    [InlineData("a", "Metrics text, line 1, column 2: a value is missing; numbers are such as 12, 0.5, 1e9, +Inf and NaN. The line: a")]
    [InlineData("a one", "Metrics text, line 1, column 3: `one` is not a value; numbers are such as 12, 0.5, 1e9, +Inf and NaN. The line: a one")]
    [InlineData("a 0x1p4", "Metrics text, line 1, column 3: `0x1p4` is not a value; numbers are such as 12, 0.5, 1e9, +Inf and NaN. The line: a 0x1p4")]
    [InlineData("a 1,5", "Metrics text, line 1, column 3: `1,5` is not a value; numbers are such as 12, 0.5, 1e9, +Inf and NaN. The line: a 1,5")]
    [InlineData("9a 1", "Metrics text, line 1, column 1: the name of a metric is expected, not `9a 1`; names are of letters, digits (not first), `_`, and `:` in those of metrics. The line: 9a 1")]
    [InlineData("{a=\"b\"} 1", "Metrics text, line 1, column 8: no name of a metric; a name that is not made of letters, digits, `_` and `:` stands in quotes, first in the braces. The line: {a=\"b\"} 1")]
    [InlineData("# TYPE a nonsense", "Metrics text, line 1, column 10: `nonsense` is no type of a metric; there are counter, gauge, histogram, summary, gaugehistogram, info, stateset, untyped and unknown. The line: # TYPE a nonsense")]
    [InlineData("# TYPE a gauge\n# TYPE a counter", "Metrics text, line 2, column 10: `a` has a second # TYPE line; a family has one, before its samples. The line: # TYPE a counter")]
    [InlineData("a 1\n# TYPE a counter", "Metrics text, line 2, column 10: the # TYPE line of `a` stands after samples of it; it must stand before them. The line: # TYPE a counter")]
    [InlineData("<html><body>Hello</body></html>", "Metrics text, line 1, column 1: the name of a metric is expected, not `<html><body>Hello</body></html>`; names are of letters, digits (not first), `_`, and `:` in those of metrics. The line: <html><body>Hello</body></html>")]
    public void A_line_that_breaks_the_rules_is_named(string text, string sentence) => Assert.Equal(sentence, Assert.Throws<PayloadException>(() => Parse(text)).Message);

    [Theory]
    [InlineData("a 1\n", "Metrics text, line 2: it ends without `# EOF`, so a part may be missing. The program, or a proxy before it, cut the answer off.")]
    [InlineData("# EOF\na 1\n", "Metrics text, line 2: there is more after `# EOF`. Nothing may follow it.")]
    [InlineData("a 1 # no\n# EOF", "Metrics text, line 1, column 7: an exemplar without labels; an exemplar is: # {trace_id=\"…\"} number, and perhaps a time. The line: a 1 # no")]
    public void OpenMetrics_has_an_end(string text, string sentence) => Assert.Equal(sentence, Assert.Throws<PayloadException>(() => Parse(text, isOpenMetrics: true)).Message);

    [Theory]
    [InlineData("NaN", double.NaN)]
    [InlineData("nan", double.NaN)]
    [InlineData("+Inf", double.PositiveInfinity)]
    [InlineData("-inf", double.NegativeInfinity)]
    [InlineData("1e400", double.PositiveInfinity)]
    [InlineData("-0", -0.0)]
    [InlineData(".5", 0.5)]
    [InlineData("1E-3", 0.001)]
    [InlineData("18446744073709551615", 18446744073709551615.0)]
    public void Numbers(string text, double value) => Assert.Equal(value, Parse($"a {text}")[0].Samples[0].Value);

    [Fact]
    public void Bytes_that_are_no_text_are_refused() =>
        Assert.Equal("Metrics text, line 2, byte 3: it is not UTF-8. Have the program escape or drop such values.", Assert.Throws<PayloadException>(() => ExpositionParser.Parse([0x0a, 0x61, 0x20, 0xff, 0xfe], false)).Message);

    [Fact]
    public void Too_many_samples_are_refused_with_the_name_of_the_guilty_family()
    {
        var text = new StringBuilder("ok 1\n");
        for (var i = 0; i < ExpositionParser.MaxSamples; i++) text.Append(CultureInfo.InvariantCulture, $"requests{{id=\"{i}\"}} 1\n");

        Assert.Equal("The metrics text has more than 100,000 samples; `requests` alone has 100,000 so far. A label of it has too many values: have the program drop that label.", Assert.Throws<PayloadException>(() => Parse(text.ToString())).Message);
    }

    [Fact]
    public void Lines_that_are_filtered_are_not_read() => Assert.Equal(["b"], ExpositionParser.Parse("broken{ 1\nb 2"u8, false, line => !line.StartsWith("broken", StringComparison.Ordinal)).Select(family => family.Name));

    [Fact]
    public void Line_ends_of_Windows_and_blanks_are_borne() => Assert.Equal("Unknown a\n  a [b=c] 1", Draw(Parse("\r\n\t\r\n  a\t{ b = \"c\" , } \t1\t\r\n")));

    [Fact]
    public void Chance_finds_no_text_that_does_worse_than_be_refused()
    {
        string[] words = ["a", "_b:1", "{", "}", "\"", "=", ",", "\\", "\\n", " ", "\t", "\n", "\r", "#", "# TYPE ", "# HELP ", "# UNIT ", "# EOF", "counter", "histogram", "_total", "_bucket", "1", "1e9", "+Inf", "NaN", "-", ".", "é", "\0"];
        var parts = Gen.Int[0, words.Length - 1].Select(at => words[at]);
        Gen.Select(parts.Array[0, 40], Gen.Bool).Sample((line, isOpenMetrics) =>
        {
            try
            {
                Parse(string.Concat(line), isOpenMetrics);
            }
            catch (PayloadException fault)
            {
                Assert.NotEmpty(fault.Message);
            }
        }, iter: 20_000);
    }

    [Fact]
    public void Random_bytes_only_ever_are_refused() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        try
        {
            ExpositionParser.Parse(bytes, false);
        }
        catch (PayloadException)
        {
            // As it should be.
        }
    }, iter: 20_000);

    [Fact]
    public void Whatever_labels_hold_comes_back() => Gen.Select(Gen.String, Gen.Double).Sample((label, value) =>
    {
        if (!label.All(sign => !char.IsSurrogate(sign))) return;
        var escaped = label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        var number = double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

        var sample = Parse($"a{{l=\"{escaped}\"}} {number}")[0].Samples[0];

        Assert.Equal((label, value), (sample.LabelOf("l"), sample.Value));
    });
}
