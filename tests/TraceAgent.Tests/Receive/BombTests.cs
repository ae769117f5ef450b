using System.IO.Compression;
using System.Net;
using Apm.TestKit;
using ZstdSharp;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>Ten gigabytes of zeros in a few megabytes or less: refused at the limit, with memory for the limit only.</summary>
[Collection(Alone)]
public class BombTests
{
    /// <summary>What other tests allocate at the same time would be counted too.</summary>
    const string Alone = "memory of the whole process";

    const int PartBytes = 100_000_000;
    const int Parts = 100;

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    public async Task A_bomb_is_answered_413_and_takes_no_more_memory_than_a_body_may(string encoding)
    {
        await using var agent = await AgentFixture.Start();
        var bomb = Bomb(encoding);
        var before = GC.GetTotalAllocatedBytes(precise: true);

        var answer = await agent.Send("/v0.4/traces", bomb, headers: ("Content-Encoding", encoding));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
        Assert.Equal(1, agent.Parts.Counters.Read("payloads_rejected", "too_large"));
        Assert.True(GC.GetTotalAllocatedBytes(precise: true) - before < 150_000_000, $"{GC.GetTotalAllocatedBytes() - before} bytes");
    }

    [Fact]
    public async Task A_zstd_body_is_read_as_it_is()
    {
        await using var agent = await AgentFixture.Start();
        using var compressor = new Compressor();
        var body = compressor.Wrap(DatadogV04Encoder.Encode([[Some.Span(id: 7, trace: 77)]])).ToArray();

        Assert.Equal(HttpStatusCode.OK, (await agent.Send("/v0.4/traces", body, headers: ("Content-Encoding", "zstd"))).Status);
        Assert.Single(agent.StoredSpans());

        Assert.Equal(HttpStatusCode.BadRequest, (await agent.Send("/v0.4/traces", body[..^3], headers: ("Content-Encoding", "zstd"))).Status);
        Assert.Contains("The body is not valid zstd data", (await agent.Send("/v0.4/traces", [1, 2, 3, 4, 5], headers: ("Content-Encoding", "zstd"))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_zstd_window_larger_than_any_body_needs_is_refused()
    {
        await using var agent = await AgentFixture.Start();
        var to = new MemoryStream();
        using (var compression = new CompressionStream(to, level: 1))
        {
            compression.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_windowLog, 27);
            compression.Write(new byte[1_000]); // The size is not told at once, so the window is.
            compression.Flush();
            compression.Write(new byte[1_000]);
        }

        var answer = await agent.Send("/v0.4/traces", to.ToArray(), headers: ("Content-Encoding", "zstd"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class Collection;

    static byte[] Bomb(string encoding)
    {
        var zeros = new byte[1_000_000];
        var to = new MemoryStream();
        if (encoding == "deflate")
        {
            using (var stream = new ZLibStream(to, CompressionLevel.Fastest, leaveOpen: true))
                for (var i = 0; i < 10 * PartBytes / zeros.Length; i++) stream.Write(zeros); // One stream cannot be put together of parts: a gigabyte does.
            return to.ToArray();
        }
        using (Stream stream = encoding == "gzip" ? new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true) : new CompressionStream(to, level: 1, leaveOpen: true))
            for (var i = 0; i < PartBytes / zeros.Length; i++) stream.Write(zeros);
        return [.. Enumerable.Repeat(to.ToArray(), Parts).SelectMany(part => part)];
    }
}
