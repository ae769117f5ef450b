using System.Text;
using Apm.TestKit;
using Apm.Wire.DogStatsD;

namespace Apm.Wire.Tests.DogStatsD;

/// <summary>Packets: how they are split, what real clients sent, and what chance sends.</summary>
public class DogStatsDLinesTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("\n\n", "")]
    [InlineData("a", "a")]
    [InlineData("a\nb\n", "a;b")]
    [InlineData("\na\n\nb", "a;b")]
    [InlineData("a\r\n\r\nb\r\n", "a;b")]
    public void A_packet_is_split_at_line_ends(string packet, string expected)
    {
        var lines = new List<string>();
        foreach (var line in new DogStatsDLines(Encoding.UTF8.GetBytes(packet))) lines.Add(Encoding.UTF8.GetString(line));

        Assert.Equal(expected, string.Join(';', lines));
    }

    [Fact]
    public void What_a_node_client_sent()
    {
        var picture = new StringBuilder();
        foreach (var request in RecordedRequest.All("node-hot-shots").Where(request => request.Listener == "dogstatsd"))
        {
            picture.Append(request.Name).Append('\n');
            foreach (var line in new DogStatsDLines(request.Body)) picture.Append("  ").Append(LineDrawing.Draw(line)).Append('\n');
        }

        Approved.Equal("DogStatsD/Recorded/node-hot-shots", picture.ToString().TrimEnd('\n'));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_comes_is_read_or_rejected_in_words(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var line = random.Next(4) == 0 ? Noise(random) : Damaged(random);
            if (line.Contains((byte)'\n') || line.Length == 0) continue;

            var drawn = LineDrawing.Draw(line);

            Assert.True(drawn.StartsWith("rejected: Line \"", StringComparison.Ordinal) ? drawn.EndsWith('.') && drawn.Length < 1_000 : drawn.Length > 0, $"seed {seed}, line {Convert.ToHexString(line)}: {drawn}");
            Assert.DoesNotContain(drawn, character => char.IsControl(character) && drawn.StartsWith("rejected", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Reading_a_metric_makes_no_garbage()
    {
        var line = "page.views:1:2.5|c|@0.5|#env:prod,host:web-1,url:/a/b"u8.ToArray();
        Read(line, 1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var sum = Read(line, 1_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(3_500, sum);
    }

    static double Read(byte[] line, int times)
    {
        var sum = 0.0;
        for (var i = 0; i < times; i++)
            if (MetricLineReader.TryRead(line, takesTimestamps: true, out var metric, out _))
                foreach (var value in metric.Values) sum += value;
        return sum;
    }

    static readonly string[] Right =
    [
        "page.views:1|c|@0.5|#env:prod,url:/a", "a:1:2:3|ms", "a:b:c|s|#x", "m:1234|g|@0.21|T1657100540|#tag|c:in-1|e:x|card:low", "_e{10,9}:test title|test text|d:21|h:x|p:low|t:error|k:k|s:s|#a,b:c", "_sc|agent.up|0|d:21|h:localhost|#tag1:test,tag2|m:this is fine",
    ];

    static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(1, 60)];
        random.NextBytes(bytes);
        return bytes;
    }

    static byte[] Damaged(Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(Right[random.Next(Right.Length)]).ToList();
        for (var change = random.Next(1, 4); change > 0 && bytes.Count > 0; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveAt(at); break;
                case 2: bytes.Insert(at, (byte)":|#@T,{}_-+.eE09\0é"[random.Next(16)]); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }
        return [.. bytes];
    }
}
