using System.Text;
using System.Text.Json;

namespace Apm.TraceAgent.Tests.Serve;

/// <summary>Objectives by Datadog's API.</summary>
public sealed class SloApiTests : IAsyncLifetime
{
    const long Now = MetricsApiHost.Now;
    const string Requests = """{"type":"metric","name":"Answers","tags":["team:a"],"thresholds":[{"timeframe":"7d","target":99,"warning":99.5}],"query":{"numerator":"sum:good{*}.as_count()","denominator":"sum:all{*}.as_count()"}}""";

    MetricsApiHost _api = null!;

    public async Task InitializeAsync() => _api = await MetricsApiHost.Start();

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task An_objective_is_made_read_changed_and_deleted()
    {
        var made = await _api.Post("/api/v1/slo", Requests);
        var id = IdOf(made);

        var data = $$$"""{"id":"{{{id}}}","name":"Answers","description":"","tags":["team:a"],"type":"metric","type_id":1,"query":{"numerator":"sum:good{*}.as_count()","denominator":"sum:all{*}.as_count()"},"thresholds":[{"timeframe":"7d","target":99,"target_display":"99.0","warning":99.5,"warning_display":"99.5"}],"timeframe":"7d","target_threshold":99,"warning_threshold":99.5,"monitor_tags":[],"creator":{"name":"apm@localhost","handle":"apm@localhost","email":"apm@localhost"},"created_at":{{{Now}}},"modified_at":{{{Now}}}}""";
        Assert.Equal((200, $$"""{"data":[{{data}}],"errors":[]}"""), (made.Status, made.Text));
        Assert.Equal($$$"""{"data":{{{data}}},"errors":[]}""", (await _api.Get($"/api/v1/slo/{id}")).Text);
        Assert.Equal("{\"data\":[" + data + """],"errors":[],"metadata":{"page":{"total_count":1,"total_filtered_count":1}}}""", (await _api.Get("/api/v1/slo?query=answers&tags_query=team:a&metrics_query=good")).Text);
        Assert.Equal(0, (await _api.GetJson("/api/v1/slo?query=other")).GetProperty("data").GetArrayLength());

        var changed = await Send("PUT", $"/api/v1/slo/{id}", """{"name":"Other","thresholds":[{"timeframe":"30d","target":99.9}]}""");
        Assert.Equal(("Other", "30d", 99.9), (Data(changed).GetProperty("name").GetString(), Data(changed).GetProperty("timeframe").GetString(), Data(changed).GetProperty("target_threshold").GetDouble()));
        Assert.Equal("sum:good{*}.as_count()", Data(changed).GetProperty("query").GetProperty("numerator").GetString());

        Assert.Equal((200, $$"""{"data":{"ok":["{{id}}"]},"errors":null}"""), Short(await _api.Get($"/api/v1/slo/can_delete?ids={id}")));
        Assert.Equal((200, $$"""{"data":["{{id}}"],"errors":null}"""), Short(await Send("DELETE", $"/api/v1/slo/{id}", null)));
        Assert.Equal((404, $$"""{"errors":["SLO with id \"{{id}}\" not found"]}"""), Short(await _api.Get($"/api/v1/slo/{id}")));
    }

    [Fact]
    public async Task Slices_and_monitors_come_back_as_they_were_sent()
    {
        const string specification = """{"time_slice":{"comparator":"<","threshold":0.5,"query_interval_seconds":60,"query":{"formulas":[{"formula":"q1 / q2"}],"queries":[{"data_source":"metrics","name":"q1","query":"sum:a{*}"},{"data_source":"metrics","name":"q2","query":"sum:b{*}"}]}}}""";
        var slices = await _api.Post("/api/v1/slo", $$$"""{"type":"time_slice","name":"Quick","timeframe":"7d","target_threshold":95,"sli_specification":{{{specification}}}}""");
        Assert.Equal(specification, Data(slices).GetProperty("sli_specification").GetRawText());

        await _api.Post("/api/v1/monitor", """{"type":"metric alert","name":"M","query":"avg(last_5m):avg:m{*} > 1"}""");
        var monitors = await _api.Post("/api/v1/slo", """{"type":"monitor","name":"Up","timeframe":"7d","target_threshold":95,"monitor_ids":[1]}""");
        Assert.Equal("[1]", Data(monitors).GetProperty("monitor_ids").GetRawText());
        Assert.Equal((409, $$$"""{"data":{"ok":[]},"errors":{"1":["monitor [1,M] is referenced in slos: [{{{IdOf(monitors)}}},Up]"]}}"""), Short(await _api.Get("/api/v1/monitor/can_delete?monitor_ids=1")));
        await _api.Post("/api/v1/monitor", $$"""{"type":"slo alert","name":"W","query":"error_budget(\"{{IdOf(monitors)}}\").over(\"7d\") > 75"}""");
        Assert.Equal((409, $$"""{"errors":["slo [{{IdOf(monitors)}},Up] is referenced in monitors: [2,W]"]}"""), Short(await Send("DELETE", $"/api/v1/slo/{IdOf(monitors)}", null)));
        Assert.Equal(200, (await Send("DELETE", $"/api/v1/slo/{IdOf(monitors)}?force=true", null)).Status);
    }

