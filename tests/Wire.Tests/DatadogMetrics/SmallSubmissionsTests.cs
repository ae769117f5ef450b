using System.Text;
using Apm.Core;
using Apm.Core.Checks;
using Apm.Wire.DatadogMetrics;

namespace Apm.Wire.Tests.DatadogMetrics;

public class SmallSubmissionsTests
{
    const long Now = 1_700_000_000;

    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    static string Draw(IEnumerable<ServiceCheckRun> runs) => string.Join('\n', runs.Select(run => $"{run.Check} {run.Status} {run.UnixSeconds} {run.Host} [{string.Join(',', run.Tags)}] {run.Message}"));

    [Theory]
    [InlineData("""{"check":"app.ok","host_name":"app1","status":0}""", "app.ok Ok 1700000000 app1 [] ")]
    [InlineData("""[{"check":"mysql.can_connect","host_name":"db","status":"2","tags":["port:3306"],"message":"refused","timestamp":1699999990.7},{"check":"b","host_name":"h","status":3,"tags":null,"message":null}]""",
        "mysql.can_connect Critical 1699999990 db [port:3306] refused\nb Unknown 1700000000 h [] ")]
    [InlineData("[]", "")]
    public void Answers_of_checks(string body, string picture) => Assert.Equal(picture, Draw(CheckRunDecoder.Decode(Utf8(body), Now).Runs));

    [Theory]
    [InlineData("""{"host_name":"h","status":0}""", "check 0: it has no \"check\"")]
    [InlineData("""{"check":"a","status":0}""", "check 0: it has no \"host_name\"")]
    [InlineData("""{"check":"a","host_name":"h"}""", "check 0: it has no \"status\"")]
    [InlineData("""{"check":"a","host_name":"h","status":"OK"}""", "check 0: \"status\" must be a number")]
    [InlineData("""{"check":"a","host_name":"h","status":4}""", "check 0: \"status\" must be 0 (OK), 1 (warning), 2 (critical) or 3 (unknown)")]
    [InlineData("""{"check":"a","host_name":"h","status":0,"tags":"x"}""", "check 0: \"tags\" must be a list of texts")]
    [InlineData("[5]", "check 0: an object is expected")]
    [InlineData("5", "an object or a list of objects is expected")]
    public void An_answer_of_a_check_that_cannot_be_used_is_refused_in_words(string body, string problem)
    {
        var refusal = Assert.Throws<PayloadException>(() => CheckRunDecoder.Decode(Utf8(body), Now));

        Assert.Equal($"Unable to parse payload: check_run body: {problem}. Send {{\"check\":\"app.ok\",\"host_name\":\"box-1\",\"status\":0,\"tags\":[]}}, or a list of such.", refusal.Message);
    }

    [Fact]
    public void A_wrong_answer_among_good_ones_is_dropped()
    {
        var checks = CheckRunDecoder.Decode(Utf8("""[{"check":"a","host_name":"h","status":0},{"check":"b"},{"check":"c","host_name":"h","status":1}]"""), Now);

        Assert.Equal(("a Ok 1700000000 h [] \nc Warning 1700000000 h [] ", 1, "check 1: it has no \"host_name\""), (Draw(checks.Runs), checks.DroppedCount, checks.FirstReason));
    }

    [Fact]
    public void An_event_with_everything()
    {
        var happened = EventDecoder.Decode(Utf8(
            """{"title":"Deploy","text":"%%% \n**v2** \n%%%","date_happened":1699999000,"priority":"low","host":"box-1","tags":["env:dev"],"alert_type":"success","aggregation_key":"deploy","source_type_name":"my apps","related_event_id":5,"device_name":"sda"}"""), Now);

        Assert.Equal(("Deploy", "%%% \n**v2** \n%%%", 1_699_999_000L, "low", "box-1", "success", "deploy", "my apps", 5L, "sda"),
            (happened.Title, happened.Text, happened.UnixSeconds, happened.Priority, happened.Host, happened.AlertType, happened.AggregationKey, happened.Source, happened.RelatedEventId, happened.DeviceName));
        Assert.Equal(["env:dev"], happened.Tags);
    }

    [Fact]
    public void An_event_with_the_least_and_one_that_is_too_long()
    {
        var least = EventDecoder.Decode(Utf8("""{"title":"a","text":"","tags":null,"host":null}"""), Now);
        var longest = EventDecoder.Decode(Utf8($$"""{"title":"{{new string('t', 600)}}","text":"{{new string('x', 5_000)}}"}"""), Now);

        Assert.Equal((Now, "normal", "info", ""), (least.UnixSeconds, least.Priority, least.AlertType, least.Host));
        Assert.Equal((EventDecoder.MaxTitleChars, EventDecoder.MaxTextChars), (longest.Title.Length, longest.Text.Length));
    }

