using Apm.Core.Hosts;
using Apm.Core.Keys;

namespace Apm.TraceAgent.Tests.Serve;

/// <summary>Events, hosts, tags, metric metadata, search and keys of Datadog's API (metrics-monitors §4.6, §4.8, §3.1).</summary>
public class MetricsApiTests
{
    const long Now = MetricsApiHost.Now;

    [Fact]
    public async Task An_event_is_taken_and_found_again()
    {
        await using var api = await MetricsApiHost.Start();

        var taken = await api.Post("/api/v1/events", """{"title":"Deploy","text":"v2 is out","tags":["Env:Dev"],"host":"box-1","source_type_name":"my apps"}""");

        var id = taken.Json.GetProperty("event").GetProperty("id").GetInt64();
        Assert.Equal((202, "application/json"), (taken.Status, taken.ContentType));
        Assert.Equal($$$"""{"status":"ok","event":{"id":{{{id}}},"id_str":"{{{id}}}","title":"Deploy","text":"v2 is out","date_happened":{{{Now}}},"handle":null,"priority":"normal","related_event_id":null,"tags":["env:dev"],"url":"{{{api.Url}}}event/event?id={{{id}}}"}}""", taken.Text);
        var one = await api.Get($"/api/v1/events/{id}");
        Assert.Equal($$$"""{"event":{"date_happened":{{{Now}}},"alert_type":"info","resource":"/api/v1/events/{{{id}}}","title":"Deploy","url":"{{{api.Url}}}event/event?id={{{id}}}","text":"v2 is out","tags":["env:dev"],"device_name":null,"priority":"normal","host":"box-1","id":{{{id}}},"id_str":"{{{id}}}"}}""", one.Text);
        Assert.Equal((404, """{"errors":["No event matches that event_id."]}"""), (await api.Get("/api/v1/events/5") is var none ? (none.Status, none.Text) : default));
        Assert.Equal("box-1", Assert.Single(api.Hosts.All()).Name);
    }

    [Theory]
    [InlineData("""{"title":"a","text":"b","date_happened":1699935199}""", "Event too far in the past")]
    [InlineData("""{"title":"a","text":"b","date_happened":1700000000000}""", "Event too far in the future: \\\"date_happened\\\" is more than 18 hours ahead. It is in Unix seconds, not milliseconds.")]
    [InlineData("""{"text":"b"}""", "Unable to parse payload: event body: it has no \\\"title\\\". Send {\\\"title\\\":\\\"Deploy\\\",\\\"text\\\":\\\"v2 is out\\\"}.")]
    public async Task An_event_that_cannot_be_taken_is_refused_in_words(string body, string sentence)
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post("/api/v1/events", body);