    [Fact]
    public async Task A_history_has_the_share_the_budget_and_the_numbers()
    {
        var id = IdOf(await _api.Post("/api/v1/slo", Requests));
        await Count("all", 1_000);
        await Count("good", 995);

        var data = (await _api.GetJson($"/api/v1/slo/{id}/history?from_ts={Now - 3_600}&to_ts={Now}")).GetProperty("data");

        Assert.Equal((Now - 3_600, Now, "metric"), (data.GetProperty("from_ts").GetInt64(), data.GetProperty("to_ts").GetInt64(), data.GetProperty("type").GetString()));
        Assert.Equal("""{"name":"Answers","sli_value":99.5,"span_precision":4,"precision":{"7d":4},"error_budget_remaining":{"7d":50}}""", data.GetProperty("overall").GetRawText());
        Assert.Equal((995, 1_000), (data.GetProperty("series").GetProperty("numerator").GetProperty("sum").GetDouble(), data.GetProperty("series").GetProperty("denominator").GetProperty("sum").GetDouble()));
        Assert.Equal(data.GetProperty("series").GetProperty("times").GetArrayLength(), data.GetProperty("series").GetProperty("numerator").GetProperty("values").GetArrayLength());
        Assert.Equal(75, (await _api.GetJson($"/api/v1/slo/{id}/history?from_ts={Now - 3_600}&to_ts={Now}&target=98")).GetProperty("data").GetProperty("overall").GetProperty("error_budget_remaining").GetProperty("7d").GetDouble());
        Assert.Equal((400, """{"errors":["The parameter 'to_ts' must be after 'from_ts', and 'from_ts' in the past."]}"""), Short(await _api.Get($"/api/v1/slo/{id}/history?from_ts={Now + 60}&to_ts={Now + 120}")));
    }

    [Fact]
    public async Task A_history_has_its_groups_and_its_monitors()
    {
        var grouped = IdOf(await _api.Post("/api/v1/slo", Requests.Replace("{*}", "{*} by {env}", StringComparison.Ordinal)));
        await Count("all", 1_000, "env:prod");
        await Count("good", 990, "env:prod");
        await Count("all", 100, "env:dev");
        await Count("good", 100, "env:dev");
        await _api.Post("/api/v1/monitor", """{"type":"metric alert","name":"M","query":"avg(last_5m):avg:m{*} > 1"}""");
        var monitors = IdOf(await _api.Post("/api/v1/slo", """{"type":"monitor","name":"Up","timeframe":"7d","target_threshold":95,"monitor_ids":[1]}"""));

        var data = (await _api.GetJson($"/api/v1/slo/{grouped}/history?from_ts={Now - 3_600}&to_ts={Now}")).GetProperty("data");
        Assert.Equal("""["env"]""", data.GetProperty("group_by").GetRawText());
        Assert.Equal("""[{"group":"env:dev","name":"env:dev","sli_value":100,"span_precision":4,"precision":{"7d":4},"error_budget_remaining":{"7d":100}},{"group":"env:prod","name":"env:prod","sli_value":99,"span_precision":4,"precision":{"7d":4},"error_budget_remaining":{"7d":0}}]""", data.GetProperty("groups").GetRawText());
        var part = Assert.Single((await _api.GetJson($"/api/v1/slo/{monitors}/history?from_ts={Now - 3_600}&to_ts={Now}")).GetProperty("data").GetProperty("monitors").EnumerateArray());
        Assert.Equal(("M", 1, "metric alert", Now), (part.GetProperty("name").GetString(), part.GetProperty("id").GetInt32(), part.GetProperty("monitor_type").GetString(), part.GetProperty("monitor_modified").GetInt64()));
    }

