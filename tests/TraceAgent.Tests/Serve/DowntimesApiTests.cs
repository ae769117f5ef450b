using System.Text.Json;
using Apm.Core.Monitors;

namespace Apm.TraceAgent.Tests.Serve;

public class DowntimesApiTests
{
    const long Now = MetricsApiHost.Now;

    static async Task<(MetricsApiHost Api, JsonElement Made)> WithOne(string body)
    {
        var api = await MetricsApiHost.Start();
        api.Rules.Add(new MonitorRule { Id = 9001, Type = "metric alert", Name = "My metric high", Query = "avg(last_5m):avg:my_metric{*} > 800", Tags = ["team:a"] });
        var made = await api.Post("/api/v1/downtime", body);
        Assert.True(made.Status == 200, made.Text);
        return (api, made.Json);
    }

    [Fact]
    public async Task The_walkthroughs_nights_by_version_1()
    {
        var (api, made) = await WithOne("""{"monitor_id":9001,"scope":"*","timezone":"America/New_York","message":"quiet nights @user@example.com","start":1730502000,"end":1730552400,"recurrence":{"type":"weeks","period":1,"week_days":["Mon","Tue","Wed","Thu","Fri"]}}""");
        await using var _ = api;

        var expected = """{"id":1,"uuid":"UUID","monitor_id":9001,"org_id":1,"start":1730502000,"end":1730552400,"canceled":null,"created":1700000000,"modified":1700000000,"message":"quiet nights @user@example.com","active":false,"disabled":false,"recurrence":{"type":"weeks","period":1,"week_days":["Mon","Tue","Wed","Thu","Fri"],"until_date":null,"until_occurrences":null},"timezone":"America/New_York","parent_id":null,"child_id":null,"creator_id":1,"updater_id":null,"downtime_type":0,"status":"scheduled","monitor_tags":["*"],"mute_first_recovery_notification":false,"notify_end_types":["expired"],"notify_end_states":["alert","no data","warn"],"scope":["*"],"active_child":null}""";
        Assert.Equal(expected, made.GetRawText().Replace(made.GetProperty("uuid").GetString()!, "UUID", StringComparison.Ordinal));
        Assert.Equal("[Downtime] Scheduled: *", Assert.Single(api.Outbox.All()).Subject);

        api.Clock.Advance(TimeSpan.FromSeconds(1_730_764_800 + 60 - Now));
        Assert.Equal((1_730_502_000, 1_730_552_400, false), await Times(api, "/api/v1/downtime/1"));
        Assert.Equal((1_730_764_800, 1_730_815_200, true), await Times(api, "/api/v1/downtime/2"));
        Assert.Equal(1, (await api.GetJson("/api/v1/monitor/9001/downtimes")).GetArrayLength());
        Assert.Equal(1, (await api.GetJson("/api/v1/downtime?current_only=true&with_creator=true")).GetArrayLength());
    }

    static string Line(JsonElement downtime) => $"{downtime.GetProperty("id")} {downtime.GetProperty("start")}–{downtime.GetProperty("end")} {downtime.GetProperty("status")} parent {downtime.GetProperty("parent_id").GetRawText()}"
        + (downtime.TryGetProperty("child_id", out var child) ? $" child {child.GetRawText()}" : "");

