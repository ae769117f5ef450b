using System.Text;
using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Tests.Obfuscate;

public class JsonObfuscatorTests
{
    /// <summary>The first two are the vectors of trace-intake §5.4.</summary>
    [Theory]
    [InlineData("""{"role": "database"}""", """{"role":"?"}""")]
    [InlineData("""{"size":2,"_source":["title"]}""", """{"size":"?","_source":["?"]}""")]
    [InlineData("""{ "a" : [ 1, -2.5e3, true, false, null, {} , [] ], "b\"c" : "d\"e" }""", """{"a":["?","?","?","?","?",{},[]],"b\"c":"?"}""")]
    [InlineData("{\"index\":{\"_id\":1}}\n{\"name\":\"x\"}\n", """{"index":{"_id":"?"}}{"name":"?"}""")]
    [InlineData("\"alone\"", "\"?\"")]
    [InlineData("", "")]
    [InlineData("find", "...")]
    [InlineData("""{"a":"cut off""", """{"a":...""")]
    [InlineData("""{"a":1,""", """{"a":"?",...""")]
    [InlineData("""{"a":1]""", """{"a":"?"...""")]
    [InlineData("""{"a":{"b":1}""", """{"a":{"b":"?"}...""")]
    [InlineData("""{"a" 1}""", """{"a"...""")]
    [InlineData("""[1,]""", """["?",...""")]
    [InlineData("""{"a":secret}""", """{"a":...""")]
    public void Values_go_and_the_shape_stays(string json, string expected) => Assert.Equal(expected, Made(new JsonObfuscationSettings(), json));

    [Theory]
    [InlineData("""{"keep":{"a":[1,"x"]},"b":{"keep":"y","c":"z"},"d":1}""", """{"keep":{"a":[1,"x"]},"b":{"keep":"y","c":"?"},"d":"?"}""")]
    [InlineData("""{"keep":[ ],"b":2}""", """{"keep":[],"b":"?"}""")]
    public void Named_keys_keep_their_values(string json, string expected) => Assert.Equal(expected, Made(new JsonObfuscationSettings { KeepValues = ["keep"] }, json));

    [Theory]
    [InlineData("""{"query":"SELECT \"a\" FROM b WHERE c = 'd'","e":"f"}""", """{"query":"SELECT a FROM b WHERE c = ?","e":"?"}""")]
    [InlineData("""{"query":"it's"}""", """{"query":"Non-parsable SQL query"}""")]
    [InlineData("""{"query":"\ud800 secret"}""", """{"query":"?"}""")]
    [InlineData("""{"query":7}""", """{"query":"?"}""")]
    public void Statements_in_named_keys_are_read_as_SQL(string json, string expected) => Assert.Equal(expected, Made(new JsonObfuscationSettings { ObfuscateSqlValues = ["query"] }, json));

    [Fact]
    public void Very_deep_nesting_ends_in_dots()
    {
        var result = Made(new JsonObfuscationSettings(), new string('[', 100_000));

        Assert.Equal(new string('[', JsonObfuscator.MaxDepth) + "...", result);
    }

    [Fact]
    public void Any_text_gives_a_result_that_stays_in_bounds()
    {
        string[] pieces = ["{", "}", "[", "]", ":", ",", "\"", "\"a\"", "\\", "1", "true", "nul", " ", "\n", "\"keep\":", "\"sql\":", "\"x'\"", "\u0001", "é"];
        var obfuscator = new JsonObfuscator(new JsonObfuscationSettings { KeepValues = ["keep"], ObfuscateSqlValues = ["sql"] }, 1_000);
        for (var seed = 0; seed < 20_000; seed++)
        {
            var chance = new Random(seed);
            var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, chance.Next(50)).Select(_ => pieces[chance.Next(pieces.Length)])));
            var output = new BoundedText(2_000);
            obfuscator.Obfuscate(bytes, output);
            Assert.True(output.Length <= (30 * bytes.Length) + 3, $"Seed {seed}");
        }
    }

    static string Made(JsonObfuscationSettings settings, string json)
    {
        var output = new BoundedText(32_768);
        new JsonObfuscator(settings, 32_768).Obfuscate(Encoding.UTF8.GetBytes(json), output);
        return Encoding.UTF8.GetString(output.Written);
    }
}