    [Fact]
    public async Task Groups_of_a_monitor_come_back_and_the_history_has_each()
    {
        foreach (var (host, load) in new[] { ("a", 1), ("b", 9) })
            Assert.Equal(202, (await _api.Post("/api/v1/series", $$"""{"series":[{"metric":"load","points":[[{{Now - 60}},{{load}}]],"host":"{{host}}","tags":["env:p"]}]}""")).Status);
        await _api.Post("/api/v1/monitor", """{"type":"query alert","name":"M","query":"avg(last_5m):avg:load{*} by {host,env} > 5"}""");
        _api.Monitors.Evaluate();
        var made = await _api.Post("/api/v1/slo", """{"type":"monitor","name":"Up","timeframe":"7d","target_threshold":95,"monitor_ids":[1],"groups":["env:p,host:b","host:a,env:p"]}""");
        var id = IdOf(made);

        Assert.Equal("""["host:b,env:p","host:a,env:p"]""", Data(made).GetProperty("groups").GetRawText());
        var data = (await _api.GetJson($"/api/v1/slo/{id}/history?from_ts={Now - 3_600}&to_ts={Now}")).GetProperty("data");
        Assert.Equal("""["host","env"]""", data.GetProperty("group_by").GetRawText());
        Assert.False(data.TryGetProperty("monitors", out _));
        Assert.Equal(["host:b,env:p", "host:a,env:p"], data.GetProperty("groups").EnumerateArray().Select(group => group.GetProperty("group").GetString()));
        Assert.StartsWith("""{"group":"host:b,env:p","name":"host:b,env:p","sli_value":""", data.GetProperty("groups")[0].GetRawText(), StringComparison.Ordinal);

        var renamed = await Send("PUT", $"/api/v1/slo/{id}", """{"name":"Other"}""");
        Assert.Equal(2, Data(renamed).GetProperty("groups").GetArrayLength());
        Assert.Equal((400, """{"errors":["Monitor 1 has no group \"host:c,env:p\". It has: host:a,env:p; host:b,env:p."]}"""), Short(await Send("PUT", $"/api/v1/slo/{id}", """{"groups":["host:c,env:p"]}""")));
        Assert.Equal((400, """{"errors":["The group \"host:a\" does not say what monitor 1 is grouped by: host, env. Write it as \"host:\u2026,env:\u2026\"."]}""".Replace("\\u2026", "…", StringComparison.Ordinal)), Short(await Send("PUT", $"/api/v1/slo/{id}", """{"groups":["host:a"]}""")));
        Assert.False(Data(await Send("PUT", $"/api/v1/slo/{id}", """{"groups":[]}""")).TryGetProperty("groups", out _));
    }