    [Fact]
    public async Task When_an_occurrence_is_over_its_record_is_closed_and_a_child_follows()
    {
        const long day = 86_400;
        var (api, made) = await WithOne($$$"""{"scope":"*","start":{{{Now}}},"end":{{{Now + 3600}}},"recurrence":{"type":"days","period":1,"until_occurrences":3}}""");
        await using var _ = api;
        await api.Post("/api/v1/downtime", """{"scope":"env:x"}""");
        Assert.Equal($"1 {Now}–{Now + 3600} active parent null child null", Line(made));

        api.Clock.Advance(TimeSpan.FromHours(2));
        var (first, child) = (await api.GetJson("/api/v1/downtime/1"), await api.GetJson("/api/v1/downtime/3"));
        Assert.Equal($"1 {Now}–{Now + 3600} ended parent null child 3", Line(first));
        Assert.Equal($"3 {Now + day}–{Now + day + 3600} scheduled parent 1 child null", Line(first.GetProperty("active_child")));
        Assert.Equal($"3 {Now + day}–{Now + day + 3600} scheduled parent 1 child null", Line(child));
        Assert.Equal(["3", "2"], (await api.GetJson("/api/v1/downtime")).EnumerateArray().Select(one => one.GetProperty("id").ToString())); // The current or next of each.

        // Sent back as it came, with another message: nothing of the series moves.
        var same = await api.Send("PUT", "/api/v1/downtime/3", System.Text.Encoding.UTF8.GetBytes($$"""{"message":"m","start":{{Now + day}},"end":{{Now + day + 3600}}}"""), "application/json");
        Assert.Equal($"3 {Now + day}–{Now + day + 3600} scheduled parent 1 child null", Line(same.Json));

        api.Clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal(["4", "2"], (await api.GetJson("/api/v1/downtime")).EnumerateArray().Select(one => one.GetProperty("id").ToString()));
        api.Clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal($"4 {Now + 2 * day}–{Now + 2 * day + 3600} ended parent 3 child null", Line(await api.GetJson("/api/v1/downtime/4"))); // The third and last.
        Assert.Equal($"3 {Now + day}–{Now + day + 3600} ended parent 1 child 4", Line(await api.GetJson("/api/v1/downtime/3")));
    }

    [Fact]
    public async Task Any_id_of_a_series_changes_and_cancels_all_of_it()
    {
        const long day = 86_400;
        var (api, _) = await WithOne($$$"""{"scope":"env:dev","start":{{{Now}}},"end":{{{Now + 3600}}},"recurrence":{"type":"days","period":1}}""");
        await using var owned = api;
        api.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(2, (await api.GetJson("/api/v1/downtime"))[0].GetProperty("id").GetInt32());

        var moved = await api.Send("PUT", "/api/v1/downtime/1", System.Text.Encoding.UTF8.GetBytes($$"""{"start":{{Now + 7200}},"end":{{Now + 9000}}}"""), "application/json");
        Assert.Equal($"2 {Now + 7200}–{Now + 9000} active parent 1 child null", Line(moved.Json.GetProperty("active_child")));

        Assert.Equal("""{"cancelled_ids":[2]}""", (await api.Post("/api/v1/downtime/cancel/by_scope", """{"scope":"env:dev"}""")).Text);
        Assert.Equal("canceled", (await api.GetJson("/api/v1/downtime/2")).GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, (await api.GetJson("/api/v1/downtime/1")).GetProperty("canceled").ValueKind); // It ran out before.
        api.Clock.Advance(TimeSpan.FromSeconds(2 * day));
        Assert.Equal(2, (await api.GetJson("/api/v1/downtime"))[0].GetProperty("id").GetInt32()); // No child of what is cancelled.
    }

    [Theory]
    [InlineData("null", "The body is null; send a JSON object, {\"name\": value, …}.")]
    [InlineData("[1]", "The body is a list; send a JSON object, {\"name\": value, …}.")]
    [InlineData("\"x\"", "The body is a text; send a JSON object, {\"name\": value, …}.")]
    [InlineData("[]", "The body is empty; send a JSON object, {\"name\": value, …}.")]
    [InlineData("", "The body is empty; send a JSON object, {\"name\": value, …}.")]
    public async Task A_body_that_is_no_object_is_said_to_be_none(string body, string error)
    {
        await using var api = await MetricsApiHost.Start();

        foreach (var path in (string[])["/api/v1/downtime", "/api/v1/monitor", "/api/v1/monitor/validate", "/api/v1/slo"])
        {
            var answer = await api.Post(path, body);
            Assert.Equal((400, error), (answer.Status, answer.Json.GetProperty("errors")[0].GetString()));
        }
    }