    [Theory]
    [InlineData("""{"text":"x"}""", "it has no \"title\"")]
    [InlineData("""{"title":"x"}""", "it has no \"text\"")]
    [InlineData("""{"title":" ","text":"x"}""", "\"title\" is empty")]
    [InlineData("""{"title":"x","text":{}}""", "\"text\" must be a text")]
    [InlineData("""{"title":"x","text":"x","priority":"urgent"}""", "\"priority\" must be normal or low")]
    [InlineData("""{"title":"x","text":"x","alert_type":"bad"}""", "\"alert_type\" must be one of error, warning, info, success, user_update, recommendation, snapshot")]
    [InlineData("""{"title":"x","text":"x","date_happened":"noon"}""", "\"date_happened\" must be a number")]
    [InlineData("""{"title":"x","text":"x","tags":["a",{}]}""", "\"tags\" must be a list of texts")]
    [InlineData("[]", "an object is expected")]
    public void An_event_that_cannot_be_used_is_refused_in_words(string body, string problem)
    {
        var refusal = Assert.Throws<PayloadException>(() => EventDecoder.Decode(Utf8(body), Now));

        Assert.Equal($"Unable to parse payload: event body: {problem}. Send {{\"title\":\"Deploy\",\"text\":\"v2 is out\"}}.", refusal.Message);
    }

    [Fact]
    public void An_aggregation_key_that_is_too_long_is_refused()
    {
        var refusal = Assert.Throws<PayloadException>(() => EventDecoder.Decode(Utf8($$"""{"title":"x","text":"x","aggregation_key":"{{new string('k', 101)}}"}"""), Now));

        Assert.Contains("\"aggregation_key\" has 101 characters, at most 100 are possible", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_JSON_is_refused_with_its_byte()
    {
        Assert.Equal("Unable to parse payload: event body, byte 19: this is not JSON: 'x' is an invalid start of a value. Send {\"title\":\"Deploy\",\"text\":\"v2 is out\"}.",
            Assert.Throws<PayloadException>(() => EventDecoder.Decode(Utf8("{\"title\":1,\n\"text\":x}"), Now)).Message);
    }

    [Fact]
    public void What_an_agent_says_of_its_host()
    {
        var came = IntakeDecoder.Decode(Utf8("""
            {"apiKey":"secret","agentVersion":"7.50.0","internalHostname":"Box-1","os":"linux","agent-flavor":"agent",
             "systemStats":{"cpuCores":4,"machine":"x86_64","platform":"linux","pythonV":"3.9.17","processor":"Xeon","nixV":["ubuntu","22.04",""],"macV":["","",""]},
             "meta":{"socket-hostname":"box-1","timezones":["UTC"],"socket-fqdn":"box-1.example","host_aliases":["i-123"]},
             "host-tags":{"system":["name:logan","applying_for:solutions_engineer"],"google cloud platform":["zone:eu"]},
             "gohai":"{\"cpu\":{}}","agent_checks":[["mysql","MySQL","x",0,"",{}],["mysql","b"],["cpu"]]}
            """), Now);

        var host = came.Host!;
        Assert.Equal(("Box-1", "7.50.0", 4, "x86_64", "linux", "3.9.17", "Xeon", "box-1", "box-1.example", "{\"cpu\":{}}"),
            (host.Host, host.Facts!.AgentVersion, host.Facts.CpuCores, host.Facts.Machine, host.Facts.Platform, host.Facts.PythonVersion, host.Facts.Processor, host.Facts.SocketHostname, host.Facts.SocketFqdn, host.Facts.Gohai));
        Assert.Equal(["ubuntu", "22.04", ""], host.Facts.SystemVersion);
        Assert.Equal(["i-123"], host.Aliases);
        Assert.Equal(["agent", "mysql", "cpu"], host.Apps);
        Assert.Equal("datadog=name:logan,applying_for:solutions_engineer google cloud platform=zone:eu", string.Join(' ', host.TagsBySource.Select(pair => $"{pair.Key}={string.Join(',', pair.Value)}")));
    }

    [Fact]
    public void What_an_agent_of_version_5_sends_in_one_body()
    {
        var came = IntakeDecoder.Decode(Utf8("""
            {"internalHostname":"old","metrics":[["system.load.1",1700000000,0.5,{"type":"gauge","hostname":"old","tags":["a:b"],"device_name":"sda"}],["m",1,"2"],["bad",null,1],7],
             "events":{"System":[{"msg_title":"up","msg_text":"Agent started","timestamp":1699999999,"event_type":"Agent Startup"},{"priority":"x"}],"api":[{"msg_text":"only text","source_type_name":"mine","host":"other"}],"odd":5},
             "service_checks":[{"check":"ntp.in_sync","status":0,"timestamp":1699999999,"tags":null,"id":5},{"status":1}]}
            """), Now);

        Assert.Equal("system.load.1 Gauge {a:b,host:old,device:sda} 1700000000=0.5\nm Gauge {host:old} 1=2\ndropped 2: series 2 (bad): a time in Unix seconds is expected", SeriesPicture.Draw(came.Series));
        Assert.Equal("up|Agent started|1699999999|System|old\nonly text|only text|1700000000|mine|other", string.Join('\n', came.Events.Select(one => $"{one.Title}|{one.Text}|{one.UnixSeconds}|{one.Source}|{one.Host}")));
        Assert.Equal("ntp.in_sync Ok 1699999999 old [] ", Draw(came.Checks));
        Assert.Equal((4, "event of System: it has neither \"msg_title\" nor \"msg_text\""), (came.DroppedCount, came.FirstReason));
        Assert.Null(came.Host!.Facts);
    }

    [Fact]
    public void An_intake_body_must_be_an_object()
    {
        Assert.Equal("Unable to parse payload: intake body: an object is expected. Send one JSON object, as Datadog's agent does.", Assert.Throws<PayloadException>(() => IntakeDecoder.Decode(Utf8("[]"), Now)).Message);
    }
}
