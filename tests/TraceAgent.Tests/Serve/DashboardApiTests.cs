using System.Text;
using System.Text.Json;

namespace Apm.TraceAgent.Tests.Serve;

/// <summary>Boards by Datadog's API: the walkthrough's bodies as they are, answers and errors (metrics-monitors §4.9–4.11, C.3).</summary>
public class DashboardApiTests
{
    const string Keys = "?api_key=k&application_key=a";

    const string Variables = """[{"name":"host1","prefix":"host","default":"host:my-host"}]""";

    /// <summary>The walkthrough's four timeboards: the mean, the sum of an hour, the anomalies, and all three on one.</summary>
    public static readonly TheoryData<string, string> Timeboards = new()
    {
        { "Logan's timeboard1", Graph("Metric over Host", "avg:my_metric{*}") },
        { "Logan’s timeboard2 🐕", Graph("Rolled up", "avg:my_metric{*}.rollup(sum, 3600)") },
        { "Logan's timeboard3", Graph("Anomalies", "anomalies(avg:mysql.net.connections{*}, 'basic', 2)") },
        { "Logan's Custom Ultimate Timeboard", Graph("Custom Metric over Host", "avg:my_metric{*}") + "," + Graph("Rollup", "avg:my_metric{*}.rollup(sum, 3600)") + "," + Graph("MySQL", "anomalies(avg:mysql.net.connections{*}, 'basic', 2)") },
    };

    static string Graph(string title, string query) => $$"""{"title":"{{title}}","definition":{"events":[],"requests":[{"q":"{{query}}"}]},"viz":"timeseries"}""";

    static string Body(string title, string graphs) => $$"""{"graphs":[{{graphs}}],"title":"{{title}}","description":"Made by Logan Morales","template_variables":{{Variables}},"read_only":"True"}""";

    static Task<ApiAnswer> Put(MetricsApiHost api, string path, string json) => api.Send("PUT", path, Encoding.UTF8.GetBytes(json), "application/json");

    static Task<ApiAnswer> Delete(MetricsApiHost api, string path, string? json = null) => api.Send("DELETE", path, json is null ? null : Encoding.UTF8.GetBytes(json), json is null ? null : "application/json");

    [Theory]
    [MemberData(nameof(Timeboards))]
    public async Task A_timeboard_of_the_walkthrough_is_taken_as_it_is_and_given_back(string title, string graphs)
    {
        await using var api = await MetricsApiHost.Start();
        (api.ApiKey, api.ApplicationKey) = ("", ""); // They stand in the address.

        var made = await api.Post("/api/v1/dash" + Keys, Body(title, graphs));

        Assert.Equal((200, "application/json"), (made.Status, made.ContentType));
        var dash = made.Json.GetProperty("dash");
        Assert.True(dash.GetProperty("read_only").GetBoolean());
        Assert.Equal(title, dash.GetProperty("title").GetString());
        Assert.Equal($"[{graphs}]", dash.GetProperty("graphs").GetRawText());
        Assert.Equal(Variables, dash.GetProperty("template_variables").GetRawText());
        Assert.Equal(101, dash.GetProperty("id").GetInt64());
        Assert.Equal("2023-11-14T22:13:20.000000+00:00", dash.GetProperty("created").GetString());
        Assert.Matches("^[a-z2-9]{3}-[a-z2-9]{3}-[a-z2-9]{3}$", dash.GetProperty("new_id").GetString());
        Assert.Equal("/api/v1/dash/101", made.Json.GetProperty("resource").GetString());
        Assert.StartsWith("/dash/101/logan", made.Json.GetProperty("url").GetString(), StringComparison.Ordinal);
        Assert.Equal(made.Text, (await api.Get($"/api/v1/dash/101{Keys}")).Text);
        Assert.Equal(made.Text, (await api.Get($"/api/v1/dash/{dash.GetProperty("new_id").GetString()}{Keys}")).Text);
    }