    [Fact]
    public async Task Downtimes_of_a_monitor_without_groups_are_those_that_its_query_fits()
    {
        await using var api = await MetricsApiHost.Start();
        api.Rules.Add(new MonitorRule { Id = 7, Type = "metric alert", Name = "M", Query = "avg(last_5m):avg:m{env:prod} > 800" });
        foreach (var scope in (string[])["env:prod", "env:dev", "*", "host:a"]) await api.Post("/api/v1/downtime", $$"""{"scope":"{{scope}}"}""");

        Assert.Equal(["env:prod", "*"], (await api.GetJson("/api/v1/monitor/7/downtimes")).EnumerateArray().Select(downtime => downtime.GetProperty("scope")[0].GetString()));
    }

    [Fact]
    public async Task A_monitor_is_deleted_inside_its_downtime_which_is_then_of_nothing()
    {
        await using var api = await MetricsApiHost.Start();
        var monitor = new MonitorRule { Id = 9001, Type = "metric alert", Name = "M", Query = "avg(last_5m):avg:m{*} > 800" };
        api.Rules.Add(monitor);
        var made = await api.Post("/api/v1/downtime", $$"""{"monitor_id":9001,"scope":"*","message":"quiet @user@example.com","end":{{Now + 600}}}""");

        api.Rules.Remove(monitor.Id);

        var after = await api.GetJson("/api/v1/downtime/1");
        Assert.Equal((9001, true), (after.GetProperty("monitor_id").GetInt32(), after.GetProperty("active").GetBoolean())); // The record of what was asked for.
        Assert.Equal(404, (await api.Get("/api/v1/monitor/9001/downtimes")).Status);
        Assert.Equal(404, (await api.Get("/api/v2/monitor/9001/downtime_matches")).Status);
        Assert.Equal(1, (await api.GetJson("/api/v2/downtime?include=monitor")).GetProperty("data").GetArrayLength());
        Assert.Equal(200, (await api.Send("PUT", "/api/v1/downtime/1", """{"message":"still @user@example.com"}"""u8.ToArray(), "application/json")).Status);
        Assert.Equal(204, (await api.Send("DELETE", "/api/v1/downtime/1", null, null)).Status);
        Assert.Contains("monitor 9001", api.Outbox.All().First(mail => mail.Subject == "[Downtime] Cancelled: *").Plain, StringComparison.Ordinal); // Its name is gone with it.
        Assert.Equal(200, made.Status);
    }

    [Fact]
    public async Task The_switch_that_mutes_all_is_a_downtime_too()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor/mute_all", "{}");

        var listed = Assert.Single((await api.GetJson("/api/v1/downtime?current_only=true")).EnumerateArray());
        Assert.Equal((0, "*", true, Now), (listed.GetProperty("id").GetInt32(), listed.GetProperty("scope")[0].GetString(), listed.GetProperty("active").GetBoolean(), listed.GetProperty("start").GetInt64()));

