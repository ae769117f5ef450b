using Apm.Core.Spans;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Tests.Obfuscate;

public class ClientStatsObfuscationTests
{
    [Theory]
    [InlineData("sql", "SELECT 1", false, "SELECT ?")]
    [InlineData("cassandra", "SELECT 'x", false, "Non-parsable SQL query")]
    [InlineData("redis", "SET a b", false, "SET")]
    [InlineData("valkey", "SET a b", false, "SET")]
    [InlineData("web", "GET /7", false, "GET /7")]
    [InlineData("sql", "SELECT 1", true, "SELECT 1")]
    [InlineData("sql", "", false, "")]
    public void Resources_are_those_of_spans_unless_the_client_saw_to_it(string type, string resource, bool isObfuscated, string expected) =>
        Assert.Equal(expected, new Obfuscator(new ObfuscationSettings()).StatsResource(type, resource, isObfuscated));

    [Fact]
    public void Rules_of_replacement_hold_in_any_case()
    {
        var settings = new ObfuscationSettings { ReplaceRules = [new ReplaceRule("resource.name", "[0-9]+", "N"), new ReplaceRule("*", "N", "#"), new ReplaceRule("tag", "G", "x")] };

        Assert.Equal("GET /#", new Obfuscator(settings).StatsResource("web", "GET /17", isObfuscated: true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whether_the_client_saw_to_it_stands_in_the_log(bool isObfuscated)
    {
        var envelope = new PayloadEnvelope(PayloadFormat.ClientStats, new Payload { Protocol = "test", ReceivedUnixNanos = 1, ClientComputedStats = true, ClientObfuscatedStats = isObfuscated });

        var read = PayloadEnvelope.Read(envelope.ToBytes(), out _);

        Assert.Equal(envelope, read);
    }
}