    [Fact]
    public async Task Corrections_are_made_read_changed_deleted_and_taken_from_the_budget()
    {
        var id = IdOf(await _api.Post("/api/v1/slo", Requests));
        await Count("all", 1_000);
        await Count("good", 990);
        async Task<double?> Share(string more = "") => (await _api.GetJson($"/api/v1/slo/{id}/history?from_ts={Now - 3_600}&to_ts={Now}{more}")).GetProperty("data").GetProperty("overall").GetProperty("sli_value") is { ValueKind: JsonValueKind.Number } share ? share.GetDouble() : null;
        Assert.Equal(99, await Share());

        var made = await _api.Post("/api/v1/slo/correction", $$$$"""{"data":{"type":"correction","attributes":{"slo_id":"{{{{id}}}}","category":"Scheduled Maintenance","description":"d","start":{{{{Now - 900}}}},"end":{{{{Now - 300}}}},"timezone":"UTC"}}}""");
        var correction = made.Json.GetProperty("data").GetProperty("id").GetString();
        Assert.Equal((200, """{"data":{"id":"CORRECTION","type":"correction","attributes":{"slo_id":"SLO","category":"Scheduled Maintenance","description":"d","start":FROM,"end":TO,"duration":null,"rrule":null,"timezone":"UTC","created_at":NOW,"modified_at":NOW,"creator":{"data":{"type":"users","id":"apm@localhost","attributes":{"name":"apm@localhost","handle":"apm@localhost","email":"apm@localhost"}}}}}}""".Replace("CORRECTION", correction, StringComparison.Ordinal).Replace("SLO", id, StringComparison.Ordinal).Replace("FROM", $"{Now - 900}", StringComparison.Ordinal).Replace("TO", $"{Now - 300}", StringComparison.Ordinal).Replace("NOW", $"{Now}", StringComparison.Ordinal)), Short(made));
        Assert.Null(await Share()); // All that came is in it.
        Assert.Equal(99, await Share("&apply_correction=false"));
        Assert.Equal(made.Text, (await _api.Get($"/api/v1/slo/correction/{correction}")).Text);
        foreach (var list in (string[])["/api/v1/slo/correction", $"/api/v1/slo/{id}/corrections"]) Assert.Equal(1, (await _api.GetJson(list)).GetProperty("meta").GetProperty("page").GetProperty("total_count").GetInt32());

        var changed = await Send("PATCH", $"/api/v1/slo/correction/{correction}", """{"data":{"type":"correction","attributes":{"category":"Other","rrule":"FREQ=DAILY","duration":60}}}""");
        Assert.Equal(("Other", JsonValueKind.Null, 60, "FREQ=DAILY"), (Attribute(changed, "category").GetString(), Attribute(changed, "end").ValueKind, Attribute(changed, "duration").GetInt32(), Attribute(changed, "rrule").GetString()));
        Assert.Equal(99, await Share());
        Assert.Equal((204, ""), Short(await Send("DELETE", $"/api/v1/slo/correction/{correction}", null)));
        Assert.Equal((404, $$"""{"errors":["SLO correction with id \"{{correction}}\" not found"]}"""), Short(await _api.Get($"/api/v1/slo/correction/{correction}")));
    }

    static JsonElement Attribute(ApiAnswer answer, string name) => answer.Json.GetProperty("data").GetProperty("attributes").GetProperty(name);