        Assert.Equal(204, (await api.Send("DELETE", "/api/v1/downtime/0", null, null)).Status);
        Assert.Equal(0, (await api.GetJson("/api/v1/downtime")).GetArrayLength());
        Assert.Equal(404, (await api.Send("DELETE", "/api/v1/downtime/0", null, null)).Status);
    }

    [Fact]
    public async Task A_match_names_the_groups_that_it_silences()
    {
        var (api, made) = await WithOne("""{"scope":"host:a"}""");
        await using var _ = api;
        api.Rules.Add(new MonitorRule { Id = 1, Type = "query alert", Name = "Many", Query = "avg(last_5m):avg:m{*} by {host} > 800", IsMulti = true });
        await api.Post("/api/v1/monitor", """{"type":"query alert","name":"Many","query":"avg(last_5m):avg:m{*} by {host} > 800"}""");
        foreach (var host in (string[])["a", "b"]) await api.Post("/api/v1/series", $$"""{"series":[{"metric":"m","points":[[{{Now - 60}},1]],"host":"{{host}}"}]}""");
        api.Monitors.Evaluate();

        var match = Assert.Single((await api.GetJson("/api/v2/monitor/1/downtime_matches")).GetProperty("data").EnumerateArray());

        Assert.Equal(made.GetProperty("uuid").GetString(), match.GetProperty("id").GetString());
        await api.Post("/api/v1/downtime", """{"scope":"host:c"}""");
        Assert.Equal(1, (await api.GetJson("/api/v2/monitor/1/downtime_matches")).GetProperty("data").GetArrayLength()); // There is no such host.
        Assert.Equal(["host:a"], match.GetProperty("attributes").GetProperty("groups").EnumerateArray().Select(group => group.GetString()));
    }

    static async Task<(long, long, bool)> Times(MetricsApiHost api, string path)
    {
        var downtime = await api.GetJson(path);
        return (downtime.GetProperty("start").GetInt64(), downtime.GetProperty("end").GetInt64(), downtime.GetProperty("active").GetBoolean());
    }

    [Fact]
    public async Task It_is_changed_in_part_and_cancelled_and_stays_listed()
    {
        var (api, made) = await WithOne("""{"scope":"env:dev,host:a","end":1700000600,"message":"m @user@example.com"}""");
        await using var _ = api;
        Assert.Equal(["env:dev", "host:a"], made.GetProperty("scope").EnumerateArray().Select(item => item.GetString()));
        Assert.True(made.GetProperty("active").GetBoolean());

        var changed = await api.Send("PUT", "/api/v1/downtime/1", """{"message":"other","notify_end_types":["canceled"],"scope":["host:b"]}"""u8.ToArray(), "application/json");
        Assert.Equal(("other", 1_700_000_600, 1), (changed.Json.GetProperty("message").GetString(), changed.Json.GetProperty("end").GetInt64(), changed.Json.GetProperty("downtime_type").GetInt32()));

        Assert.Equal(204, (await api.Send("DELETE", "/api/v1/downtime/1", null, null)).Status);
        Assert.Equal(204, (await api.Send("DELETE", "/api/v1/downtime/1", null, null)).Status);
        var after = await api.GetJson("/api/v1/downtime/1");
        Assert.Equal(("canceled", Now, false), (after.GetProperty("status").GetString(), after.GetProperty("canceled").GetInt64(), after.GetProperty("active").GetBoolean()));
        Assert.Equal(0, (await api.GetJson("/api/v1/downtime?current_only=true")).GetArrayLength());
        Assert.Equal(1, (await api.GetJson("/api/v1/downtime")).GetArrayLength());
    }

    [Theory]
    [InlineData("{}", "Invalid scope parameter")]
    [InlineData("""{"scope":"prod"}""", "Invalid scope parameter")]
    [InlineData("""{"scope":[]}""", "Invalid scope parameter")]
    [InlineData("""{"scope":"*","end":1700000600,"recurrence":{"type":"hourly","period":1}}""", "Invalid recurrence type")]
    [InlineData("""{"scope":"*","end":1700000600,"recurrence":{"type":"weeks","period":1,"week_days":["mon"]}}""", "Invalid set of days in week_days. Be sure that the first letter is capitalized.")]
    [InlineData("""{"scope":"*","end":1700000600,"recurrence":{"type":"days","period":1,"until_date":1800000000,"until_occurrences":3}}""", "You must provide only provide one of (until_occurrences, until_date)")]
    [InlineData("""{"scope":"*","recurrence":{"type":"days","period":1}}""", "A downtime that recurs needs an 'end': that of its first occurrence.")]
    [InlineData("""{"scope":"*","end":1700000600,"recurrence":{"type":"rrule","rrule":"FREQ=SECONDLY"}}""", "Invalid rrule: FREQ=SECONDLY is not known. There are: HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY.")]
    [InlineData("""{"scope":"*","end":1}""", "The downtime's 'end' must be after its 'start'.")]
    [InlineData("""{"scope":"*","timezone":"Mars"}""", "The parameter 'timezone' is no time zone: \"Mars\". Write a name such as America/New_York or UTC.")]
    [InlineData("""{"monitor_id":77}""", "Monitor not found")]
    [InlineData("""{"scope":"*","notify_end_states":["ok"]}""", "notify_end_states \"ok\" is not known. There are: alert, warn, no data.")]
    public async Task What_version_1_refuses(string body, string error)
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post("/api/v1/downtime", body);

        Assert.Equal((400, error), (answer.Status, answer.Json.GetProperty("errors")[0].GetString()));
    }

    [Fact]
    public async Task Those_of_a_scope_are_cancelled_together()
    {
        var (api, _) = await WithOne("""{"scope":"env:dev"}""");
        await using var owned = api;
        await api.Post("/api/v1/downtime", """{"scope":"env:prod"}""");

        Assert.Equal("""{"cancelled_ids":[1]}""", (await api.Post("/api/v1/downtime/cancel/by_scope", """{"scope":"env:dev"}""")).Text);
        var again = await api.Post("/api/v1/downtime/cancel/by_scope", """{"scope":"env:dev"}""");
        Assert.Equal((404, """{"errors":["No downtimes found"]}"""), (again.Status, again.Text));
        Assert.Equal("""{"errors":["Downtime 0 not found"]}""", (await api.Send("DELETE", "/api/v1/downtime/0", null, null)).Text);
        Assert.Equal("""{"errors":["Downtime not found"]}""", (await api.Get("/api/v1/downtime/0")).Text);
    }

    [Fact]
    public async Task Nights_by_version_2()
    {
        await using var api = await MetricsApiHost.Start();
        api.Rules.Add(new MonitorRule { Id = 9001, Type = "metric alert", Name = "My metric high", Query = "avg(last_5m):avg:my_metric{*} by {host} > 800", IsMulti = true });

        var made = await api.Post("/api/v2/downtime", """
            {"data":{"type":"downtime","attributes":{"message":"nights @user@example.com","monitor_identifier":{"monitor_id":9001},"scope":"env:prod AND NOT host:a","display_timezone":"America/New_York",
            "schedule":{"timezone":"America/New_York","recurrences":[{"start":"2024-05-01T19:00","duration":"14h","rrule":"FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR"}]}}}}
            """);

        Assert.True(made.Status == 200, made.Text);
        var (id, attributes) = (made.Json.GetProperty("data").GetProperty("id").GetString()!, made.Json.GetProperty("data").GetProperty("attributes"));
        Assert.Equal("""{"timezone":"America/New_York","recurrences":[{"start":"2024-05-01T19:00","duration":"14h","rrule":"FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR"}],"current_downtime":{"start":"2024-05-01T23:00:00+00:00","end":"2024-05-02T13:00:00+00:00"}}""", attributes.GetProperty("schedule").GetRawText());
        Assert.Equal(("scheduled", "2023-11-14T22:13:20.000000+00:00", JsonValueKind.Null), (attributes.GetProperty("status").GetString(), attributes.GetProperty("created").GetString(), attributes.GetProperty("canceled").ValueKind));
        Assert.Equal("9001", made.Json.GetProperty("data").GetProperty("relationships").GetProperty("monitor").GetProperty("data").GetProperty("id").GetString());

        var patched = await api.Send("PATCH", $"/api/v2/downtime/{id}", System.Text.Encoding.UTF8.GetBytes("""{"data":{"id":"ID","type":"downtime","attributes":{"schedule":{"start":null,"end":"2023-11-15T00:00:00+00:00"}}}}""".Replace("ID", id, StringComparison.Ordinal)), "application/json");
        Assert.Equal("""{"start":"2023-11-14T22:13:20.000000+00:00","end":"2023-11-15T00:00:00.000000+00:00"}""", patched.Json.GetProperty("data").GetProperty("attributes").GetProperty("schedule").GetRawText());
        Assert.Equal(1, (await api.GetJson("/api/v2/monitor/9001/downtime_matches")).GetProperty("meta").GetProperty("page").GetProperty("total_filtered_count").GetInt32());
        Assert.Equal("My metric high", (await api.GetJson("/api/v2/downtime?current_only=true&include=monitor")).GetProperty("included")[0].GetProperty("attributes").GetProperty("name").GetString());

        Assert.Equal(204, (await api.Send("DELETE", $"/api/v2/downtime/{id}", null, null)).Status);
        Assert.Equal("canceled", (await api.GetJson($"/api/v2/downtime/{id}")).GetProperty("data").GetProperty("attributes").GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("""{"monitor_identifier":{"monitor_tags":["*"]},"scope":"prod"}""", "All values must have a key")]
    [InlineData("""{"monitor_identifier":{"monitor_tags":["*"]},"scope":"*","x":1}""", "Additional properties are not allowed ('x' was unexpected)")]
    [InlineData("""{"monitor_identifier":{"monitor_tags":["*"]},"scope":"*","schedule":{"start":"2024-05-01T19:00:00+02:00"}}""", "data.attributes.schedule.start \"2024-05-01T19:00:00+02:00\" must be a time with the offset zero, such as 2024-05-01T19:00:00+00:00.")]
    [InlineData("""{"monitor_identifier":{"monitor_tags":["*"]},"scope":"*","schedule":{"recurrences":[{"duration":"1 hour","rrule":"FREQ=DAILY"}]}}""", "data.attributes.schedule.recurrences[0].duration \"1 hour\" must be a whole number and m, h, d or w, such as 14h.")]
    [InlineData("""{"monitor_identifier":{"monitor_tags":["*"]},"scope":"*","schedule":{"recurrences":[]}}""", "schedule.recurrences must have 1 to 5 entries.")]
    [InlineData("""{"monitor_identifier":{},"scope":"*"}""", "monitor_identifier needs a monitor_id or monitor_tags; [\"*\"] is every monitor.")]
    public async Task What_version_2_refuses(string attributes, string error)
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post("/api/v2/downtime", """{"data":{"type":"downtime","attributes":""" + attributes + "}}");

        Assert.Equal((400, error), (answer.Status, answer.Json.GetProperty("errors")[0].GetString()));
        Assert.Equal("""{"errors":["Invalid URL param: downtime_id must be an uuid"]}""", (await api.Get("/api/v2/downtime/5")).Text);
        Assert.Equal((404, """{"errors":["Downtime not found"]}"""), ((await api.Get("/api/v2/downtime/00000000-0000-0000-0000-000000000009")).Status, (await api.Get("/api/v2/downtime/00000000-0000-0000-0000-000000000009")).Text));
    }

    const string OneOfVersion2 = """{"data":{"type":"downtime","attributes":{"monitor_identifier":{"monitor_tags":["*"]},"scope":"SCOPE"MORE}}}""";

    static async Task<JsonElement> MakeV2(MetricsApiHost api, string scope, string more = "")
    {
        var made = await api.Post("/api/v2/downtime", OneOfVersion2.Replace("SCOPE", scope, StringComparison.Ordinal).Replace("MORE", more, StringComparison.Ordinal));
        Assert.True(made.Status == 200, made.Text);
        return made.Json.GetProperty("data").GetProperty("attributes");
    }

    [Fact]
    public async Task Version_2_gives_back_what_was_sent_as_it_was_sent()
    {
        await using var api = await MetricsApiHost.Start();

        var without = await MakeV2(api, "env:(staging OR prod) AND datacenter:us-east-1", ""","schedule":{"timezone":"UTC","recurrences":[{"start":"2027-01-01T02:00:00","duration":"60m","rrule":"FREQ=DAILY"}]}""");
        Assert.Equal(("env:(staging OR prod) AND datacenter:us-east-1", JsonValueKind.Null, "2027-01-01T02:00:00"),
            (without.GetProperty("scope").GetString(), without.GetProperty("message").ValueKind, without.GetProperty("schedule").GetProperty("recurrences")[0].GetProperty("start").GetString()));
        Assert.Equal("", (await MakeV2(api, "env:dev", ""","message":"" """)).GetProperty("message").GetString());
        Assert.Equal(JsonValueKind.Null, (await MakeV2(api, "env:dev", ""","message":null""")).GetProperty("message").ValueKind);
        Assert.Equal("m", (await MakeV2(api, "env:dev", ""","message":"m" """)).GetProperty("message").GetString());
    }

    [Fact]
    public async Task The_maker_of_a_downtime_has_a_name()
    {
        var (api, _) = await WithOne("""{"scope":"env:dev"}""");
        await using var owned = api;

        Assert.Equal("""{"handle":"apm@localhost","name":"apm@localhost","email":"apm@localhost"}""", (await api.GetJson("/api/v2/downtime")).GetProperty("included")[0].GetProperty("attributes").GetRawText());
        Assert.Equal("apm@localhost", (await api.GetJson("/api/v1/downtime?with_creator=true"))[0].GetProperty("creator").GetProperty("handle").GetString());
    }

    [Fact]
    public async Task Matches_have_pages_that_end()
    {
        await using var api = await MetricsApiHost.Start();
        api.Rules.Add(new MonitorRule { Id = 7, Type = "metric alert", Name = "M", Query = "avg(last_5m):avg:m{env:prod} > 800" });
        foreach (var scope in (string[])["*", "env:prod", "env:p*"]) await MakeV2(api, scope);

        async Task<string> Scopes(string page)
        {
            var answer = await api.GetJson($"/api/v2/monitor/7/downtime_matches?{page}");
            Assert.Equal(3, answer.GetProperty("meta").GetProperty("page").GetProperty("total_filtered_count").GetInt32());
            return string.Join(' ', answer.GetProperty("data").EnumerateArray().Select(match => match.GetProperty("attributes").GetProperty("scope").GetString()));
        }
        Assert.Equal("*", await Scopes("page[limit]=1"));
        Assert.Equal("env:prod env:p*", await Scopes("page[limit]=2&page[offset]=1"));
        Assert.Equal("", await Scopes("page[limit]=2&page[offset]=3"));
    }

    [Fact]
    public async Task A_monitor_tells_the_downtimes_of_its_groups_and_is_searched_by_them()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", """{"type":"query alert","name":"Many","query":"avg(last_5m):avg:m{*} by {host} > 800"}""");
        foreach (var host in (string[])["box-1", "box-2"]) await api.Post("/api/v1/series", $$"""{"series":[{"metric":"m","points":[[{{Now - 60}},1]],"host":"{{host}}"}]}""");
        await api.Post("/api/v1/tags/hosts/box-2", """{"tags":["env:dev"]}""");
        api.Monitors.Evaluate();
        async Task<string> Matching() => (await api.GetJson("/api/v1/monitor/1?with_downtimes=true")).GetProperty("matching_downtimes").GetRawText();
        async Task<string> Muted(string path, string of) => string.Join(' ', (await api.GetJson($"{path}?query=muted:true")).GetProperty(of).EnumerateArray().Select(one => one.GetProperty(of == "groups" ? "group" : "name").GetString()));
        Assert.Equal(("[]", "", ""), (await Matching(), await Muted("/api/v1/monitor/search", "monitors"), await Muted("/api/v1/monitor/groups/search", "groups")));

        await api.Post("/api/v1/downtime", """{"scope":["host:box-1"]}""");
        await api.Post("/api/v1/downtime", $$"""{"scope":"env:dev","end":{{Now + 600}}}"""); // A tag of the other host.
        await api.Post("/api/v1/downtime", """{"scope":"host:box-3"}""");

        Assert.Equal($$"""[{"id":1,"scope":["host:box-1"],"start":{{Now}},"end":null},{"id":2,"scope":["env:dev"],"start":{{Now}},"end":{{Now + 600}}}]""", await Matching());
        Assert.Equal(await Matching(), (await api.GetJson("/api/v1/monitor?with_downtimes=true"))[0].GetProperty("matching_downtimes").GetRawText());
        await api.Send("DELETE", "/api/v1/downtime/2", null, null);
        Assert.Equal(("Many", "host:box-1"), (await Muted("/api/v1/monitor/search", "monitors"), await Muted("/api/v1/monitor/groups/search", "groups")));
        Assert.Equal("[true]", JsonSerializer.Serialize((await api.GetJson("/api/v1/monitor/search")).GetProperty("counts").GetProperty("muted").EnumerateArray().Select(count => count.GetProperty("name").GetBoolean())));

        await api.Send("DELETE", "/api/v1/downtime/1", null, null);
        await api.Post("/api/v1/host/box-2/mute", "{}");
        Assert.Equal(("Many", "host:box-2"), (await Muted("/api/v1/monitor/search", "monitors"), await Muted("/api/v1/monitor/groups/search", "groups")));
        await api.Post("/api/v1/host/box-2/unmute", "{}");
        await api.Post("/api/v1/monitor/1/mute", "{}"); // Stands in the options, and has no id.
        Assert.Equal(("[]", "Many"), (await Matching(), await Muted("/api/v1/monitor/search", "monitors")));
    }
}
