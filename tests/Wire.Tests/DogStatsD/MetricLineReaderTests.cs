using System.Text;
using Apm.Wire.DogStatsD;

namespace Apm.Wire.Tests.DogStatsD;

/// <summary>The vectors of metrics-monitors §2.3, and what clients do besides.</summary>
public class MetricLineReaderTests
{
    const string Id64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    //          line                                          read as
    [InlineData("daemon:666|g",                               "daemon = 666 | Gauge")]
    [InlineData("daemon:666:777|g",                           "daemon = 666, 777 | Gauge")]
    [InlineData("daemon:21|c",                                "daemon = 21 | Counter")]
    [InlineData("daemon:21::22|c",                            "daemon = 21, 22 | Counter")]
    [InlineData("web.hits:1|c|#protocol:http,bench",          "web.hits = 1 | Counter | #protocol:http #bench")]
    [InlineData("daemon:21|h",                                "daemon = 21 | Histogram")]
    [InlineData("daemon:21:22|ms",                            "daemon = 21, 22 | Timer")]
    [InlineData("daemon:abc|s",                               "daemon = \"abc\" | Set")]
    [InlineData("daemon:abc:def|s",                           "daemon = \"abc:def\" | Set")]
    [InlineData("daemon:3.5|d",                               "daemon = 3.5 | Distribution")]
    [InlineData("daemon:3.5:4.5|d",                           "daemon = 3.5, 4.5 | Distribution")]
    [InlineData("daemon:666|g|#tag1:é,tag2",                  "daemon = 666 | Gauge | #tag1:é #tag2")]
    [InlineData("daemon:666|g|#",                             "daemon = 666 | Gauge")]
    [InlineData("daemon:666|g|@0.21",                         "daemon = 666 | Gauge | rate 0.21")]
    [InlineData("daemon:666|g|m:test",                        "daemon = 666 | Gauge")]
    [InlineData("metric:1234|g|#onetag|T1657100430",          "metric = 1234 | Gauge | #onetag | time 1657100430")]
    [InlineData("metric:1234|g|@0.21|T1657100540|#thereisatag", "metric = 1234 | Gauge | rate 0.21 | #thereisatag | time 1657100540")]
    [InlineData("metric:1234|g|c:1234567890abcdef",           "metric = 1234 | Gauge | container 1234567890abcdef")]
    [InlineData($"example.metric:2.39283|d|T1657100540|@1.000000|#environment:dev|c:{Id64}|f:x|f2:y", $"example.metric = 2.39283 | Distribution | #environment:dev | time 1657100540 | container {Id64}")]
    // Beyond the vectors: the last of a repeated field counts, and so do signs, exponents and what is no finite number.
    [InlineData("a:1|c|#x|#y|@0.5|@0.25",                     "a = 1 | Counter | rate 0.25 | #y")]
    [InlineData("a:+3|g",                                     "a = 3 | Gauge")]
    [InlineData("a:-1.5e3|g",                                 "a = -1500 | Gauge")]
    [InlineData("a:.5:5.|g",                                  "a = 0.5, 5 | Gauge")]
    [InlineData("a:inf:-Infinity:NaN|g",                      "a = Infinity, -Infinity, NaN | Gauge")]
    [InlineData("a:1||c|g",                                   "rejected: Line \"a:1||c|g\", byte 5: the type is empty. Write one of g, c, h, d, ms, s behind the \"|\", as in page.views:1|c.")]
    [InlineData("a:1|c||e:it-false,cn-app|card:low",          "a = 1 | Counter | external it-false,cn-app | cardinality low")]
    public void Read_as_the_vectors_say(string line, string expected) => Assert.Equal(expected, LineDrawing.Draw(line));