    [Fact]
    public async Task A_timeboard_is_listed_changed_and_deleted()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/dash", Body("Ultimate", Graph("a", "avg:my_metric{*}") + "," + Graph("b", "avg:my_metric{*}")));

        var line = Assert.Single((await api.GetJson("/api/v1/dash")).GetProperty("dashes").EnumerateArray());
        Assert.Equal("101", line.GetProperty("id").GetString()); // A text in the list.
        Assert.Equal("/api/v1/dash/101", line.GetProperty("resource").GetString());

        api.Clock.Advance(TimeSpan.FromSeconds(5));
        var changed = (await Put(api, "/api/v1/dash/101", $$"""{"title":"One graph","graphs":[{{Graph("a", "avg:my_metric{*}")}}]}""")).Json.GetProperty("dash");
        Assert.Equal("One graph", changed.GetProperty("title").GetString());
        Assert.Equal(1, changed.GetProperty("graphs").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, changed.GetProperty("template_variables").ValueKind);
        Assert.False(changed.GetProperty("read_only").GetBoolean());
        Assert.Equal(("2023-11-14T22:13:20.000000+00:00", "2023-11-14T22:13:25.000000+00:00"), (changed.GetProperty("created").GetString(), changed.GetProperty("modified").GetString()));

        Assert.Equal((204, ""), (await Delete(api, "/api/v1/dash/101") is var gone ? (gone.Status, gone.Text) : default));
        Assert.Equal((404, """{"errors":["No dashboard matches that dash_id: 101."]}"""), (await api.Get("/api/v1/dash/101") is var none ? (none.Status, none.Text) : default));
    }

    [Fact]
    public async Task A_timeboard_opens_as_a_dashboard_too()
    {
        await using var api = await MetricsApiHost.Start();
        var dash = (await api.Post("/api/v1/dash", Body("Ultimate", Graph("Metric over Host", "avg:my_metric{*}")))).Json.GetProperty("dash");

        var board = await api.GetJson($"/api/v1/dashboard/{dash.GetProperty("new_id").GetString()}");

        Assert.Equal("ordered", board.GetProperty("layout_type").GetString());
        Assert.Equal("""{"type":"timeseries","title":"Metric over Host","events":[],"requests":[{"q":"avg:my_metric{*}"}]}""", board.GetProperty("widgets")[0].GetProperty("definition").GetRawText());
        Assert.True(board.GetProperty("widgets")[0].GetProperty("id").GetInt64() > 0);
    }

    [Theory]
    [InlineData("/api/v1/dash", """{"graphs":[]}""", "The parameter 'title' is required")]
    [InlineData("/api/v1/dash", """{"title":"t"}""", "The parameter 'graphs' is required")]
    [InlineData("/api/v1/dash", """{"title":"t","graphs":{}}""", "The parameter 'graphs' must be a list.")]
    [InlineData("/api/v1/dash", """{"title":"t","graphs":[{"title":"a","definition":{"viz":"timeseries","viz":"toplist"}}]}""", "The member graphs[0].definition.viz is there twice. Write it once.")]
    [InlineData("/api/v1/screen", """{"widgets":[]}""", "The parameter 'board_title' is required")]
    [InlineData("/api/v1/dashboard", """{"title":"t","widgets":[]}""", "The parameter 'layout_type' is required")]
    [InlineData("/api/v1/dashboard", """{"title":"t","layout_type":"flow","widgets":[]}""", "The parameter 'layout_type' is invalid: \\\"flow\\\". There are ordered and free.")]
    [InlineData("/api/v1/dashboard", """{"title":"t","layout_type":"ordered"}""", "The parameter 'widgets' is required")]
    [InlineData("/api/v1/dashboard", """{"title":"t","layout_type":"ordered","widgets":[{"definition":{"type":"note","content":"x"}},{"definition":{"type":"timeseries"}}]}""", "Invalid widget definition at position 1 of type timeseries. Error: 'requests' is required.")]
    [InlineData("/api/v1/dashboard", """{"title":"t","layout_type":"ordered","widgets":[{}]}""", "Invalid widget definition at position 0 of type unknown. Error: it has no definition.")]
    [InlineData("/api/v1/dashboard", """{"title":"t","layout_type":"free","widgets":[{"definition":{"type":"note","content":"x"}}]}""", "Invalid widget definition at position 0 of type note. Error: a widget of a board with the layout_type free needs a layout.")]
    [InlineData("/api/v1/dashboard", """{"title":"t","layout_type":"ordered","widgets":[],"template_variables":[{"name":"a","default":"x","defaults":["y"]}]}""", "'template_variables' is invalid")]
    [InlineData("/api/v1/dashboard", """{"title":"t","layout_type":"ordered","widgets":[],"template_variables":[{"name":"a","defaults":[]}]}""", "Minimum length of parameter 'defaults' should be 1")]
    [InlineData("/api/v1/dashboard", """{"title":"t","layout_type":"ordered","widgets":[],"tags":["env:x"]}""", "Invalid tag format. Valid tag keys are: team.")]
    [InlineData("/api/v1/dashboard", """{"title":"t","layout_type":"ordered","widgets":[],"template_variable_presets":[{"name":"p","template_variables":[{"name":"a","value":"x","values":["x"]}]}]}""", "'template_variables' value '{\\\"name\\\":\\\"a\\\",\\\"value\\\":\\\"x\\\",\\\"values\\\":[\\\"x\\\"]}' is invalid")]
    public async Task A_body_that_is_no_board_is_refused_in_words(string path, string body, string sentence)
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post(path, body);

        Assert.Equal((400, $$"""{"errors":["{{sentence}}"]}"""), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task A_dashboard_keeps_what_nobody_here_reads()
    {
        await using var api = await MetricsApiHost.Start();

        var made = await api.Post("/api/v1/dashboard", """{"title":"T","layout_type":"free","description":"","widgets":[{"definition":{"content":"# Example","type":"note","unheard_of":{"a":[1]}},"layout":{"height":24,"width":18,"x":0,"y":0}}],"notify_list":["someone@example.com"],"reflow_type":"auto"}""");

        var (id, widget) = (made.Json.GetProperty("id").GetString(), made.Json.GetProperty("widgets")[0].GetProperty("id").GetInt64());
        Assert.Equal($$$"""{"id":"{{{id}}}","title":"T","description":"","author_handle":"user@localhost","author_name":null,"layout_type":"free","url":"/dashboard/{{{id}}}/t","is_read_only":false,"template_variables":[],"widgets":[{"definition":{"content":"# Example","type":"note","unheard_of":{"a":[1]}},"layout":{"x":0,"y":0,"width":18,"height":24},"id":{{{widget}}}}],"notify_list":["someone@example.com"],"created_at":"2023-11-14T22:13:20.000000+00:00","modified_at":"2023-11-14T22:13:20.000000+00:00","restricted_roles":[],"reflow_type":"auto"}""", made.Text);
        Assert.Equal(made.Text, (await api.Get($"/api/v1/dashboard/{id}")).Text);
    }

    [Fact]
    public async Task Dashboards_are_listed_deleted_and_restored_in_numbers()
    {
        await using var api = await MetricsApiHost.Start();
        var ids = new List<string?>();
        foreach (var title in new[] { "b", "a" }) ids.Add((await api.Post("/api/v1/dashboard", $$"""{"title":"{{title}}","layout_type":"ordered","widgets":[]}""")).Json.GetProperty("id").GetString());

        Assert.Equal("a b", await Titles(api, ""));
        Assert.Equal("b", await Titles(api, "?start=1&count=1"));
        var named = JsonSerializer.Serialize(new { data = ids.Select(id => new { id, type = "dashboard" }) });
        Assert.Equal(204, (await Delete(api, "/api/v1/dashboard", named)).Status);
        Assert.Equal("", await Titles(api, ""));
        Assert.Equal("a b", string.Join(' ', (await Titles(api, "?filter[deleted]=true")).Split(' ').Order()));
        Assert.Equal(204, (await api.Send("PATCH", "/api/v1/dashboard", Encoding.UTF8.GetBytes(named), "application/json")).Status);
        Assert.Equal("a b", await Titles(api, ""));
        Assert.Equal($$"""{"deleted_dashboard_id":"{{ids[0]}}"}""", (await Delete(api, $"/api/v1/dashboard/{ids[0]}")).Text);
        Assert.Equal((404, $$"""{"errors":["Dashboard with ID {{ids[0]}} not found"]}"""), (await api.Get($"/api/v1/dashboard/{ids[0]}") is var none ? (none.Status, none.Text) : default));
    }

    static async Task<string> Titles(MetricsApiHost api, string parameters) =>
        string.Join(' ', (await api.GetJson("/api/v1/dashboard" + parameters)).GetProperty("dashboards").EnumerateArray().Select(board => board.GetProperty("title").GetString()));

    [Fact]
    public async Task A_screenboard_is_one_flat_object()
    {
        await using var api = await MetricsApiHost.Start();
        const string Widgets = """[{"type":"timeseries","x":2,"y":3,"width":47,"height":15,"title":true,"title_text":"Load","tile_def":{"viz":"timeseries","requests":[{"q":"avg:system.load.1{*}","type":"area"}]}},{"type":"note","x":50,"y":3,"width":20,"height":10,"html":"**hi**"}]""";

        var made = await api.Post("/api/v1/screen", $$"""{"board_title":"Wall","width":1024,"height":768,"widgets":{{Widgets}}}""");

        Assert.Equal("Wall", made.Json.GetProperty("board_title").GetString());
        Assert.Equal(Widgets, made.Json.GetProperty("widgets").GetRawText());
        Assert.Equal(1024, made.Json.GetProperty("width").GetInt32());
        Assert.False(made.Json.TryGetProperty("created_by", out _));
        Assert.True((await api.GetJson("/api/v1/screen/101")).TryGetProperty("created_by", out _));
        Assert.Equal(101, (await api.GetJson("/api/v1/screen")).GetProperty("screenboards")[0].GetProperty("id").GetInt64());
        var board = await api.GetJson($"/api/v1/dashboard/{made.Json.GetProperty("new_id").GetString()}");
        Assert.Equal("""{"type":"timeseries","title":"Load","requests":[{"q":"avg:system.load.1{*}","display_type":"area"}]}""", board.GetProperty("widgets")[0].GetProperty("definition").GetRawText());
        var shared = await api.Post("/api/v1/screen/share/101", "");
        Assert.Equal($$"""{"board_id":101,"public_url":"{{api.Url}}dashboards/{{made.Json.GetProperty("new_id").GetString()}}?tv=1"}""", shared.Text);
        Assert.Equal("null", (await Delete(api, "/api/v1/screen/share/101")).Text);
        Assert.Equal(200, (await Delete(api, "/api/v1/screen/101")).Status);
        Assert.Equal(404, (await api.Get("/api/v1/screen/101")).Status);
    }

    [Fact]
    public async Task A_widget_that_was_not_changed_still_is_what_the_old_call_sent()
    {
        await using var api = await MetricsApiHost.Start();
        var dash = (await api.Post("/api/v1/dash", Body("Ultimate", Graph("a", "avg:my_metric{*}") + "," + Graph("b", "avg:my_metric{*}")))).Json.GetProperty("dash");
        var board = await api.Get($"/api/v1/dashboard/{dash.GetProperty("new_id").GetString()}");

        await Put(api, "/api/v1/dashboard/101", board.Text.Replace("\"title\":\"b\"", "\"title\":\"B\"", StringComparison.Ordinal));

        var graphs = (await api.GetJson("/api/v1/dash/101")).GetProperty("dash").GetProperty("graphs");
        Assert.Equal(Graph("a", "avg:my_metric{*}"), graphs[0].GetRawText());
        Assert.Equal("""{"title":"B","definition":{"events":[],"requests":[{"q":"avg:my_metric{*}"}],"viz":"timeseries"}}""", graphs[1].GetRawText());
    }

    [Fact]
    public async Task Boards_are_put_on_lists()
    {
        await using var api = await MetricsApiHost.Start();
        var board = (await api.Post("/api/v1/dashboard", """{"title":"a","layout_type":"ordered","widgets":[]}""")).Json.GetProperty("id").GetString();
        var list = (await api.Post("/api/v1/dashboard/lists/manual", """{"name":"Mine"}""")).Json;
        Assert.Equal((1, "Mine", "manual_dashboard_list"), (list.GetProperty("id").GetInt64(), list.GetProperty("name").GetString(), list.GetProperty("type").GetString()));
        var named = $$"""{"dashboards":[{"id":"{{board}}","type":"custom_timeboard"}]}""";

        Assert.Equal($$"""{"added_dashboards_to_list":[{"id":"{{board}}","type":"custom_timeboard"}]}""", (await api.Post("/api/v2/dashboard/lists/manual/1/dashboards", named)).Text);
        Assert.Equal(1, (await api.GetJson("/api/v2/dashboard/lists/manual/1/dashboards")).GetProperty("total").GetInt32());
        Assert.Equal(1, (await api.GetJson("/api/v1/dashboard/lists/manual")).GetProperty("dashboard_lists")[0].GetProperty("dashboard_count").GetInt32());
        Assert.Equal($$"""{"deleted_dashboards_from_list":[{"id":"{{board}}","type":"custom_timeboard"}]}""", (await Delete(api, "/api/v2/dashboard/lists/manual/1/dashboards", named)).Text);
        Assert.Equal("""{"deleted_dashboard_list_id":1}""", (await Delete(api, "/api/v1/dashboard/lists/manual/1")).Text);
        Assert.Equal((404, """{"errors":["Dashboard list not found"]}"""), (await api.Get("/api/v1/dashboard/lists/manual/1") is var none ? (none.Status, none.Text) : default));
    }

    [Fact]
    public async Task Boards_need_both_keys()
    {
        await using var api = await MetricsApiHost.Start();
        api.ApplicationKey = "";
        Assert.Equal((403, """{"errors":["Forbidden"]}"""), (await api.Get("/api/v1/dash") is var refused ? (refused.Status, refused.Text) : default));
    }

    [Fact]
    public async Task A_layout_comes_back_with_all_of_it_and_children_of_groups_have_ids()
    {
        await using var api = await MetricsApiHost.Start();
        const string Board = """{"title":"T","layout_type":"ordered","widgets":[{"definition":{"type":"note","content":"x"},"layout":{"x":0,"y":0,"width":4,"height":2,"is_column_break":true}},{"definition":{"type":"group","layout_type":"ordered","widgets":[{"definition":{"type":"note","content":"y"},"layout":{"x":0,"y":0,"width":4,"height":2,"is_column_break":false}}]},"layout":{"x":4,"y":0,"width":4,"height":2}}]}""";

        var made = await api.Post("/api/v1/dashboard", Board);

        Assert.True(made.Status == 200, made.Text);
        var widgets = made.Json.GetProperty("widgets");
        Assert.Equal(["""{"x":0,"y":0,"width":4,"height":2,"is_column_break":true}""", """{"x":4,"y":0,"width":4,"height":2}"""], widgets.EnumerateArray().Select(widget => widget.GetProperty("layout").GetRawText()));
        var child = widgets[1].GetProperty("definition").GetProperty("widgets")[0];
        Assert.True(child.GetProperty("id").GetInt64() > 0);
        Assert.Equal("""{"x":0,"y":0,"width":4,"height":2,"is_column_break":false}""", child.GetProperty("layout").GetRawText());
        Assert.Equal(made.Text, (await api.Get($"/api/v1/dashboard/{made.Json.GetProperty("id").GetString()}")).Text);
    }
}
