using System.IO.Compression;
using System.Text;
using Apm.Core.Checks;
using Apm.TestKit;
using Apm.TraceAgent.Serve.Datadog;

namespace Apm.TraceAgent.Tests.Serve;

public class SubmissionApiTests
{
    const string ThreePoints = """{"series":[{"metric":"my_metric","points":[[1699999980,100],[1699999990,200],[1700000000,300]],"type":"gauge","host":"box-1","tags":["team:a"]}]}""";

    static string Points(MetricsApiHost api) =>
        string.Join(' ', api.Metrics.Series().Select(series => $"{series.Metric}[{string.Join(',', series.Tags)}]:{string.Join('+', series.Points.Select(point => point.Value))}"));

    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    static byte[] Packed(byte[] body, string encoding)
    {
        if (encoding.StartsWith("zstd", StringComparison.Ordinal))
        {
            using var compressor = new ZstdSharp.Compressor();
            return compressor.Wrap(body).ToArray();
        }
        using var packed = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(packed, CompressionLevel.Optimal) : new ZLibStream(packed, CompressionLevel.Optimal)) stream.Write(body);
        return packed.ToArray();
    }

    [Fact]
    public async Task Keys_as_the_reference_has_them()
    {
        await using var api = await MetricsApiHost.Start();
        (api.ApiKey, api.ApplicationKey) = ("", "");
        api.Keys.Create(Core.Keys.KeyKind.Api, "mine", out var key);

        var good = await api.Get($"/api/v1/validate?api_key={key}");
        var bad = await api.Get("/api/v1/validate?api_key=bad");
        var none = await api.Get("/api/v1/validate");
        var header = await api.Get("/api/v1/validate?api_key=bad", ("Dd-Api-Key", key));
        var badHeader = await api.Get($"/api/v1/validate?api_key={key}", ("DD-API-KEY", "bad"));

        Assert.Equal((200, "application/json", """{"valid":true}"""), (good.Status, good.ContentType, good.Text));
        Assert.Equal((403, """{"errors":["Forbidden"]}"""), (bad.Status, bad.Text));
        Assert.Equal((403, """{"errors":["API key required"]}"""), (none.Status, none.Text));
        Assert.Equal(200, header.Status);
        Assert.Equal(403, badHeader.Status);
        Assert.Equal(3, api.Counters.Read("api_calls_refused", "keys"));
    }

    [Fact]
    public async Task Reading_needs_an_application_key_and_sending_does_not()
    {
        await using var api = await MetricsApiHost.Start();
        api.ApplicationKey = "";

        Assert.Equal(202, (await api.Post("/api/v1/series", ThreePoints)).Status);
        Assert.Equal((403, """{"errors":["Forbidden"]}"""), (await api.Get("/api/v1/hosts") is var hosts ? (hosts.Status, hosts.Text) : default));
        Assert.Equal(200, (await api.Get("/api/v1/hosts?application_key=a")).Status);
    }

    [Fact]
    public async Task A_page_of_another_site_may_not_send()
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post("/api/v1/series", ThreePoints, ("Sec-Fetch-Site", "cross-site"));

        Assert.Equal((403, 0), (answer.Status, api.Metrics.Series().Count));
    }

    [Theory]
    [InlineData("/api/v1/series", 202, "text/json", """{"status": "ok"}""")]
    [InlineData("/api/v2/series", 202, "application/json", """{"errors":[]}""")]
    [InlineData("/api/v1/distribution_points", 202, "text/json", """{"status": "ok"}""")]
    public async Task Submissions_are_answered_as_the_reference_has_it(string path, int status, string contentType, string body)
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post(path, """{"series":[]}""");

        Assert.Equal((status, contentType, body), (answer.Status, answer.ContentType, answer.Text));
        Assert.Equal(("1000000", "10", "999999", "10"), (answer.Headers["X-RateLimit-Limit"], answer.Headers["X-RateLimit-Period"], answer.Headers["X-RateLimit-Remaining"], answer.Headers["X-RateLimit-Reset"]));
        Assert.NotEmpty(answer.Headers["X-RateLimit-Name"]);
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("deflate")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("zstd1")]
    public async Task Bodies_come_in_every_encoding_and_with_any_content_type(string encoding)
    {
        await using var api = await MetricsApiHost.Start();
        var body = encoding == "identity" ? Utf8(ThreePoints) : Packed(Utf8(ThreePoints), encoding);

        var v1 = await api.Send("POST", "/api/v1/series?api_key=x", body, "text/json", ("Content-Encoding", encoding));
        var absent = await api.Send("POST", "/api/v1/series", body, null, ("Content-Encoding", encoding));

        Assert.Equal((202, 202), (v1.Status, absent.Status));
        Assert.Equal("my_metric[team:a,host:box-1]:100+200+300 my_metric[team:a,host:box-1]:100+200+300", Points(api));
        Assert.Equal("box-1", Assert.Single(api.Hosts.All()).Name);
    }

    [Fact]
    public async Task A_bomb_is_refused_and_its_memory_given_back()
    {
        await using var api = await MetricsApiHost.Start();
        var bomb = Packed(new byte[SubmissionSettings.MaxV1UnpackedBytes + 1_000], "gzip");
        var v2Bomb = Packed(new byte[SubmissionSettings.MaxV2UnpackedBytes + 1_000], "zstd");

        var v1 = await api.Send("POST", "/api/v1/series", bomb, "application/json", ("Content-Encoding", "gzip"));
        var v2 = await api.Send("POST", "/api/v2/series", v2Bomb, "application/json", ("Content-Encoding", "zstd"));
        var large = await api.Send("POST", "/api/v1/series", new byte[SubmissionSettings.MaxV1SentBytes + 1], "application/json");
        var broken = await api.Send("POST", "/api/v1/series", Utf8("not gzip"), "application/json", ("Content-Encoding", "gzip"));
        var unknown = await api.Send("POST", "/api/v1/series", Utf8("x"), "application/json", ("Content-Encoding", "br"));

        Assert.Equal((413, """{"errors":["The body is larger than 62914560 bytes. Send smaller batches."]}"""), (v1.Status, v1.Text));
        Assert.Equal((413, """{"errors":["The body is larger than 5242880 bytes. Send smaller batches."]}"""), (v2.Status, v2.Text));
        Assert.Equal((413, """{"errors":["The body is larger than 3200000 bytes. Send smaller batches."]}"""), (large.Status, large.Text));
        Assert.Equal(400, broken.Status);
        Assert.Contains("The body is not valid gzip data", broken.Text, StringComparison.Ordinal);
        Assert.Equal((400, """{"errors":["Content-Encoding \"br\" is not one of gzip, deflate, zstd, identity. Turn compression off, or use gzip."]}"""), (unknown.Status, unknown.Text));
        Assert.Equal(3, api.Counters.Read("payloads_rejected", "too_large"));
        Assert.Equal(0, api.Memory.WorkBytes);
    }

    [Fact]
    public async Task What_is_no_JSON_is_refused_in_words_that_the_screens_show_too()
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post("/api/v1/series", "hello");

        Assert.Equal(400, answer.Status);
        Assert.StartsWith("""{"errors":["Unable to parse payload: series v1 body, byte 0: this is not JSON""", answer.Text, StringComparison.Ordinal);
        Assert.Equal("POST /api/v1/series", Assert.Single(api.Problems.ReadAll()).Where);
        Assert.Equal(1, api.Counters.Read("payloads_rejected", "undecodable"));
    }

    [Fact]
    public async Task A_wrong_series_is_dropped_counted_and_told()
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post("/api/v1/series", """{"series":[{"metric":"a","points":[[1,2]]},{"metric":"b","points":7},{"metric":"c","points":[[1,2]]}]}""");

        Assert.Equal((202, "a[]:2 c[]:2"), (answer.Status, Points(api)));
        Assert.Equal(1, api.Counters.Read("metric_series_dropped", "malformed"));
        Assert.Equal("1 of what one request held cannot be used and was left out. The first: series 1 (b): a list of points such as [[1700000000, 5]] is expected, not a number.", Assert.Single(api.Problems.ReadAll()).Sentence);
    }

    [Fact]
    public async Task Binary_series_and_sketches_of_an_agent()
    {
        await using var api = await MetricsApiHost.Start();
        var series = new ProtoWriter().Inner(1, new ProtoWriter().Text(2, "m").Inner(4, new ProtoWriter().Double(1, 5).Varint(2, MetricsApiHost.Now)).Varint(5, 3)).ToArray();
        var sketch = new ProtoWriter().Inner(1, new ProtoWriter().Text(1, "lat").Inner(7, new ProtoWriter().Varint(1, MetricsApiHost.Now).Varint(2, 1).Double(3, 1).Double(4, 1).Double(6, 1).Varint(7, ProtoWriter.Zigzag(1338)).Varint(8, 1))).ToArray();

        var v2 = await api.Send("POST", "/api/v2/series", Packed(series, "zstd"), "application/x-protobuf", ("Content-Encoding", "zstd"));
        var beta = await api.Send("POST", "/api/beta/sketches", sketch, "application/x-protobuf");
        var v1 = await api.Send("POST", "/api/v1/sketches", sketch, "application/x-protobuf");

        Assert.Equal((202, 202, 202), (v2.Status, beta.Status, v1.Status));
        Assert.Equal("m[]:5 lat[]: lat[]:", Points(api));
        Assert.Equal(1, api.Metrics.Series()[1].Sketches[0].Sketch.Count);
    }

    [Fact]
    public async Task A_store_that_is_away_is_answered_so_that_clients_come_again()
    {
        await using var api = await MetricsApiHost.Start();
        api.Metrics.IsDown = true;

        var answer = await api.Post("/api/v1/series", ThreePoints);

        Assert.Equal((503, """{"errors":["The store is away. Try again."]}""", "5"), (answer.Status, answer.Text, answer.Headers["Retry-After"]));
        Assert.Equal(0, api.Memory.WorkBytes);
    }

    [Fact]
    public async Task Answers_of_checks_and_their_age()
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post("/api/v1/check_run", $$"""
            [{"check":"mysql.can_connect","host_name":"db","status":0,"tags":["Port:3306"]},{"check":"old","host_name":"db","status":0,"timestamp":{{MetricsApiHost.Now - 601}}},{"check":"ahead","host_name":"db","status":0,"timestamp":{{MetricsApiHost.Now + 601}}}]
            """);
        var wrong = await api.Post("/api/v1/check_run", """{"check":"a"}""");

        Assert.Equal((202, "text/json", """{"status": "ok"}"""), (answer.Status, answer.ContentType, answer.Text));
        Assert.Equal(("mysql.can_connect", CheckStatus.Ok), (Assert.Single(api.Checks.Read()).Last.Check, api.Checks.Read()[0].Last.Status));
        Assert.Equal((1, 1), (api.Counters.Read("service_checks_dropped", "too_old"), api.Counters.Read("service_checks_dropped", "too_new")));
        Assert.Equal(400, wrong.Status);
        Assert.Equal(["mysql"], Assert.Single(api.Hosts.All()).Apps);
    }

    [Fact]
    public async Task What_an_agent_sends_to_intake()
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Send("POST", "/intake/?api_key=k", Packed(Utf8(
            """{"internalHostname":"box-1","agentVersion":"7.50.0","host-tags":{"system":["name:logan"]},"events":{"api":[{"msg_title":"up","msg_text":"x"}]},"metrics":[["m",1700000000,1]],"service_checks":[{"check":"a.ok","status":1}]}"""), "deflate"), "application/json", ("Content-Encoding", "deflate"));

        Assert.Equal((202, "application/json", """{"status":"ok"}"""), (answer.Status, answer.ContentType, answer.Text));
        Assert.Equal(("m[host:box-1]:1", "up", "a.ok"), (Points(api), Assert.Single(api.Metrics.Events).Title, Assert.Single(api.Metrics.Checks).Check));
        Assert.Equal(["name:logan"], api.Hosts.TagsOf("BOX-1"));
        Assert.Equal(["a", "agent"], api.Hosts.Find("box-1")!.Apps);
        Assert.Equal(202, (await api.Post("/api/v1/metadata", "{}")).Status);
    }

    [Fact]
    public async Task The_client_of_2018_does_the_walkthroughs_calls_and_is_answered_as_then()
    {
        await using var api = await MetricsApiHost.Start();
        api.Clock.Set(DateTimeOffset.FromUnixTimeSeconds(1_795_481_381) - api.Clock.GetUtcNow());
        using var client = new HttpClient { BaseAddress = api.Url };
        string[] ours = ["/api/v1/series", "/api/v1/distribution_points", "/api/v1/metrics", "/api/v1/events", "/api/v1/check_run", "/api/v1/hosts", "/api/v1/host/", "/api/v1/tags/", "/api/v1/search"];
        var statuses = new List<string>();
        foreach (var request in RecordedRequest.All("py-datadogpy-0.26.0").Where(request => request.Method != "UDP" && ours.Any(path => request.Path.StartsWith(path, StringComparison.Ordinal))))
        {
            var path = request.Path.Split('?')[0];
            var again = path.StartsWith("/api/v1/events/", StringComparison.Ordinal) ? request with { Path = request.Path.Replace(path, $"/api/v1/events/{api.Metrics.Events[^1].Id}", StringComparison.Ordinal) } : request;
            using var answer = await client.SendAsync(again.ToMessage(api.Url));
            Assert.True((int)answer.StatusCode == request.Status, $"{request.Name} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            statuses.Add($"{request.Method} {path}");
        }
        Assert.True(statuses.Count >= 18, string.Join('\n', statuses));
        Assert.NotEmpty(api.Metrics.Series());
        Assert.Single(api.Metrics.Checks);
    }
}