    [Theory]
    //          line                       byte and reason
    [InlineData("daemon:666",              "byte 11: no \"|\" with a type follows. Write name:value|type, as in daemon:666|g; types are g, c, h, d, ms, s.")]
    [InlineData("nonsense",                "byte 9: no \"|\" with a type follows. Write name:value|type, as in page.views:1|c; types are g, c, h, d, ms, s.")]
    [InlineData("daemon:666|",             "byte 12: the type is empty. Write one of g, c, h, d, ms, s behind the \"|\", as in page.views:1|c.")]
    [InlineData("daemon:|g",               "byte 8: no value stands between \":\" and \"|\". Write name:value|type, as in page.views:1|c.")]
    [InlineData("daemon:::|g",             "byte 8: no value stands between \":\" and \"|\". Write name:value|type, as in page.views:1|c.")]
    [InlineData(":666|g",                  "byte 1: the name before the \":\" is empty. Write name:value|type, as in page.views:1|c.")]
    [InlineData("abc666|g",                "byte 1: no \":\" stands before the first \"|\", so that name and value cannot be told apart. Write name:value|type, as in page.views:1|c.")]
    [InlineData("daemon:abc|g",            "byte 8: \"abc\" is no number. Write a decimal such as 3.5; texts can be counted as a set (type s).")]
    [InlineData("daemon:1:abc:2|g",        "byte 10: \"abc\" is no number. Write a decimal such as 3.5; texts can be counted as a set (type s).")]
    [InlineData("daemon:666|unknown",      "byte 12: \"unknown\" is no type. Write g (gauge), c (counter), h (histogram), d (distribution), ms (milliseconds) or s (set).")]
    [InlineData("daemon:666|g|@abc",       "byte 14: \"@abc\" is no sample rate. Write a number above 0, as in @0.5 when every second sample is sent, or leave it out.")]
    [InlineData("daemon:666|c|@0",         "byte 14: \"@0\" is no sample rate. Write a number above 0, as in @0.5 when every second sample is sent, or leave it out.")]
    [InlineData("daemon:666|c|@nan",       "byte 14: \"@nan\" is no sample rate. Write a number above 0, as in @0.5 when every second sample is sent, or leave it out.")]
    [InlineData("metric:1234|g|#onetag|TABCD", "byte 23: \"TABCD\" is no time. Write T and whole seconds since 1970, as in T1657100430, or leave it out.")]
    [InlineData("metric:1234|g|#onetag|T", "byte 23: \"T\" is no time. Write T and whole seconds since 1970, as in T1657100430, or leave it out.")]
    [InlineData("metric:1234|g|#onetag|T-102348932", "byte 23: \"T-102348932\" is no time. Write T and whole seconds since 1970, as in T1657100430, or leave it out.")]
    [InlineData("metric:1234|g|T0",        "byte 15: \"T0\" is no time. Write T and whole seconds since 1970, as in T1657100430, or leave it out.")]
    public void Rejected_with_the_place_the_reason_and_the_cure(string line, string expected) => Assert.Equal($"rejected: Line \"{line}\", {expected}", LineDrawing.Draw(line));

    [Fact]
    public void A_timestamp_is_passed_over_when_timestamps_are_not_taken()
    {
        Assert.True(MetricLineReader.TryRead("a:1|g|TABCD"u8, takesTimestamps: false, out var line, out _));
        Assert.Equal(0, line.UnixSeconds);
    }

    [Fact]
    public void A_line_is_shown_cut_with_its_control_characters_visible()
    {
        Assert.Equal("a\\x00b\\x1B[31mc\\x202Ed�", LineText.Visible([(byte)'a', 0, (byte)'b', 0x1B, .. "[31mc\u202Ed"u8, 0xFF]));
        Assert.Equal(new string('x', 200) + "… (100000 bytes)", LineText.Visible(Encoding.UTF8.GetBytes(new string('x', 100_000))));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("0.1")]
    [InlineData("123456789012345")]
    [InlineData("1234567890123456789")]
    [InlineData("0.000000000000001")]
    [InlineData("3.14159265358979")]
    [InlineData("9007199254740993")]
    [InlineData("1e308")]
    [InlineData("4.9e-324")]
    public void A_number_is_the_nearest_double(string text) =>
        Assert.Equal(double.Parse(text, System.Globalization.CultureInfo.InvariantCulture), ReadNumber(text));

    [Fact]
    public void Plain_decimals_are_read_as_the_runtime_reads_them()
    {
        var random = new Random(20261129);
        for (var i = 0; i < 20_000; i++)
        {
            var text = $"{(random.Next(2) == 0 ? "-" : "")}{random.NextInt64((long)Math.Pow(10, random.Next(1, 18)))}.{random.NextInt64((long)Math.Pow(10, random.Next(1, 12)))}";
            var expected = double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(expected.Equals(ReadNumber(text)), text);
        }
    }

    static double ReadNumber(string text)
    {
        Assert.True(MetricLineReader.TryRead(Encoding.UTF8.GetBytes($"a:{text}|g"), takesTimestamps: true, out var line, out var fault), fault.ToString());
        return line.FirstValue;
    }
}
