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

    [Theory]
    [InlineData("""{"name":"x"}""", "The parameter 'type' is required: metric, monitor, time_slice.")]
    [InlineData("""{"type":"metric","thresholds":[{"timeframe":"7d","target":99}]}""", "The parameter 'name' is required.")]
    [InlineData("""{"type":"metric","name":"x"}""", "The parameter 'thresholds' is required: at least one, such as {\"timeframe\":\"30d\",\"target\":99.9}.")]
    [InlineData("""{"type":"metric","name":"x","thresholds":[{"timeframe":"8d","target":99}]}""", "thresholds[0].timeframe \"8d\" is not known. There are: 7d, 30d, 90d.")]
    [InlineData("""{"type":"metric","name":"x","thresholds":[{"timeframe":"7d"}]}""", "thresholds[0].target is required, in percent, such as 99.9.")]
    [InlineData("""{"type":"metric","name":"x","thresholds":[{"timeframe":"7d","target":99}],"query":{"numerator":"sum:a{*"}}""", "query.numerator: The \"{\" at column 6 is not closed. Add \"}\" where the list ends.")]
    [InlineData("""{"type":"monitor","name":"x","thresholds":[{"timeframe":"7d","target":99}],"monitor_ids":[7]}""", "There is no monitor 7. Name monitors by the ids that GET /api/v1/monitor gives.")]
    [InlineData("""{"type":"monitor","name":"x","thresholds":[{"timeframe":"7d","target":99}],"monitor_ids":["7"]}""", "monitor_ids must be a list of numbers.")]
    [InlineData("""{"type":"monitor","name":"x","thresholds":[{"timeframe":"7d","target":99}],"monitor_ids":[7],"groups":["a:b"]}""", "groups are not told apart here: an objective of monitors is met while none of their groups is in alert. Leave 'groups' out.")]
    [InlineData("""{"type":"time_slice","name":"x","thresholds":[{"timeframe":"7d","target":99}],"sli_specification":{"time_slice":{"comparator":"<","threshold":1,"query":{"queries":[]}}}}""", "sli_specification.time_slice.query.queries is required: at least one {\"data_source\":\"metrics\",\"name\":\"query1\",\"query\":\"…\"}.")]
    public async Task What_is_wrong_is_said(string body, string sentence)
    {
        var answer = await _api.Post("/api/v1/slo", body);

        Assert.Equal((400, sentence), (answer.Status, answer.Json.GetProperty("errors")[0].GetString()));
    }

    async Task Count(string metric, int value) =>
        Assert.Equal(202, (await _api.Post("/api/v1/series", $$"""{"series":[{"metric":"{{metric}}","type":"count","interval":10,"points":[[{{Now - 600}},{{value}}]]}]}""")).Status);

    Task<ApiAnswer> Send(string method, string path, string? body) => _api.Send(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), body is null ? null : "application/json");

    static JsonElement Data(ApiAnswer answer) => answer.Json.GetProperty("data")[0];

    static string IdOf(ApiAnswer answer) => Data(answer).GetProperty("id").GetString()!;

    static (int, string) Short(ApiAnswer answer) => (answer.Status, answer.Text);
}
