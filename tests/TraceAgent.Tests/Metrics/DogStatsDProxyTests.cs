using System.IO.Compression;
using System.Net;
using Apm.TraceAgent.Tests.Receive;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>DogStatsD lines over HTTP, on the agent's port.</summary>
public class DogStatsDProxyTests
{
    [Theory]
    [InlineData("/dogstatsd/v2/proxy")]
    [InlineData("/dogstatsd/v1/proxy")]
    public async Task Lines_are_taken_packed_or_not(string path)
    {
        var rig = new StatsdRig();
        await using var agent = await AgentFixture.Start(dogStatsD: rig.Lines);

        var plain = await agent.Send(path, "a:1|c\nnonsense\n"u8.ToArray(), "text/plain", "POST");
        var packed = await agent.Send(path, Gzip("a:2|c\na:3|c"u8), "text/plain", "POST", headers: ("Content-Encoding", "gzip"));

        Assert.Equal((HttpStatusCode.OK, "{}\n", HttpStatusCode.OK), (plain.Status, plain.Text, packed.Status));
        Assert.Equal($"a{{host:box}} Rate/10 {StatsdRig.Start}=0.6", await rig.After(10));
        Assert.Equal(2, rig.Counters.Read("dogstatsd_packets", "http"));
        Assert.Equal(1, rig.Counters.Read("dogstatsd_lines_rejected", "no_type"));
    }

    static byte[] Gzip(ReadOnlySpan<byte> bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return packed.ToArray();
    }
}