    [Theory]
    [InlineData("""{}""", "data.attributes.slo_id is required: the id of an objective, as GET /api/v1/slo gives it.")]
    [InlineData("""{"slo_id":"ID"}""", "data.attributes.category is required: Scheduled Maintenance, Outside Business Hours, Deployment, Other.")]
    [InlineData("""{"slo_id":"ID","category":"Lunch","start":1,"end":2}""", "data.attributes.category: \"Lunch\" is not known. There are: Scheduled Maintenance, Outside Business Hours, Deployment, Other.")]
    [InlineData("""{"slo_id":"ID","category":"Other"}""", "data.attributes.start is required, in Unix seconds.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":1}""", "data.attributes.end: It is required, in Unix seconds; or rrule and duration for one that recurs.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"end":5}""", "data.attributes.end: It must be after the start.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"end":7948805.5}""", "data.attributes.end must be a whole number of seconds, such as 1700000000.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"end":7948806}""", "data.attributes.end: A correction lasts at most 92 days, as far as objectives look.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"rrule":"FREQ=DAILY"}""", "data.attributes.duration: It is required with rrule: how many seconds each time lasts, from 1 to 7948800.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"rrule":"FREQ=DAILY","duration":0}""", "data.attributes.duration: Each time must last a second or more.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"rrule":"FREQ=DAILY","duration":7948801}""", "data.attributes.duration: A correction lasts at most 92 days, as far as objectives look.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"rrule":"FREQ=HOURLY;BYMINUTE=0,20,40","duration":5}""", "data.attributes.rrule: It may come 72 times a day; at most 48 are taken together. Write fewer and longer times.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"end":9,"duration":5}""", "data.attributes.duration: It goes with rrule only: write end.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"end":9,"rrule":"FREQ=DAILY","duration":5}""", "data.attributes.end: It does not go with rrule: write duration, in seconds, for each time.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"rrule":"FREQ=NEVER","duration":5}""", "data.attributes.rrule: Invalid rrule: FREQ=NEVER is not known. There are: HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"rrule":"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30","duration":5}""", "data.attributes.rrule: No time fits it, so nothing would ever be corrected.")]
    [InlineData("""{"slo_id":"ID","category":"Other","start":5,"end":9,"timezone":"Mars"}""", "data.attributes.timezone: \"Mars\" is no time zone. Write a name such as America/New_York or UTC.")]
    public async Task Wrong_corrections_are_refused(string attributes, string sentence)
    {
        var id = IdOf(await _api.Post("/api/v1/slo", Requests));

        var answer = await _api.Post("/api/v1/slo/correction", $$$"""{"data":{"type":"correction","attributes":{{{attributes.Replace("ID", id, StringComparison.Ordinal)}}}}}""");

        Assert.Equal((400, sentence), (answer.Status, answer.Json.GetProperty("errors")[0].GetString()));
    }

    [Fact]
    public async Task A_search_finds_them_with_how_they_stand()
    {
        var id = IdOf(await _api.Post("/api/v1/slo", Requests));
        await _api.Post("/api/v1/slo", Requests.Replace("Answers", "Others", StringComparison.Ordinal).Replace("team:a", "team:b", StringComparison.Ordinal));
        await Count("all", 1_000);
        await Count("good", 992);

        var found = await _api.GetJson("/api/v1/slo/search?query=answers team:a type:metric -type:monitor&page[size]=1&include_facets=true");

        var slo = Assert.Single(found.GetProperty("data").GetProperty("attributes").GetProperty("slos").EnumerateArray()).GetProperty("data");
        Assert.Equal(id, slo.GetProperty("id").GetString());
        Assert.Equal($$$"""{"calculation_error":null,"error_budget_remaining":20,"raw_error_budget_remaining":{"unit":"requests","value":2},"indexed_at":{{{Now}}},"span_precision":4,"state":"warning","sli":99.2}""", slo.GetProperty("attributes").GetProperty("status").GetRawText());
        Assert.Equal("7d", slo.GetProperty("attributes").GetProperty("overall_status")[0].GetProperty("timeframe").GetString());
        Assert.Equal("""[{"name":"team:a","count":1}]""", found.GetProperty("data").GetProperty("attributes").GetProperty("facets").GetProperty("team_tags").GetRawText());
        var second = await _api.GetJson("/api/v1/slo/search?page[size]=1&page[number]=1");
        Assert.Equal((2, 0, JsonValueKind.Null), (second.GetProperty("meta").GetProperty("pagination").GetProperty("total").GetInt32(), second.GetProperty("meta").GetProperty("pagination").GetProperty("prev_number").GetInt32(), second.GetProperty("links").GetProperty("next").ValueKind));
        Assert.Equal(0, (await _api.GetJson("/api/v1/slo/search?query=team:c")).GetProperty("meta").GetProperty("pagination").GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Several_are_deleted_at_once()
    {
        var (one, two, watched) = (IdOf(await _api.Post("/api/v1/slo", Requests)), IdOf(await _api.Post("/api/v1/slo", Requests)), IdOf(await _api.Post("/api/v1/slo", Requests)));
        await _api.Post("/api/v1/monitor", $$"""{"type":"slo alert","name":"W","query":"error_budget(\"{{watched}}\").over(\"7d\") > 75"}""");

        Assert.Equal((404, """{"errors":["SLO with id \"none\" not found"]}"""), Short(await Send("DELETE", "/api/v1/slo", $$"""{"ids":["{{one}}","none"]}""")));
        Assert.Equal((200, $$$"""{"data":["{{{one}}}"],"errors":{}}"""), Short(await Send("DELETE", "/api/v1/slo", $$"""{"ids":["{{one}}"]}""")));
        Assert.Equal((409, $$$"""{"data":["{{{two}}}"],"errors":{"{{{watched}}}":"slo [{{{watched}}},Answers] is referenced in monitors: [1,W]"}}"""), Short(await Send("DELETE", "/api/v1/slo", $$"""{"ids":["{{watched}}","{{two}}"]}""")));
        Assert.Equal(400, (await Send("DELETE", "/api/v1/slo", "{}")).Status);
    }

    [Fact]
    public async Task Targets_are_deleted_in_bulk_and_objectives_without_any_go()
    {
        var both = IdOf(await _api.Post("/api/v1/slo", Requests.Replace("}],", "},{\"timeframe\":\"30d\",\"target\":99}],", StringComparison.Ordinal)));
        var one = IdOf(await _api.Post("/api/v1/slo", Requests));

        var answer = await _api.Post("/api/v1/slo/bulk_delete", $$"""{"{{both}}":["7d"],"{{one}}":["7d"],"none":["7d"]}""");

        Assert.Equal((200, $$$"""{"data":{"deleted":["{{{one}}}"],"updated":["{{{both}}}"]},"errors":[{"id":"none","message":"SLO with id \"none\" not found","timeframe":"7d"}]}"""), Short(answer));
        Assert.Equal("30d", (await _api.GetJson($"/api/v1/slo/{both}")).GetProperty("data").GetProperty("timeframe").GetString());
        Assert.Equal(404, (await _api.Get($"/api/v1/slo/{one}")).Status);
    }

    [Theory]
    [InlineData("""{"name":"x"}""", "The parameter 'type' is required: metric, monitor, time_slice.")]
    [InlineData("""{"type":"metric","thresholds":[{"timeframe":"7d","target":99}]}""", "The parameter 'name' is required.")]
    [InlineData("""{"type":"metric","name":"x"}""", "The parameter 'thresholds' is required: at least one, such as {\"timeframe\":\"30d\",\"target\":99.9}.")]
    [InlineData("""{"type":"metric","name":"x","thresholds":[{"timeframe":"8d","target":99}]}""", "thresholds[0].timeframe \"8d\" is not known. There are: 7d, 30d, 90d.")]
    [InlineData("""{"type":"metric","name":"x","thresholds":[{"timeframe":"7d"}]}""", "thresholds[0].target is required, in percent, such as 99.9.")]
    [InlineData("""{"type":"metric","name":"x","thresholds":[{"timeframe":"7d","target":99}],"query":{"numerator":"sum:a{*"}}""", "query.numerator: The \"{\" at column 6 is not closed. Add \"}\" where the list ends.")]
    [InlineData("""{"type":"monitor","name":"x","thresholds":[{"timeframe":"7d","target":99}],"monitor_ids":[7]}""", "There is no monitor 7. Name monitors by the ids that GET /api/v1/monitor gives.")]
    [InlineData("""{"type":"monitor","name":"x","thresholds":[{"timeframe":"7d","target":99}],"monitor_ids":["7"]}""", "monitor_ids must be a list of numbers.")]
    [InlineData("""{"type":"monitor","name":"x","thresholds":[{"timeframe":"7d","target":99}],"monitor_ids":[7],"groups":"a:b"}""", "groups must be a list of texts.")]
    [InlineData("""{"type":"metric","name":"x","groups":["a:b"]}""", "groups belongs to objectives of monitors. Group the queries instead, as in sum:hits{*} by {env}.as_count(): the history has each group.")]
    [InlineData("""{"type":"time_slice","name":"x","thresholds":[{"timeframe":"7d","target":99}],"sli_specification":{"time_slice":{"comparator":"<","threshold":1,"query":{"queries":[]}}}}""", "sli_specification.time_slice.query.queries is required: at least one {\"data_source\":\"metrics\",\"name\":\"query1\",\"query\":\"…\"}.")]
    public async Task What_is_wrong_is_said(string body, string sentence)
    {
        var answer = await _api.Post("/api/v1/slo", body);

        Assert.Equal((400, sentence), (answer.Status, answer.Json.GetProperty("errors")[0].GetString()));
    }

    async Task Count(string metric, int value, string tag = "a:b") =>
        Assert.Equal(202, (await _api.Post("/api/v1/series", $$"""{"series":[{"metric":"{{metric}}","type":"count","interval":10,"points":[[{{Now - 600}},{{value}}]],"tags":["{{tag}}"]}]}""")).Status);

    Task<ApiAnswer> Send(string method, string path, string? body) => _api.Send(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), body is null ? null : "application/json");

    static JsonElement Data(ApiAnswer answer) => answer.Json.GetProperty("data")[0];

    static string IdOf(ApiAnswer answer) => Data(answer).GetProperty("id").GetString()!;

    static (int, string) Short(ApiAnswer answer) => (answer.Status, answer.Text);
}
