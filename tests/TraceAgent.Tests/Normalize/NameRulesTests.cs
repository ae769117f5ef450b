using System.Text;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Normalize;

/// <summary>The vectors of trace-intake §2.8 and §2.9.</summary>
public class NameRulesTests
{
    [Theory]
    [InlineData("#test_starting_hash", "test_starting_hash")]
    [InlineData("TestCAPSandSuch", "testcapsandsuch")]
    [InlineData("Test Conversion Of Weird !@#$%^&**() Characters", "test_conversion_of_weird_characters")]
    [InlineData("$#weird_starting", "weird_starting")]
    [InlineData("allowed:c0l0ns", "allowed:c0l0ns")]
    [InlineData("1love", "love")]
    [InlineData("ünicöde", "ünicöde")]
    [InlineData("ünicöde:metäl", "ünicöde:metäl")]
    [InlineData("Data🐨dog🐶 繋がっ⛰てて", "data_dog_繋がっ_てて")]
    [InlineData(" spaces   ", "spaces")]
    [InlineData(" #hashtag!@#spaces #__<>#  ", "hashtag_spaces")]
    [InlineData(":testing", ":testing")]
    [InlineData("_foo", "foo")]
    [InlineData(":::test", ":::test")]
    [InlineData("contiguous_____underscores", "contiguous_underscores")]
    [InlineData("foo_", "foo")]
    [InlineData("\u017Fodd_\u017Fcase\u017F", "\u017Fodd_\u017Fcase\u017F")]
    [InlineData("", "")]
    [InlineData(" ", "")]
    [InlineData("ok", "ok")]
    [InlineData("™Ö™Ö™™Ö™", "ö_ö_ö")]
    [InlineData("AlsO:ök", "also:ök")]
    [InlineData(":still_ok", ":still_ok")]
    [InlineData("___trim", "trim")]
    [InlineData("12.:trim@", ":trim")]
    [InlineData("12.:trim@@", ":trim")]
    [InlineData("fun:ky__tag/1", "fun:ky_tag/1")]
    [InlineData("fun:ky@tag/2", "fun:ky_tag/2")]
    [InlineData("fun:ky@@@tag/3", "fun:ky_tag/3")]
    [InlineData("tag:1/2.3", "tag:1/2.3")]
    [InlineData("---fun:k####y_ta@#g/1_@@#", "fun:k_y_ta_g/1")]
    [InlineData("AlsO:œ#@ö))œk", "also:œ_ö_œk")]
    [InlineData("a\uFFFD", "a")]
    [InlineData("a\uFFFD\uFFFD", "a")]
    [InlineData("a\uFFFD\uFFFDb", "a_b")]
    public void Tags(string input, string expected) => Assert.Equal(expected, Text(NameRules.Tag(Encoding.UTF8.GetBytes(input))));

    [Fact]
    public void Undecodable_bytes_in_a_tag_are_one_illegal_run()
    {
        Assert.Equal("test_aaa", Text(NameRules.Tag([.. "test"u8, 0x99, 0x8F, .. "aaa"u8])));
        Assert.Equal("test", Text(NameRules.Tag([.. "test"u8, 0x99, 0x8F])));
    }

    [Fact]
    public void A_long_tag_is_cut_at_two_hundred_characters_or_four_hundred_bytes()
    {
        Assert.Equal(new string('a', 200), Text(NameRules.Tag(Encoding.UTF8.GetBytes(new string('a', 888)))));
        Assert.Equal("a", Text(NameRules.Tag(Encoding.UTF8.GetBytes("a" + string.Concat(Enumerable.Repeat("🐶", 799)) + "b"))));
        Assert.Equal("a" + new string('0', 197) + "_0", Text(NameRules.Tag(Encoding.UTF8.GetBytes("A" + new string('0', 197) + " " + new string('0', 12)))));
    }

    [Theory]
    [InlineData("good", "good")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("127.site.platform-db-replica1", "127.site.platform-db-replica1")]
    [InlineData("hyphenated-service-name", "hyphenated-service-name")]
    [InlineData("🐨animal-db🐶", "_animal-db")]
    [InlineData("🐨1animal-db🐶", "_1animal-db")]
    [InlineData("1🐨1animal-db🐶", "1_1animal-db")]
    [InlineData("bad$service", "bad_service")]
    [InlineData("bad&service", "bad_service")]
    [InlineData("retargeting(api-Staging ", "retargeting_api-staging")]
    [InlineData("test ww w@", "test_ww_w")]
    [InlineData("test@ww", "test_ww")]
    [InlineData("123DEVELOPMENT", "123development")]
    [InlineData("", "")]
    public void Services_and_environments(string input, string expected) => Assert.Equal(expected, Text(NameRules.Service(Encoding.UTF8.GetBytes(input))));

    [Fact]
    public void A_long_service_is_cut_first() =>
        Assert.Equal(string.Concat(Enumerable.Repeat("too_long_.", 10)), Text(NameRules.Service(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Too$Long$.", 11))))));

    [Theory]
    [InlineData("", "unnamed-service")]
    [InlineData("java", "unnamed-java-service")]
    [InlineData("python", "unnamed-python-service")]
    public void A_service_without_a_name_gets_one(string language, string expected) => Assert.Equal(expected, NameRules.FallbackService(language));

    [Theory]
    [InlineData("", "unnamed_operation")]
    [InlineData("good", "good")]
    [InlineData("last.underscore_trunc_", "last.underscore_trunc")]
    [InlineData("last.double_underscore_trunc__", "last.double_underscore_trunc")]
    [InlineData("double..point", "double..point")]
    [InlineData("other_^.character^^_than_underscore", "other.character_than_underscore")]
    [InlineData("bad-name", "bad_name")]
    [InlineData("^^_.non_alpha.prefix", "non_alpha.prefix")]
    [InlineData("_", "unnamed_operation")]
    [InlineData("&***", "unnamed_operation")]
    [InlineData("&&&&&&&_test-name-", "test_name")]
    [InlineData("/", "unnamed_operation")]
    [InlineData("pylons.controller", "pylons.controller")]
    [InlineData("trace-api.request", "trace_api.request")]
    [InlineData("!@#$%^&*()_+", "unnamed_operation")]
    [InlineData("valid_name", "valid_name")]
    public void Operation_names(string input, string expected) => Assert.Equal(expected, Text(NameRules.OperationName(Encoding.UTF8.GetBytes(input))));

    [Fact]
    public void A_long_operation_name_is_cut_first() =>
        Assert.Equal(string.Concat(Enumerable.Repeat("Too_Long.", 10)), Text(NameRules.OperationName(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Too-Long-.", 11))))));

    [Theory]
    [InlineData("", 5, "")]
    [InlineData("télé", 5, "tél")]
    [InlineData("télé", 2, "t")]
    [InlineData("ééééé", 5, "éé")]
    [InlineData("ééééé", 6, "ééé")]
    [InlineData("ééééé", 10, "ééééé")]
    [InlineData("ééééé", 18, "ééééé")]
    [InlineData("肋", 2, "")]
    [InlineData("🠠a", 4, "🠠")]
    [InlineData("àa", 2, "à")]
    public void A_cut_keeps_whole_characters(string input, int maxBytes, string expected) => Assert.Equal(expected, Text(NameRules.Cut(Encoding.UTF8.GetBytes(input), maxBytes)));

    static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