        Assert.Equal((400, $$"""{"errors":["{{sentence}}"]}"""), (answer.Status, answer.Text));
        Assert.Empty(api.Metrics.Events);
    }

    static async Task<string> Titles(MetricsApiHost api, string parameters) =>
        string.Join(' ', (await api.GetJson($"/api/v1/events?start={Now - 1_000}&end={Now + 1_000}&{parameters}")).GetProperty("events").EnumerateArray()
            .Select(one => $"{one.GetProperty("title").GetString()}{(one.GetProperty("is_aggregate").GetBoolean() ? $"({one.GetProperty("children").GetArrayLength()})" : "")}"));

    [Fact]
    public async Task The_list_of_events_and_its_filters()
    {
        await using var api = await MetricsApiHost.Start();
        foreach (var (title, more) in new[] { ("a", """ "tags":["env:dev"],"source_type_name":"nagios" """), ("b", """ "priority":"low","aggregation_key":"k" """), ("c", """ "aggregation_key":"k","tags":["env:dev","x"] """), ("d", """ "host":"box" """) })
            await api.Post("/api/v1/events", $$"""{"title":"{{title}}","text":"t",{{more}}}""");

        Assert.Equal("d c(2) a", await Titles(api, ""));
        Assert.Equal("d c b a", await Titles(api, "unaggregated=true"));
        Assert.Equal("d a", await Titles(api, "exclude_aggregate=true"));
        Assert.Equal("b", await Titles(api, "priority=low"));
        Assert.Equal("a", await Titles(api, "sources=Nagios,chef"));
        Assert.Equal("c a", await Titles(api, "tags=env:dev"));
        Assert.Equal("a", await Titles(api, "tags=env:dev,-x"));
        Assert.Equal("d", await Titles(api, "tags=host:box"));
        Assert.Equal("", await Titles(api, "page=1"));
        Assert.Equal((400, """{"errors":["The parameter 'start' is missing. Give it in Unix seconds, such as start=1700000000."]}"""), (await api.Get("/api/v1/events?end=5") is var one ? (one.Status, one.Text) : default));
        Assert.Equal((400, """{"errors":["The parameter 'priority' must be normal or low."]}"""), (await api.Get("/api/v1/events?start=1&end=5&priority=urgent") is var two ? (two.Status, two.Text) : default));
        Assert.Equal((400, """{"errors":["The window is empty: 'end' (1) must not be before 'start' (5)."]}"""), (await api.Get("/api/v1/events?start=5&end=1") is var three ? (three.Status, three.Text) : default));
        Assert.Equal((400, """{"errors":["The parameter 'page' must be a number from 0 to 1000000."]}"""), (await api.Get("/api/v1/events?start=1&end=5&page=-1") is var four ? (four.Status, four.Text) : default));
    }

    [Fact]
    public async Task A_thousand_events_on_a_page()
    {
        await using var api = await MetricsApiHost.Start();
        for (var i = 0; i < 1_001; i++) api.Metrics.Take(new Core.Events.EventRecord { Title = $"e{i}", UnixSeconds = Now });

        var first = await Titles(api, "");

        Assert.Equal(1_000, first.Split(' ').Length);
        Assert.Equal("e0", await Titles(api, "page=1"));
    }

    [Fact]
    public async Task Comments_are_added_changed_and_removed()
    {
        await using var api = await MetricsApiHost.Start();
        var id = (await api.Post("/api/v1/events", """{"title":"a","text":"b"}""")).Json.GetProperty("event").GetProperty("id").GetInt64();

        var added = await api.Post("/api/v1/comments", $$"""{"message":"Looks odd","handle":"me@example.com","related_event_id":{{id}}}""");
        var comment = added.Json.GetProperty("comment");
        var commentId = comment.GetProperty("id").GetInt64();
        Assert.Equal((200, "Looks odd", "me@example.com", $"/api/v1/comments/{commentId}"), (added.Status, comment.GetProperty("message").GetString(), comment.GetProperty("handle").GetString(), comment.GetProperty("resource").GetString()));
        var changed = await api.Send("PUT", $"/api/v1/comments/{commentId}", """{"message":"Looks better"}"""u8.ToArray(), "application/json");
        Assert.Equal((200, "Looks better"), (changed.Status, changed.Json.GetProperty("comment").GetProperty("message").GetString()));
        var listed = (await api.GetJson($"/api/v1/events?start={Now - 5}&end={Now + 5}")).GetProperty("events");
        Assert.Equal("Looks better", listed[0].GetProperty("comments")[0].GetProperty("message").GetString());
        Assert.Equal(1, listed.GetArrayLength());

        Assert.Equal((200, "{}"), (await api.Send("DELETE", $"/api/v1/comments/{commentId}", null, null) is var gone ? (gone.Status, gone.Text) : default));
        Assert.Equal((404, """{"errors":["Comment not found"]}"""), (await api.Send("DELETE", $"/api/v1/comments/{commentId}", null, null) is var again ? (again.Status, again.Text) : default));
        Assert.Equal(404, (await api.Send("DELETE", $"/api/v1/comments/{id}", null, null)).Status); // An event is no comment.
        Assert.Equal(404, (await api.Post("/api/v1/comments", """{"message":"x","related_event_id":7}""")).Status);
        Assert.Equal("""{"errors":["The comment has no \"message\". Send {\"message\":\"Looks better now\",\"related_event_id\":5}."]}""", (await api.Post("/api/v1/comments", "{}")).Text);
    }

    [Fact]
    public async Task The_list_of_hosts()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/intake/", """{"internalHostname":"box-1","agentVersion":"7.50.0","systemStats":{"cpuCores":4,"machine":"x86_64","platform":"linux","pythonV":"3.9.17","processor":"Xeon","nixV":["ubuntu","22.04",""]},"meta":{"socket-hostname":"box-1","socket-fqdn":"box-1.example"},"host-tags":{"system":["name:logan"]},"gohai":"{}","agent_checks":[["mysql","x"]]}""");
        await api.Post("/api/v1/series", $$"""{"series":[{"metric":"system.cpu.idle","points":[[{{Now - 20}},50],[{{Now - 10}},87.5]],"host":"box-1"},{"metric":"system.load.norm.15","points":[[{{Now - 10}},0.4]],"host":"box-1"},{"metric":"m","points":[[{{Now}},1]],"host":"Other"}]}""");

        var list = await api.Get("/api/v1/hosts?filter=box&include_hosts_metadata=true");

        var id = api.Hosts.Find("box-1")!.Id;
        Assert.Equal(
            $$"""{"host_list":[{"id":{{id}},"name":"box-1","host_name":"box-1","aliases":["box-1"],"apps":["agent","mysql"],"aws_name":null,"sources":["agent"],"tags_by_source":{"Datadog":["host:box-1","name:logan"],"Users":[]},"up":true,"last_reported_time":{{Now}},"is_muted":false,"mute_timeout":null,"""
            + """ "meta":{"agent_version":"7.50.0","machine":"x86_64","platform":"linux","processor":"Xeon","pythonV":"3.9.17","socket-hostname":"box-1","socket-fqdn":"box-1.example","cpuCores":4,"nixV":["ubuntu","22.04",""],"gohai":"{}"},"metrics":{"cpu":12.5,"iowait":null,"load":0.4}}],"total_returned":1,"total_matching":1,"exact_total_matching":true}""".Trim(),
            list.Text);
        Assert.Equal("""{"total_up":2,"total_active":2}""", (await api.Get("/api/v1/hosts/totals")).Text);
        Assert.Equal("box-1 Other", await Names(api, ""));
        Assert.Equal("Other box-1", await Names(api, "sort_dir=desc"));
        Assert.Equal("box-1 Other", await Names(api, "sort_field=cpu"));
        Assert.Equal("Other box-1", await Names(api, "sort_field=load&sort_dir=asc"));
        Assert.Equal("Other", await Names(api, "start=1&count=1"));
        Assert.Equal("box-1", await Names(api, "filter=name:logan"));
        Assert.Equal("Other", await Names(api, "filter=host:oth"));
        api.Clock.Advance(TimeSpan.FromHours(3));
        Assert.Equal("", await Names(api, ""));
        Assert.Equal("box-1 Other", await Names(api, $"from={Now}"));
        Assert.Equal("""{"total_up":0,"total_active":2}""", (await api.Get($"/api/v1/hosts/totals?from={Now}")).Text);
        Assert.Equal("""{"errors":["The parameter 'sort_field' cannot be \"mood\". There are: name, status, apps, cpu, iowait, load, last_reported_time."]}""", (await api.Get("/api/v1/hosts?sort_field=mood")).Text);
        Assert.Equal("""{"errors":["The parameter 'count' must be a number from 0 to 1000."]}""", (await api.Get("/api/v1/hosts?count=1001")).Text);

        static async Task<string> Names(MetricsApiHost api, string parameters) => string.Join(' ', (await api.GetJson("/api/v1/hosts?" + parameters)).GetProperty("host_list").EnumerateArray().Select(host => host.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Muting_a_host()
    {
        await using var api = await MetricsApiHost.Start();

        var muted = await api.Post("/api/v1/host/box-1/mute", $$"""{"message":"quiet","end":{{Now + 60}}}""");
        var again = await api.Post("/api/v1/host/box-1/mute", "{}");
        var over = await api.Post("/api/v1/host/box-1/mute?override=true", "");
        var unmuted = await api.Post("/api/v1/host/box-1/unmute", "");
        var notMuted = await api.Post("/api/v1/host/box-1/unmute", "");
        var past = await api.Post("/api/v1/host/box-1/mute", $$"""{"end":{{Now}}}""");

        Assert.Equal((200, $$"""{"action":"Muted","downtime_id":{{Now}},"hostname":"box-1","end":{{Now + 60}},"message":"quiet"}"""), (muted.Status, muted.Text));
        Assert.Equal(400, again.Status);
        Assert.Matches("^host:box-1 is already muted. To mute this host with a different end timestamp, +add \\?override=true to your request.$", again.Json.GetProperty("errors")[0].GetString());
        Assert.Equal($$"""{"action":"Muted","downtime_id":{{Now + 1}},"hostname":"box-1","end":null,"message":null}""", over.Text);
        Assert.Equal($$"""{"action":"Unmuted","downtime_id":{{Now + 1}},"hostname":"box-1"}""", unmuted.Text);
        Assert.Equal((400, """{"errors":["host:box-1 is not muted."]}"""), (notMuted.Status, notMuted.Text));
        Assert.Equal($$"""{"errors":["\"end\" ({{Now}}) is not in the future. Give it in Unix seconds, or leave it out to mute until somebody unmutes."]}""", past.Text);
    }

    [Fact]
    public async Task The_mute_of_a_host_is_a_downtime_that_is_read_and_ended()
    {
        await using var api = await MetricsApiHost.Start();
        var id = (await api.Post("/api/v1/host/box-1/mute", $$"""{"message":"quiet","end":{{Now + 60}}}""")).Json.GetProperty("downtime_id").GetInt64();
        await api.Post("/api/v1/host/box-2/mute", "{}");

        var downtime = await api.GetJson($"/api/v1/downtime/{id}");
        Assert.Equal((id, """["host:box-1"]""", Now, Now + 60, "quiet", true), (downtime.GetProperty("id").GetInt64(), downtime.GetProperty("scope").GetRawText(), downtime.GetProperty("start").GetInt64(), downtime.GetProperty("end").GetInt64(), downtime.GetProperty("message").GetString(), downtime.GetProperty("active").GetBoolean()));
        Assert.Equal([id, id + 1], (await api.GetJson("/api/v1/downtime?current_only=true")).EnumerateArray().Select(one => one.GetProperty("id").GetInt64()));
        Assert.Equal((400, """{"errors":["This is the mute of the host box-1. Change it with POST /api/v1/host/box-1/mute?override=true."]}"""), (await api.Send("PUT", $"/api/v1/downtime/{id}", "{}"u8.ToArray(), "application/json")) is var changed ? (changed.Status, changed.Text) : default);

        api.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(404, (await api.Get($"/api/v1/downtime/{id}")).Status); // It is over.
        Assert.Equal(204, (await api.Send("DELETE", $"/api/v1/downtime/{id + 1}", null, null)).Status);
        Assert.False(api.Hosts.Find("box-2")!.IsMutedAt(Now + 60));
    }

    [Fact]
    public async Task Tags_of_hosts()
    {
        await using var api = await MetricsApiHost.Start();
        api.Hosts.Saw(new HostReport("box-1", [], new Dictionary<string, IReadOnlyList<string>> { [HostCatalogue.AgentSource] = ["name:logan"] }, [], null), Now);

        var added = await api.Post("/api/v1/tags/hosts/box-1", """{"tags":["env:dev","Team:A"]}""");
        var more = await api.Post("/api/v1/tags/hosts/box-1?source=chef", """{"tags":["role:db"]}""");
        await api.Post("/api/v1/tags/hosts/box-2", """{"tags":["env:dev"]}""");

        Assert.Equal((201, """{"host":"box-1","tags":["env:dev","team:a"]}"""), (added.Status, added.Text));
        Assert.Equal("""{"host":"box-1","tags":["role:db"]}""", more.Text);
        Assert.Equal("""{"tags":{"env:dev":["box-1","box-2"],"name:logan":["box-1"],"role:db":["box-1"],"team:a":["box-1"]}}""", (await api.Get("/api/v1/tags/hosts")).Text);
        Assert.Equal("""{"tags":{"env:dev":["box-1","box-2"],"team:a":["box-1"]}}""", (await api.Get("/api/v1/tags/hosts?source=Users")).Text);
        Assert.Equal("""{"tags":["env:dev","name:logan","role:db","team:a"]}""", (await api.Get("/api/v1/tags/hosts/box-1")).Text);
        Assert.Equal("""{"tags":{"Chef":["role:db"],"Datadog":["name:logan"],"Users":["env:dev","team:a"]}}""", (await api.Get("/api/v1/tags/hosts/box-1?by_source=true")).Text);
        var replaced = await api.Send("PUT", "/api/v1/tags/hosts/box-1", """{"tags":["env:prod"]}"""u8.ToArray(), "application/json");
        Assert.Equal((201, """{"host":"box-1","tags":["env:prod"]}"""), (replaced.Status, replaced.Text));
        Assert.Equal(204, (await api.Send("DELETE", "/api/v1/tags/hosts/box-1", null, null)).Status);
        Assert.Equal("""{"tags":["name:logan","role:db"]}""", (await api.Get("/api/v1/tags/hosts/box-1")).Text);
        Assert.Equal((404, """{"errors":["Host not found"]}"""), (await api.Get("/api/v1/tags/hosts/nobody") is var none ? (none.Status, none.Text) : default));
        Assert.Equal("""{"errors":["The body has no \"tags\". Send {\"tags\":[\"env:dev\"]}."]}""", (await api.Post("/api/v1/tags/hosts/box-1", "{}")).Text);
        Assert.Equal("""{"errors":["tags must be a list of texts."]}""", (await api.Post("/api/v1/tags/hosts/box-1", """{"tags":[5]}""")).Text);
    }

    [Fact]
    public async Task Metrics_their_metadata_and_the_search()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/series", $$"""{"series":[{"metric":"my_metric","points":[[{{Now}},1]],"host":"box-1","tags":["team:a"]},{"metric":"old","points":[[{{Now - 3_000}},1]]},{"metric":"other","points":[[{{Now}},1]],"type":"count","interval":10}]}""");
        await api.Post("/api/v2/series", $$"""{"series":[{"metric":"sized","type":3,"points":[{"timestamp":{{Now}},"value":1}],"unit":"byte"}]}""");
        api.Hosts.SetTags("box-1", "users", ["rack:5"]);

        Assert.Equal($$"""{"from":"{{Now - 60}}","metrics":["my_metric","other","sized"]}""", (await api.Get($"/api/v1/metrics?from={Now - 60}")).Text);
        Assert.Equal($$"""{"from":"{{Now - 60}}","metrics":["my_metric"]}""", (await api.Get($"/api/v1/metrics?from={Now - 60}&host=Box-1")).Text);
        Assert.Equal($$"""{"from":"0","metrics":["my_metric"]}""", (await api.Get("/api/v1/metrics?from=0&tag_filter=team:a AND rack:5")).Text);
        Assert.Equal((400, """{"errors":["The parameter 'from' is missing. Give it in Unix seconds, such as from=1700000000."]}"""), (await api.Get("/api/v1/metrics") is var none ? (none.Status, none.Text) : default));
        Assert.Equal("""{"description":null,"short_name":null,"integration":null,"statsd_interval":null,"per_unit":null,"type":"count","unit":null}""", (await api.Get("/api/v1/metrics/other")).Text);
        Assert.Equal("byte", (await api.GetJson("/api/v1/metrics/sized")).GetProperty("unit").GetString());
        Assert.Equal((404, """{"errors":["metric not found"]}"""), (await api.Get("/api/v1/metrics/nothing") is var unknown ? (unknown.Status, unknown.Text) : default));

        var set = await api.Send("PUT", "/api/v1/metrics/my_metric", """{"type":"gauge","description":"random","short_name":"mm","unit":"byte","per_unit":"second","statsd_interval":10}"""u8.ToArray(), "application/json");
        Assert.Equal((200, """{"description":"random","short_name":"mm","integration":null,"statsd_interval":10,"per_unit":"second","type":"gauge","unit":"byte"}"""), (set.Status, set.Text));
        var cleared = await api.Send("PUT", "/api/v1/metrics/my_metric", """{"description":null}"""u8.ToArray(), "application/json");
        Assert.Equal("""{"description":null,"short_name":"mm","integration":null,"statsd_interval":10,"per_unit":"second","type":"gauge","unit":"byte"}""", cleared.Text);
        Assert.Equal("""{"errors":["type \"mood\" is not known. There are: gauge, count, rate, distribution."]}""", (await api.Send("PUT", "/api/v1/metrics/my_metric", """{"type":"mood"}"""u8.ToArray(), "application/json")).Text);

        async Task<string> Refused(string body) => (await api.Send("PUT", "/api/v1/metrics/my_metric", System.Text.Encoding.UTF8.GetBytes(body), "application/json")) is { Status: 400 } refused ? refused.Json.GetProperty("errors")[0].GetString()! : "";
        Assert.Equal("""unit "Milliseconds" is not known. Did you mean "millisecond"?""", await Refused("""{"unit":"Milliseconds"}"""));
        Assert.StartsWith("""per_unit "xyzzyxyzzy" is not known. There are: bit, byte, """, await Refused("""{"per_unit":"xyzzyxyzzy"}"""), StringComparison.Ordinal);
        foreach (var unit in (string[])["degree celsius", "hertz", "dollar", "pebibyte", "terrawatt"]) Assert.Equal("", await Refused($$"""{"unit":"{{unit}}"}"""));

        Assert.Equal("""{"results":{"metrics":["my_metric"]}}""", (await api.Get("/api/v1/search?q=metrics:MY_")).Text);
        Assert.Equal("""{"results":{"hosts":["box-1"]}}""", (await api.Get("/api/v1/search?q=hosts:box")).Text);
        Assert.Equal("""{"results":{"metrics":["other","sized"],"hosts":[]}}""".Replace("\"other\",\"sized\"", "\"old\"", StringComparison.Ordinal), (await api.Get("/api/v1/search?q=old")).Text);
        Assert.Equal("""{"errors":["The parameter 'q' is missing. Give a part of a name, such as q=metrics:my_ or q=hosts:box."]}""", (await api.Get("/api/v1/search")).Text);
    }

    [Fact]
    public async Task Keys_are_created_listed_and_revoked()
    {
        await using var api = await MetricsApiHost.Start();

        var created = await api.Post("/api/v2/api_keys", """{"data":{"type":"api_keys","attributes":{"name":"shop"}}}""");
        var key = created.Json.GetProperty("data").GetProperty("attributes").GetProperty("key").GetString()!;
        Assert.Equal((201, 32, "no-store"), (created.Status, key.Length, created.Headers["Cache-Control"]));
        Assert.Equal(403, (await api.Get("/api/v2/api_keys")).Status); // Any key was good until now.
        api.ApiKey = key;
        var application = (await api.Post("/api/v2/current_user/application_keys", """{"data":{"type":"application_keys","attributes":{"name":"me"}}}""")).Json.GetProperty("data").GetProperty("attributes").GetProperty("key").GetString()!;
        Assert.Equal(403, (await api.Get("/api/v2/application_keys")).Status);
        api.ApplicationKey = application;

        var list = await api.Get("/api/v2/api_keys");
        var data = list.Json.GetProperty("data")[0];
        Assert.DoesNotContain(key, list.Text, StringComparison.Ordinal);
        Assert.Equal(("shop", key[^4..], "2023-11-14T22:13:20+00:00"), (data.GetProperty("attributes").GetProperty("name").GetString(), data.GetProperty("attributes").GetProperty("last4").GetString(), data.GetProperty("attributes").GetProperty("created_at").GetString()));
        var id = data.GetProperty("id").GetString();
        Assert.Equal((409, true), (await api.Send("DELETE", $"/api/v2/api_keys/{id}", null, null) is var last ? (last.Status, last.Text.Contains("This is the last key of its kind", StringComparison.Ordinal)) : default));
        var second = api.Keys.Create(KeyKind.Api, "second", out var secret);
        Assert.Equal(204, (await api.Send("DELETE", $"/api/v2/api_keys/{id}", null, null)).Status);
        Assert.Equal(403, (await api.Get("/api/v2/api_keys")).Status);
        api.ApiKey = secret;
        Assert.Equal(404, (await api.Send("DELETE", $"/api/v2/api_keys/{id}", null, null)).Status);
        Assert.Equal("""{"errors":["A key needs a name of 1 to 200 characters, such as who uses it."]}""", (await api.Post("/api/v2/api_keys", "")).Text);
        Assert.Equal(second.Id, Assert.Single(api.Keys.All(KeyKind.Api)).Id);
    }

    [Fact]
    public async Task Reading_is_open_until_a_key_is_created_and_needs_both_kinds_from_then_on()
    {
        await using var api = await MetricsApiHost.Start();
        (api.ApiKey, api.ApplicationKey) = ("", "");
        Assert.Equal((200, "answered"), (await api.Get("/api/v1/query") is var open ? (open.Status, open.Text) : default));

        api.Keys.Create(KeyKind.Api, "k", out var key);
        api.Keys.Create(KeyKind.Application, "a", out var application);

        Assert.Equal((403, """{"errors":["API key required"]}"""), (await api.Get("/api/v1/query") is var none ? (none.Status, none.Text) : default));
        Assert.Equal((403, """{"errors":["Forbidden"]}"""), (await api.Get($"/api/v1/query?api_key={key}") is var half ? (half.Status, half.Text) : default));
        Assert.Equal(200, (await api.Get($"/api/v1/query?api_key={key}&application_key={application}")).Status);
        Assert.Equal(404, (await api.Get("/api/v1/queries")).Status); // Only whole parts of a path count.
    }
}
