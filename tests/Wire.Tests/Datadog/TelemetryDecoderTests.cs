using System.Text;
using Apm.Core;
using Apm.TestKit;
using Apm.Wire.Datadog;

namespace Apm.Wire.Tests.Datadog;

public class TelemetryDecoderTests
{
    [Theory]
    [InlineData("node-dd-trace-6/001", "app-started", "acc-back", 556, 0)]
    [InlineData("node-dd-trace-6/003", "app-dependencies-loaded", "acc-back", 0, 78)]
    [InlineData("node-dd-trace-6/004", "app-started", "acc-front", 556, 0)]
    [InlineData("node-dd-trace-6/006", "app-dependencies-loaded", "acc-front", 0, 78)]
    [InlineData("node-dd-trace-6-v05-stats/001", "app-started", "acc-back", 558, 0)]
    [InlineData("node-dd-trace-6-v05-stats/003", "app-dependencies-loaded", "acc-back", 0, 76)]
    [InlineData("node-dd-trace-6-v05-stats/004", "app-started", "acc-front", 558, 0)]
    [InlineData("node-dd-trace-6-v05-stats/006", "app-dependencies-loaded", "acc-front", 0, 76)]
    public void Recorded_from_node(string body, string type, string service, int settings, int dependencies)
    {
        var message = Assert.Single(TelemetryDecoder.Decode(Fixtures.Bytes(body + ".bin")));

        Assert.Equal((type, service, settings, dependencies), (message.RequestType, message.Application.ServiceName, message.Configuration.Count, message.DependencyCount));
        Assert.Equal(("acceptance", "1.2.3", "6.21.0", "nodejs", "22.23.3", "entrypoint.type:script,entrypoint.workdir:acceptance,svc.user:true"),
            (message.Application.Env, message.Application.ServiceVersion, message.Application.TracerVersion, message.Application.LanguageName, message.Application.LanguageVersion, message.Application.ProcessTags));
        Assert.Equal(("vm", "Linux", "x64"), (message.Host.Hostname, message.Host.Os, message.Host.Architecture));
        Assert.Equal(36, message.RuntimeId.Length);
        Assert.InRange(message.TracerTimeUnixSeconds, 1_795_481_242, 1_795_481_286);
        if (settings > 0) Assert.Contains(new TelemetrySetting("isServiceUserProvided", "false", "default"), message.Configuration);
    }

    [Fact]
    public void A_batch_is_unfolded_with_what_its_parts_have_in_common()
    {
        var messages = TelemetryDecoder.Decode("""
            {"request_type":"message-batch","runtime_id":"r","tracer_time":5,"application":{"service_name":"web","process_tags":"a:b"},"host":{"hostname":"h"},
             "payload":[
               {"request_type":"app-started","payload":{"configuration":[{"name":"process_id","value":42,"origin":"code"},{"name":"listen_urls","value":["http://localhost:5000"],"origin":"code"},{"name":"off","value":null}]}},
               {"request_type":"app-endpoints","payload":{"is_first":true,"endpoints":[{"type":"REST","method":"GET","path":"/user/{id}","operation_name":"http.request","resource_name":"GET /user/{id}"},{"method":"GET"}]}},
               {"request_type":"app-heartbeat"}]}
            """u8);

        Assert.Equal(["app-started", "app-endpoints", "app-heartbeat"], messages.Select(message => message.RequestType));
        Assert.All(messages, message => Assert.Equal(("r", 5L, "web", "a:b", "h"), (message.RuntimeId, message.TracerTimeUnixSeconds, message.Application.ServiceName, message.Application.ProcessTags, message.Host.Hostname)));
        Assert.Equal([new("process_id", "42", "code"), new("listen_urls", "[\"http://localhost:5000\"]", "code"), new("off", "", "")], messages[0].Configuration);
        Assert.Equal([new("GET", "/user/{id}", "GET /user/{id}")], messages[1].Routes);
    }

    [Fact]
    public void Members_of_other_types_count_as_absent()
    {
        var message = Assert.Single(TelemetryDecoder.Decode("""
            {"request_type":"app-started","runtime_id":5,"tracer_time":"x","application":[],"host":null,"payload":{"configuration":{},"endpoints":[1,null,"x"],"dependencies":7}}
            """u8));

        Assert.Equal("app-started", message.RequestType);
        Assert.Equal(("", 0L, "", "", 0), (message.RuntimeId, message.TracerTimeUnixSeconds, message.Application.ServiceName, message.Host.Hostname, message.DependencyCount));
        Assert.Empty(message.Configuration);
        Assert.Empty(message.Routes);
    }

    [Fact]
    public void Lists_and_texts_end_at_their_limits()
    {
        var settings = string.Join(',', Enumerable.Repeat($$"""{"name":"{{new string('n', 2_000)}}"}""", TelemetryDecoder.MaxEntries + 5));
        var message = Assert.Single(TelemetryDecoder.Decode(Encoding.UTF8.GetBytes("{\"payload\":{\"configuration\":[" + settings + "]}}")));

        Assert.Equal(TelemetryDecoder.MaxEntries, message.Configuration.Count);
        Assert.Equal(TelemetryDecoder.MaxTextChars, message.Configuration[0].Name.Length);
    }

    [Theory]
    [InlineData("", "Datadog telemetry body, byte 0: not valid JSON, or cut off: ")]
    [InlineData("{\"a\":", "not valid JSON, or cut off: ")]
    [InlineData("[]", "Datadog telemetry body, byte 0: expected an object. Send one JSON object per request.")]
    public void What_is_refused(string json, string message) =>
        Assert.Contains(message, Assert.Throws<PayloadException>(() => TelemetryDecoder.Decode(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_remote_configuration_request_recorded_from_node() =>
        Assert.Equal(
            new RemoteConfigRequest
            {
                RuntimeId = "b42d21c9-a28e-4064-9051-f676be3ae367",
                Language = "node",
                TracerVersion = "6.21.0",
                Service = "acc-back",
                Env = "acceptance",
                Version = "1.2.3",
            },
            RemoteConfigRequest.Decode(Fixtures.Bytes("node-dd-trace-6/002.bin")));

    [Fact]
    public void A_process_tag_whose_name_is_no_UTF_8_is_left_out()
    {
        byte[] body = [.. "{\"request_type\":\"app-started\",\"application\":{\"process_tags\":{\"a"u8, 0xC3, .. "\":\"1\",\"b\":\"2\"}}}"u8];

        Assert.Equal("b:2", Assert.Single(TelemetryDecoder.Decode(body)).Application.ProcessTags);
    }

    [Fact]
    public void The_sentence_for_broken_JSON_quotes_little_of_it()
    {
        var body = Encoding.UTF8.GetBytes("{\"a\":t" + new string('x', 100_000));

        var problem = Assert.Throws<PayloadException>(() => TelemetryDecoder.Decode(body));

        Assert.InRange(problem.Message.Length, 50, 400);
        Assert.EndsWith("Send one complete JSON object.", problem.Message, StringComparison.Ordinal);
    }
}
