using System.Buffers;
using System.Text;
using System.Text.Json;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Zipkin;

namespace Apm.Wire.Tests.Zipkin;

public class ZipkinJsonWriterTests
{
    /// <summary>A shared span: the server took over the client's id.</summary>
    const string Sent = """
        [{"traceId":"000000000000000a","id":"0000000000000001","kind":"SERVER","name":"get /","timestamp":1772359200000000,"duration":5000,"localEndpoint":{"serviceName":"front","ipv4":"10.0.0.1","port":80},"tags":{"http.method":"GET"}},
         {"traceId":"000000000000000a","parentId":"0000000000000001","id":"0000000000000002","kind":"CLIENT","name":"get /api","timestamp":1772359200001000,"duration":3000,"localEndpoint":{"serviceName":"front"},"remoteEndpoint":{"serviceName":"back","ipv4":"10.0.0.2","port":8080},"annotations":[{"timestamp":1772359200001500,"value":"retried"}],"tags":{"http.method":"GET","http.status_code":"500","error":"boom"}},
         {"traceId":"000000000000000a","parentId":"0000000000000001","id":"0000000000000002","kind":"SERVER","name":"get /api","timestamp":1772359200001200,"duration":2000,"localEndpoint":{"serviceName":"back"},"shared":true},
         {"traceId":"000000000000000a","parentId":"0000000000000002","id":"0000000000000003","name":"work","timestamp":1772359200001300,"duration":1,"localEndpoint":{"serviceName":"back"}}]
        """;

    [Fact]
    public void What_came_as_Zipkin_goes_out_as_it_came()
    {
        var batch = new SpanBatch();
        ZipkinJsonDecoder.Decode(Encoding.UTF8.GetBytes(Sent), batch, new Payload { Protocol = "zipkin v2", ReceivedUnixNanos = Some.BaseUnixNanos });

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body)) ZipkinJsonWriter.WriteTrace(json, [.. SpanBatches.Spans(batch)]);

        using var sent = JsonDocument.Parse(Sent);
        using var given = JsonDocument.Parse(body.WrittenMemory);
        Assert.Equal(sent.RootElement.GetArrayLength(), given.RootElement.GetArrayLength());
        foreach (var (before, after) in sent.RootElement.EnumerateArray().Zip(given.RootElement.EnumerateArray()))
        {
            foreach (var member in before.EnumerateObject().Where(member => member.Name != "tags")) Assert.Equal(member.Value.GetRawText(), after.GetProperty(member.Name).GetRawText());
            if (!before.TryGetProperty("parentId", out _)) Assert.False(after.TryGetProperty("parentId", out _));
            if (!before.TryGetProperty("tags", out var tags)) continue;
            foreach (var tag in tags.EnumerateObject()) Assert.Equal((tag.Name, tag.Value.GetString()), (tag.Name, after.GetProperty("tags").GetProperty(tag.Name).GetString()));
        }
    }
}
