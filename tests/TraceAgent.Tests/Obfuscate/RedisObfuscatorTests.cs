using System.Text;
using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Tests.Obfuscate;

public class RedisObfuscatorTests
{
    /// <summary>The first eight are the vectors of trace-intake §5.3.</summary>
    [Theory]
    [InlineData("get my_key", "GET")]
    [InlineData("SET k v\nGET k", "SET GET")]
    [InlineData("CONFIG SET parameter value", "CONFIG SET")]
    [InlineData("SET toto tata \n \n  EXPIRE toto 15  ", "SET EXPIRE")]
    [InlineData("MULTI\nSET k1 v1\nSET k2 v2\nSET k3 v3", "MULTI SET SET ...")]
    [InlineData("GET...", "...")]
    [InlineData("GET k...", "GET")]
    [InlineData("GET k1\nDE...\nGET k2", "GET GET")]
    [InlineData("client list", "CLIENT LIST")]
    [InlineData("GET k1\nCONFIG se...", "GET ...")]
    [InlineData("", "")]
    [InlineData("  \n \r\n", "")]
    public void A_resource_names_the_commands(string commands, string expected) =>
        Assert.Equal(expected, Made(output => RedisObfuscator.Quantize(Encoding.UTF8.GetBytes(commands), output)));

    [Theory]
    [InlineData("SET key val", "SET key ?")]
    [InlineData("HSET key field1 value field2 value", "HSET key field1 ? field2 ?")]
    [InlineData("AUTH my-secret", "AUTH ?")]
    [InlineData("AUTH user my-secret", "AUTH ?")]
    [InlineData("set key val EX 10", "set key ? EX 10")]
    [InlineData("SETEX key 10 val", "SETEX key 10 ?")]
    [InlineData("LINSERT key BEFORE pivot val", "LINSERT key BEFORE pivot ?")]
    [InlineData("LPUSH key a b c", "LPUSH key ?")]
    [InlineData("GEOADD key 13.36 38.11 Palermo 15.08 37.50 Catania", "GEOADD key 13.36 38.11 ? 15.08 37.50 ?")]
    [InlineData("MSET k1 v1 k2 v2", "MSET k1 ? k2 ?")]
    [InlineData("CONFIG SET requirepass secret", "CONFIG SET requirepass ?")]
    [InlineData("CONFIG GET maxmemory", "CONFIG GET maxmemory")]
    [InlineData("BITFIELD key SET u8 0 255 GET u4 0", "BITFIELD key SET u8 0 ? GET u4 0")]
    [InlineData("ZADD key NX CH 1 one 2 two", "ZADD key NX CH 1 ? 2 ?")]
    [InlineData("ZADD key", "ZADD key")]
    [InlineData("GET key", "GET key")]
    [InlineData("PING", "PING")]
    [InlineData("SET key \"a \\\" \n b\" EX 1\nGET key", "SET key ? EX 1\nGET key")]
    [InlineData("\n\nSET key val\n", "SET key ?")]
    public void A_raw_command_keeps_its_keys(string commands, string expected) =>
        Assert.Equal(expected, Made(output => RedisObfuscator.Obfuscate(Encoding.UTF8.GetBytes(commands), false, output)));

    [Theory]
    [InlineData("SET key value", "SET ?")]
    [InlineData("BITFIELD key SET key value GET key", "BITFIELD ? SET ? GET ?")]
    [InlineData("CONFIG SET requirepass secret", "CONFIG SET ?")]
    [InlineData("CONFIG REWRITE", "CONFIG REWRITE")]
    [InlineData("PING", "PING")]
    [InlineData("GET a\nGET b", "GET ?\nGET ?")]
    public void Without_all_arguments_only_commands_are_left(string commands, string expected) =>
        Assert.Equal(expected, Made(output => RedisObfuscator.Obfuscate(Encoding.UTF8.GetBytes(commands), true, output)));

    [Fact]
    public void A_command_of_very_many_arguments_ends_in_one_mark()
    {
        var result = Made(output => RedisObfuscator.Obfuscate(Encoding.UTF8.GetBytes("DEL" + string.Concat(Enumerable.Repeat(" k", 50_000))), false, output), 1_000_000);

        Assert.EndsWith(" k ?", result, StringComparison.Ordinal);
        Assert.Equal(3 + (4_096 * 2), result.Length);
    }

    [Fact]
    public void Any_text_gives_a_result_that_stays_in_bounds()
    {
        string[] pieces = ["SET ", "ZADD ", "BITFIELD ", "CONFIG ", "\"", "\\", "\n", " ", "x", "...", "SET", "GEOADD ", "AUTH ", "\t", "é"];
        for (var seed = 0; seed < 10_000; seed++)
        {
            var chance = new Random(seed);
            var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, chance.Next(40)).Select(_ => pieces[chance.Next(pieces.Length)])));
            var output = new BoundedText(500);
            RedisObfuscator.Quantize(bytes, output);
            Assert.True(output.Length <= bytes.Length + 4, $"Seed {seed}");
            RedisObfuscator.Obfuscate(bytes, chance.Next(2) == 0, output);
            Assert.True(output.Length <= (2 * bytes.Length) + 4, $"Seed {seed}");
        }
    }

    static string Made(Action<BoundedText> make, int maxBytes = 32_768)
    {
        var output = new BoundedText(maxBytes);
        make(output);
        return Encoding.UTF8.GetString(output.Written);
    }
}
