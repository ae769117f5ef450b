using System.Text.Json;

namespace Apm.TraceAgent.Tests.Serve;

/// <summary>Monitors by Datadog's API (metrics-monitors §4.12).</summary>
public class MonitorApiTests
{
    const long Now = MetricsApiHost.Now;

    const string Walkthrough = """
        {"type":"metric alert","query":"avg(last_5m):avg:my_metric{*} > 800","name":"My metric high",
         "message":"… @user@example.com","tags":[],
         "options":{"thresholds":{"critical":800,"warning":500},"notify_no_data":true,"no_data_timeframe":10}}
        """;

    [Fact]
    public async Task The_walkthroughs_monitor_is_made_read_changed_and_deleted()
    {
        await using var api = await MetricsApiHost.Start();

        var made = await api.Post("/api/v1/monitor", Walkthrough);

        Assert.Equal((200, """
            {"id":1,"org_id":1,"type":"metric alert","name":"My metric high","message":"… @user@example.com","tags":[],"query":"avg(last_5m):avg:my_metric{*} > 800","options":{"thresholds":{"critical":800.0,"warning":500.0},"notify_no_data":true,"no_data_timeframe":10,"new_host_delay":300,"include_tags":true,"notify_audit":false,"locked":false,"silenced":{}},"multi":false,"created_at":1700000000000,"created":"2023-11-14T22:13:20.000000+00:00","modified":"2023-11-14T22:13:20.000000+00:00","deleted":null,"restricted_roles":null,"priority":null,"overall_state_modified":null,"overall_state":"No Data","creator":{"id":1,"handle":"apm@localhost","name":"apm@localhost","email":"apm@localhost"}}
            """.Trim()), (made.Status, made.Text));
        Assert.Equal(made.Text, (await api.Get("/api/v1/monitor/1")).Text);
        Assert.Equal("[" + made.Text + "]", (await api.Get("/api/v1/monitor")).Text);

        var changed = await Put(api, "/api/v1/monitor/1", """{"name":"Other","options":{"thresholds":{"critical":800}}}""");
        Assert.Equal("Other", changed.GetProperty("name").GetString());
        Assert.Equal("avg(last_5m):avg:my_metric{*} > 800", changed.GetProperty("query").GetString());
        Assert.False(changed.GetProperty("options").GetProperty("notify_no_data").GetBoolean()); // Replaced as a whole.
        Assert.False(changed.TryGetProperty("creator", out _));

        Assert.Equal((200, """{"deleted_monitor_id":1}"""), Short(await Delete(api, "/api/v1/monitor/1")));
        Assert.Equal((404, """{"errors":["Monitor not found"]}"""), Short(await Delete(api, "/api/v1/monitor/1")));
        Assert.Equal((404, """{"errors":["Monitor not found"]}"""), Short(await api.Get("/api/v1/monitor/1")));
        Assert.Equal((404, """{"errors":["Monitor not found"]}"""), Short(await api.Get("/api/v1/monitor/abc")));
        Assert.Equal(2, (await api.Post("/api/v1/monitor", Walkthrough)).Json.GetProperty("id").GetInt64()); // An id is given once.
    }

    [Theory]
    [InlineData("""{"query":"avg(last_5m):avg:m{*} > 1"}""", "The parameter 'type' is required")]
    [InlineData("""{"type":"metric alert"}""", "The parameter 'query' is required")]
    [InlineData("""{"type":"rum alert","query":"x"}""", "The value provided for parameter 'type' is invalid|\"rum alert\" is not evaluated here. There are: metric alert, query alert, service check, event-v2 alert, event alert, trace-analytics alert, composite, slo alert.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*"}""", "The value provided for parameter 'query' is invalid|The \"{\" at column 19 is not closed. Add \"}\" where the list ends.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*}"}""", "The value provided for parameter 'query' is invalid: invalid operator specified: |The query ends at column 22 without an operator. Compare it with a number, such as > 800; there are >=, <=, ==, !=, >, <.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 200","options":{"thresholds":{"critical":90}}}""", "Alert threshold (90.0) does not match that used in the query (200.0).")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","options":{"thresholds":{"critical":500,"warning":800}}}""", "Alert threshold (500.0) must be greater than warning threshold (800.0)")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} < 500","options":{"thresholds":{"critical":500,"warning":100}}}""", "Alert threshold (500.0) must be less than warning threshold (100.0)")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","options":{"thresholds":{"critical":500,"critical_recovery":600}}}""", "Alert recovery threshold (600.0) must be less than alert threshold (500.0)")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","priority":6}""", "The parameter 'priority' is 6; it must be from 1 to 5, or null.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","options":{"timeout_h":25}}""", "The option 'timeout_h' is 25; it must be from 0 to 24.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","options":{"on_missing_data":"x"}}""", "The option 'on_missing_data' is \"x\"; it must be one of default, show_no_data, show_and_notify_no_data, resolve.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","options":{"renotify_occurrences":2}}""", "The option 'renotify_occurrences' needs a 'renotify_interval'.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","options":{"renotify_statuses":["bad"]}}""", "options.renotify_statuses \"bad\" is not known. There are: alert, warn, no data.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","options":{"thresholds":{"critical":"500"}}}""", "options.thresholds.critical must be a number.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","options":{"notify_by":["host"]}}""", "The option 'notify_by' has \"host\", by which the query does not group. Leave it out.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} by {env,host} > 500","options":{"notify_by":["env","az"]}}""", "The option 'notify_by' has \"az\", by which the query does not group. It groups by env, host; \"*\" bundles all.")]
    [InlineData("""{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 500","options":{"notification_preset_name":"hide"}}""", "The option 'notification_preset_name' is \"hide\"; it must be one of show_all, hide_query, hide_handles, hide_all, hide_query_and_handles, show_only_snapshot, hide_handles_and_footer.")]
    [InlineData("""{"type":"query alert","query":"avg(last_4h):anomalies(avg:m{*}, 'basic', 2, alert_window='last_15m') >= 7"}""", "The threshold 'critical' of anomalies (7.0) is a share of the points: from 0 for none to 1 for all of the alert window.")]
    [InlineData("""{"type":"query alert","query":"avg(last_4h):anomalies(avg:m{*}, 'basic', 2, alert_window='last_15m') >= 1","options":{"threshold_windows":{"trigger_window":"last_30m"}}}""", "The option 'threshold_windows.trigger_window' is \"last_30m\", the query's alert_window \"last_15m\"; they must be the same.")]
    [InlineData("""{"type":"query alert","query":"avg(last_1d):anomalies(avg:m{*}, 'basic', 2, alert_window='last_4h') >= 0.5","options":{"threshold_windows":{"trigger_window":"last_4h","recovery_window":"last_120m"}}}""", "The option 'threshold_windows.recovery_window' is \"last_120m\"; with this threshold and alert window it must be from last_121m to last_4h: in a shorter one it could recover while it alerts.")]
    [InlineData("""{"type":"composite","query":"1 && 7"}""", "The value provided for parameter 'query' is invalid|There is no monitor 7. Name monitors by the ids that GET /api/v1/monitor gives.")]
    [InlineData("""{"type":"composite","query":"1 && 2"}""", "The value provided for parameter 'query' is invalid|Monitor 2 is a composite itself; only others can be combined.")]
    [InlineData("""{"type":"service check","query":"\"a.b\".over(\"*\").by(\"host\").last(2).count_by_status()","options":{"thresholds":{"critical":3}}}""", "The threshold 'critical' (3.0) is more than the 2 runs that the query looks at. Write .last(4).")]
    public async Task What_is_wrong_is_said_when_it_is_made_or_validated(string body, string sentences)
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", Walkthrough);
        await api.Post("/api/v1/monitor", """{"type":"composite","query":"1"}""");

        foreach (var path in (string[])["/api/v1/monitor", "/api/v1/monitor/validate"])
        {
            var answer = await api.Post(path, body);
            Assert.Equal((400, sentences), (answer.Status, string.Join('|', answer.Json.GetProperty("errors").EnumerateArray().Select(error => error.GetString()))));
        }
        Assert.Equal((200, "{}"), Short(await api.Post("/api/v1/monitor/validate", Walkthrough)));
        Assert.Equal((200, "{}"), Short(await api.Post("/api/v1/monitor/1/validate", """{"name":"x"}""")));
        Assert.Equal(2, (await api.GetJson("/api/v1/monitor")).GetArrayLength());
    }

    [Fact]
    public async Task A_preview_says_what_would_have_been_told_and_keeps_nothing()
    {
        await using var api = await MetricsApiHost.Start();
        foreach (var (from, to, value) in new[] { (40, 20, 400), (20, 10, 900), (10, 0, 400) })
            await api.Post("/api/v1/series", $$"""{"series":[{"metric":"my_metric","type":"gauge","points":[{{string.Join(',', Enumerable.Range(0, (from - to) * 4).Select(i => $"[{Now - from * 60 + i * 15},{value}]"))}}]}]}""");

        var preview = (await api.Post("/api/monitors/preview", Walkthrough)).Json;

        Assert.Equal(["Warn", "Triggered", "Warn", "Recovered"], preview.GetProperty("told").EnumerateArray().Select(told => told.GetProperty("kind").GetString()));
        Assert.Equal((4, 900.0, 0), (preview.GetProperty("told_count").GetInt32(), preview.GetProperty("highest").GetProperty("value").GetDouble(), preview.GetProperty("skipped").GetInt32()));
        Assert.Equal(["No Data", "OK", "Warn", "Alert", "Warn", "OK"], preview.GetProperty("groups")[0].GetProperty("states").EnumerateArray().Select(state => state.GetProperty("state").GetString()));
        Assert.StartsWith("Alerts when the average of avg:my_metric{*} over the last 5 minutes is above 800; warns above 500;", preview.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, (await api.GetJson("/api/v1/monitor")).GetArrayLength());
        Assert.Equal(["It would never have alerted: the highest value in 30 min was 400, the threshold is 800."], (await api.Post("/api/monitors/preview", Walkthrough[..^1] + $",\"from\":{Now - 3000},\"to\":{Now - 1200}}}")).Json.GetProperty("advice").EnumerateArray().Select(advice => advice.GetString()));
        Assert.Equal(400, (await api.Post("/api/monitors/preview", """{"type":"metric alert","query":"avg(last_5m)"}""")).Status);
        foreach (var end in (string[])["from", "to"])
            foreach (var time in (string[])["-1", "-1e300", "-1e999", "0", "1e300"]) Assert.Equal(400, (await api.Post("/api/monitors/preview", Walkthrough[..^1] + $",\"{end}\":{time}}}")).Status);
        Assert.Equal(400, (await api.Post("/api/monitors/preview", """{"type":"metric alert","name":"\ud800"}""")).Status);
    }

    [Fact]
    public async Task A_preview_warns_of_what_is_taken_and_will_not_do()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", Walkthrough);

        var preview = (await api.Post("/api/monitors/preview", """{"type":"metric alert","query":"avg(last_5m):avg:my_metric{*} > 900","name":"My metric high","message":"{{#is_alert}}{{#is_warning}}x{{/is_alert}}{{/is_warning}} {{valeu}}"}""")).Json;

        var warnings = preview.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()!).ToList();
        Assert.Equal("Monitor 1 has the same name: nobody can tell their notices apart, and apm apply cannot find one by its name.", warnings[0]);
        Assert.Contains(warnings, warning => warning.StartsWith("Message, line 1, column ", StringComparison.Ordinal) && warning.Contains("is_warning", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.Contains("Did you mean {{value}}?", StringComparison.Ordinal));
        Assert.Contains("Nobody is mentioned, so nobody is told; what happens is written to the stream of events only.", warnings);
    }

    [Theory]
    [InlineData("""{"scheduling_options":{"evaluation_window":{"hour_starts":60}}}""", "options.scheduling_options.evaluation_window.hour_starts is 60; it must be a minute from 0 to 59.")]
    [InlineData("""{"scheduling_options":{"evaluation_window":{"day_starts":"4am"}}}""", "options.scheduling_options.evaluation_window.day_starts \"4am\" must be a time of day such as 04:00.")]
    [InlineData("""{"scheduling_options":{"evaluation_window":{"month_starts":2}}}""", "options.scheduling_options.evaluation_window.month_starts is 2; months begin with their first day.")]
    [InlineData("""{"scheduling_options":{"evaluation_window":{"timezone":"Mars"}}}""", "options.scheduling_options.evaluation_window.timezone \"Mars\" is no time zone. Write a name such as America/New_York or UTC.")]
    [InlineData("""{"scheduling_options":{"custom_schedule":{"recurrences":[]}}}""", "options.scheduling_options.custom_schedule.recurrences must have 1 to 5 entries.")]
    [InlineData("""{"scheduling_options":{"custom_schedule":{"recurrences":[{"rrule":"FREQ=MINUTELY"}]}}}""", "options.scheduling_options.custom_schedule.recurrences[0].rrule: Invalid rrule: FREQ=MINUTELY is not known. There are: HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY.")]
    [InlineData("""{"scheduling_options":{"custom_schedule":{"recurrences":[{"rrule":"FREQ=DAILY;COUNT=3"}]}}}""", "options.scheduling_options.custom_schedule.recurrences[0].rrule: COUNT counts from a start, which is missing.")]
    [InlineData("""{"scheduling_options":{"custom_schedule":{"recurrences":[{"rrule":"FREQ=DAILY","start":"9:00"}]}}}""", "options.scheduling_options.custom_schedule.recurrences[0].start \"9:00\" must be a time on the wall clock of the time zone, without an offset, such as 2024-05-01T09:00:00.")]
    [InlineData("""{"scheduling_options":{"custom_schedule":{"recurrences":[{"rrule":"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}]}}}""", "options.scheduling_options.custom_schedule.recurrences: no time fits them, so the monitor would never be evaluated.")]
    [InlineData("""{"group_retention_duration":"4d"}""", "options.group_retention_duration \"4d\" must be from 1h to 72h, such as 2d.")]
    [InlineData("""{"group_retention_duration":"soon"}""", "options.group_retention_duration \"soon\" must be from 1h to 72h, such as 2d.")]
    public async Task Wrong_schedules_and_retentions_are_refused(string options, string sentence)
    {
        await using var api = await MetricsApiHost.Start();

        var answer = await api.Post("/api/v1/monitor", $$"""{"type":"metric alert","query":"avg(current_1d):avg:m{*} > 1","options":{{options}}}""");

        Assert.Equal((400, sentence), (answer.Status, answer.Json.GetProperty("errors")[0].GetString()));
    }

    [Fact]
    public async Task Schedules_and_retentions_come_back_as_they_were_sent()
    {
        await using var api = await MetricsApiHost.Start();

        var made = (await api.Post("/api/v1/monitor", """{"type":"metric alert","query":"avg(current_1d):avg:m{*} > 1","options":{"group_retention_duration":"2d","scheduling_options":{"evaluation_window":{"day_starts":"04:00","timezone":"Europe/Berlin"}}}}""")).Json.GetProperty("options");

        Assert.Equal("2d", made.GetProperty("group_retention_duration").GetString());
        Assert.Equal("""{"evaluation_window":{"day_starts":"04:00","timezone":"Europe/Berlin"}}""", made.GetProperty("scheduling_options").GetRawText());
    }

    [Fact]
    public async Task A_second_of_the_same_is_refused_with_the_first_ones_id()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", Walkthrough);

        var second = await api.Post("/api/v1/monitor", Walkthrough);

        Assert.Equal((400, """{"errors":["Duplicate of an existing monitor_id:1","Monitor 1 has the same type, query, name and message. Change that one, or give this one another name."]}"""), Short(second));
    }

    [Fact]
    public async Task Two_of_the_same_name_are_two_monitors_as_long_as_they_ask_or_say_different_things()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", Walkthrough);

        var second = await api.Post("/api/v1/monitor", Walkthrough.Replace("> 800", "> 900", StringComparison.Ordinal).Replace(":800", ":900", StringComparison.Ordinal));

        Assert.Equal((200, 2), (second.Status, second.Json.GetProperty("id").GetInt32()));
        Assert.Equal([1, 2], (await api.GetJson("/api/v1/monitor?name=My metric high")).EnumerateArray().Select(monitor => monitor.GetProperty("id").GetInt32()));
        Assert.Equal(200, (await api.Send("PUT", "/api/v1/monitor/2", System.Text.Encoding.UTF8.GetBytes(Walkthrough), "application/json")).Status); // Who changes one knows what they do.
        await Delete(api, "/api/v1/monitor/1");
        Assert.Equal("avg(last_5m):avg:my_metric{*} > 800", (await api.GetJson("/api/v1/monitor/2")).GetProperty("query").GetString());
    }

    [Theory]
    [InlineData("metric alert", "avg(last_5m):avg:my_metric{*} > 800", "metric alert", "**my_metric** over ***** was **> 800.0** on average during the **last 5m**.")]
    [InlineData("query alert", "max(last_1h):avg:m{env:prod} < 1", "query alert", "**m** over **env:prod** was **< 1.0** at least once during the **last 1h**.")]
    [InlineData("metric alert", "avg(last_5m):avg:m{*} by {host} > 800", "query alert", "**m** over ***** was **> 800.0** on average during the **last 5m**.")]
    public async Task Type_and_name_are_filled_in(string type, string query, string answered, string name)
    {
        await using var api = await MetricsApiHost.Start();

        var made = (await api.Post("/api/v1/monitor", JsonSerializer.Serialize(new { type, query }))).Json;

        Assert.Equal((answered, name), (made.GetProperty("type").GetString(), made.GetProperty("name").GetString()));
        Assert.Equal(query.Contains("by {", StringComparison.Ordinal), made.GetProperty("multi").GetBoolean());
    }

    [Fact]
    public async Task Options_that_mean_nothing_here_come_back()
    {
        await using var api = await MetricsApiHost.Start();

        var options = (await api.Post("/api/v1/monitor", """{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 1","options":{"min_location_failed":2,"aggregation":{"type":"count"},"silenced":{"host:a":null},"threshold_windows":{"trigger_window":"last_15m","recovery_window":"last_15m"}}}""")).Json.GetProperty("options");

        Assert.Equal("""{"thresholds":{"critical":1.0},"threshold_windows":{"trigger_window":"last_15m","recovery_window":"last_15m"},"notify_no_data":false,"new_host_delay":300,"include_tags":true,"notify_audit":false,"locked":false,"silenced":{"host:a":null},"min_location_failed":2,"aggregation":{"type":"count"}}""", options.GetRawText());
    }

    [Fact]
    public async Task Members_that_mean_nothing_here_come_back()
    {
        await using var api = await MetricsApiHost.Start();
        static string Others(JsonElement monitor) => string.Join(' ', ((string[])["restricted_roles", "draft_status", "assets"]).Select(name => monitor.TryGetProperty(name, out var value) ? value.GetRawText() : "-"));

        var made = (await api.Post("/api/v1/monitor", """{"type":"metric alert","query":"avg(last_5m):avg:m{*} > 1","restricted_roles":["a-b"],"draft_status":"draft","assets":[{"name":"Book","url":"https://x.test","category":"runbook"}]}""")).Json;
        Assert.Equal("""["a-b"] "draft" [{"name":"Book","url":"https://x.test","category":"runbook"}]""", Others(made));
        Assert.Equal(Others(made), Others(await api.GetJson("/api/v1/monitor/1")));
        Assert.Equal("""["a-b"] "published" [{"name":"Book","url":"https://x.test","category":"runbook"}]""", Others(await Put(api, "/api/v1/monitor/1", """{"draft_status":"published"}""")));
        Assert.Equal("null \"published\" []", Others(await Put(api, "/api/v1/monitor/1", """{"restricted_roles":null,"assets":[]}""")));
        Assert.Equal("null - -", Others((await api.Post("/api/v1/monitor", """{"type":"metric alert","query":"avg(last_5m):avg:n{*} > 1"}""")).Json));
        Assert.Equal(400, (await api.Post("/api/v1/monitor", $$"""{"type":"metric alert","query":"avg(last_5m):avg:o{*} > 1","draft_status":"{{new string('x', 20_000)}}"}""")).Status);
    }

    [Fact]
    public async Task The_list_is_filtered_by_whole_tags_of_scopes()
    {
        await using var api = await MetricsApiHost.Start();
        foreach (var scope in (string[])["{host:box-1}", "{host:box-10}", "{env:prod AND (host:box-1 OR host:box-2)}", "{!host:box-1,env:dev}", "{*} by {host}", "{host IN (box-1, box-3)}", "{host NOT IN (box-1) AND NOT env:qa}"])
            Assert.Equal(200, (await api.Post("/api/v1/monitor", $$"""{"type":"query alert","query":"avg(last_5m):avg:m{{scope}} > 1","name":"{{scope}}"}""")).Status);
        await api.Post("/api/v1/monitor", """{"type":"service check","query":"\"my.check\".over(\"host:box-1\").last(2).count_by_status()","name":"check"}""");

        async Task<string> Names(string tags) => string.Join(' ', (await api.GetJson("/api/v1/monitor?tags=" + tags)).EnumerateArray().Select(one => one.GetProperty("name").GetString()));

        Assert.Equal("{host:box-1} {env:prod AND (host:box-1 OR host:box-2)} {host IN (box-1, box-3)} check", await Names("host:box-1"));
        Assert.Equal("{env:prod AND (host:box-1 OR host:box-2)}", await Names("HOST:box-2,env:prod"));
        Assert.Equal("{host IN (box-1, box-3)}", await Names("host:box-3"));
        Assert.Equal("", await Names("env:qa"));
        Assert.Equal("", await Names("host:box"));
    }

    [Fact]
    public async Task States_of_groups_are_given_when_asked_for()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", """{"type":"event-v2 alert","query":"events(\"deploy\").rollup(\"count\").by(\"env\").last(\"1h\") > 1","name":"Deploys"}""");
        foreach (var env in (string[])["prod", "prod", "dev"]) await api.Post("/api/v1/events", $$"""{"title":"deploy","text":"t","tags":["env:{{env}}"],"date_happened":{{Now - 60}}}""");
        api.Monitors.Evaluate();

        var monitor = await api.GetJson("/api/v1/monitor/1?group_states=all&with_downtimes=true");

        Assert.Equal($$$$"""{"groups":{"env:dev":{"name":"env:dev","status":"OK","last_triggered_ts":null,"last_notified_ts":null,"last_resolved_ts":null,"last_nodata_ts":null},"env:prod":{"name":"env:prod","status":"Alert","last_triggered_ts":{{{{Now}}}},"last_notified_ts":{{{{Now}}}},"last_resolved_ts":null,"last_nodata_ts":null}}}""", monitor.GetProperty("state").GetRawText());
        Assert.Equal(("Alert", "[]"), (monitor.GetProperty("overall_state").GetString(), monitor.GetProperty("matching_downtimes").GetRawText()));
        Assert.Equal(["env:prod"], (await api.GetJson("/api/v1/monitor?group_states=alert,warn"))[0].GetProperty("state").GetProperty("groups").EnumerateObject().Select(group => group.Name));
        Assert.Equal((400, """{"errors":["Invalid group_state filters."]}"""), Short(await api.Get("/api/v1/monitor?group_states=bad")));
        Assert.Equal("""{"counts":{"status":[{"count":1,"name":"Alert"}],"type":[{"count":1,"name":"event"}]},"groups":[{"monitor_id":1,"monitor_name":"Deploys","group":"env:prod","group_tags":["env:prod"],"status":"Alert","last_triggered_ts":1700000000,"last_nodata_ts":null}],"metadata":{"page":0,"page_count":1,"per_page":30,"total_count":1}}""",
            (await api.Get("/api/v1/monitor/groups/search?query=status:alert")).Text);
    }

    [Fact]
    public async Task The_list_has_filters_and_pages()
    {
        await using var api = await MetricsApiHost.Start();
        foreach (var (name, tag, scope) in ((string, string, string)[])[("one", "team:a", "*"), ("two", "team:b", "env:prod"), ("three", "team:a", "env:prod")])
            await api.Post("/api/v1/monitor", $$"""{"type":"metric alert","query":"avg(last_5m):avg:m{{{scope}}} > 1","name":"{{name}}","tags":["{{tag}}"]}""");

        async Task<string> Names(string parameters) => string.Join(' ', (await api.GetJson("/api/v1/monitor?" + parameters)).EnumerateArray().Select(one => one.GetProperty("name").GetString()));

        Assert.Equal("one two three", await Names(""));
        Assert.Equal("one three", await Names("monitor_tags=team:a"));
        Assert.Equal("two three", await Names("tags=env:prod"));
        Assert.Equal("three", await Names("name=THREE"));
        Assert.Equal("three", await Names("page=1&page_size=2"));
        Assert.Equal("two", await Names("id_offset=1&page_size=1"));
        Assert.Equal((400, """{"errors":["The parameter 'page_size' must be a number from 1 to 1000."]}"""), Short(await api.Get("/api/v1/monitor?page_size=1001")));
    }

    [Fact]
    public async Task What_a_composite_needs_is_deleted_only_with_force()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", Walkthrough);
        await api.Post("/api/v1/monitor", """{"type":"composite","query":"1 && !1","name":"Both"}""");

        const string reason = "monitor [1,My metric high] is referenced in composite monitors: [2,Both]";
        Assert.Equal((409, $$$"""{"data":{"ok":[2]},"errors":{"1":["{{{reason}}}"]}}"""), Short(await api.Get("/api/v1/monitor/can_delete?monitor_ids=1,2")));
        Assert.Equal((200, """{"data":{"ok":[2]},"errors":null}"""), Short(await api.Get("/api/v1/monitor/can_delete?monitor_ids=2")));
        Assert.Equal((409, $$"""{"errors":["{{reason}}"]}"""), Short(await Delete(api, "/api/v1/monitor/1")));
        Assert.Equal(200, (await Delete(api, "/api/v1/monitor/1?force=true")).Status);
    }

    [Fact]
    public async Task Mutes_stand_in_the_options_until_they_end()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", Walkthrough);

        async Task<string> Silenced(string path, string body = "") => (await api.Post("/api/v1/monitor" + path, body)).Json.GetProperty("options").GetProperty("silenced").GetRawText();

        Assert.Equal("""{"*":null}""", await Silenced("/1/mute"));
        Assert.Equal($$"""{"*":null,"host:foo":{{Now + 60}}}""", await Silenced($"/1/mute?scope=host:foo&end={Now + 60}"));
        Assert.Equal($$"""{"host:foo":{{Now + 60}}}""", await Silenced("/1/unmute"));
        Assert.Equal("{}", await Silenced("/1/unmute", """{"all_scopes":true}"""));
        Assert.Equal((404, """{"errors":["Monitor not found"]}"""), Short(await api.Post("/api/v1/monitor/9/mute", "")));
        foreach (var end in (string[])["-1", "1e300", "-1e300", "1e999"]) Assert.Equal((400, """{"errors":["The parameter 'end' is no time. Give it in Unix seconds, such as 1700000000."]}"""), Short(await api.Post("/api/v1/monitor/1/mute", $$"""{"end":{{end}}}""")));
        Assert.Equal((400, $$"""{"errors":["The parameter 'end' (5) lies behind now ({{Now}}). It is in Unix seconds, not milliseconds."]}"""), Short(await api.Post("/api/v1/monitor/1/mute", """{"end":5}""")));

        Assert.Equal("*", (await api.Post("/api/v1/monitor/mute_all", "")).Json.GetProperty("scope")[0].GetString());
        Assert.Equal(400, (await api.Post("/api/v1/monitor/mute_all", "")).Status);
        Assert.Equal(1, (await api.GetJson("/api/v1/monitor/search?query=muted:true")).GetProperty("metadata").GetProperty("total_count").GetInt32());
        Assert.Equal((204, ""), Short(await api.Post("/api/v1/monitor/unmute_all", "")));
    }

    [Fact]
    public async Task A_mute_until_it_is_resolved_is_asked_for_and_seen()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", Walkthrough);

        async Task<string> Mutes(string path, string body = "")
        {
            var options = (await api.Post("/api/v1/monitor/1" + path, body)).Json.GetProperty("options");
            return $"{options.GetProperty("silenced").GetRawText()} {options.TryGetProperty("silenced_until_resolved", out var until) && until.GetBoolean()}";
        }

        Assert.Equal("""{"*":null} True""", await Mutes("/mute", """{"until_resolved":true}"""));
        Assert.Equal($$"""{"*":null,"host:a":{{Now + 60}}} True""", await Mutes("/mute", $$"""{"scope":"host:a","end":{{Now + 60}}}"""));
        Assert.Equal($$"""{"*":{{Now + 60}},"host:a":{{Now + 60}}} False""", await Mutes("/mute", $$"""{"end":{{Now + 60}}}""")); // Mutes of the whole monitor replace each other.
        Assert.Equal($$"""{"*":{{Now + 90}},"host:a":{{Now + 60}}} True""", await Mutes($"/mute?until_resolved=true&end={Now + 90}")); // What comes first.
        Assert.Equal($$"""{"host:a":{{Now + 60}}} False""", await Mutes("/unmute"));
        Assert.Equal((400, """{"errors":["'until_resolved' goes with the whole monitor, not with a scope (\"host:a\"): it ends when all of the groups are OK. Leave one of them out."]}"""), Short(await api.Post("/api/v1/monitor/1/mute", """{"until_resolved":true,"scope":"host:a"}""")));

        // Options are replaced as a whole, so what was read can be sent back.
        var sent = await Put(api, "/api/v1/monitor/1", """{"options":{"silenced":{"*":null},"silenced_until_resolved":true}}""");
        Assert.True(sent.GetProperty("options").GetProperty("silenced_until_resolved").GetBoolean());
    }

    [Fact]
    public async Task What_an_objective_is_made_of_is_deleted_only_with_force()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", Walkthrough);
        var slo = (await api.Post("/api/v1/slo", """{"type":"monitor","name":"Up","monitor_ids":[1],"thresholds":[{"timeframe":"7d","target":99}]}""")).Json.GetProperty("data")[0].GetProperty("id").GetString();

        var reason = $"monitor [1,My metric high] is referenced in slos: [{slo},Up]";
        Assert.Equal((409, $$$"""{"data":{"ok":[]},"errors":{"1":["{{{reason}}}"]}}"""), Short(await api.Get("/api/v1/monitor/can_delete?monitor_ids=1")));
        Assert.Equal((409, $$"""{"errors":["{{reason}}"]}"""), Short(await Delete(api, "/api/v1/monitor/1")));
        Assert.Equal((200, """{"deleted_monitor_id":1}"""), Short(await Delete(api, "/api/v1/monitor/1?force=true")));
    }

    [Fact]
    public async Task A_search_says_counts_and_what_it_found()
    {
        await using var api = await MetricsApiHost.Start();
        await api.Post("/api/v1/monitor", Walkthrough);

        var found = await api.Get("/api/v1/monitor/search?query=metric:my_metric&sort=name,asc");

        Assert.Equal("""{"counts":{"status":[{"count":1,"name":"No Data"}],"muted":[{"count":1,"name":false}],"tag":[],"type":[{"count":1,"name":"metric"}]},"monitors":[{"classification":"metric","creator":{"id":1,"handle":"apm@localhost","name":"apm@localhost","email":"apm@localhost"},"id":1,"last_triggered_ts":null,"metrics":["my_metric"],"name":"My metric high","notifications":[{"handle":"user@example.com","name":"user@example.com"}],"org_id":1,"query":"avg(last_5m):avg:my_metric{*} > 800","scopes":["*"],"status":"No Data","tags":[],"type":"metric alert"}],"metadata":{"page":0,"page_count":1,"per_page":30,"total_count":1}}""", found.Text);
        Assert.Equal((400, """{"errors":["Query parsing error: 'notastatus' is not a valid monitor status"]}"""), Short(await api.Get("/api/v1/monitor/search?query=status:notastatus")));
    }

    [Fact]
    public async Task Both_keys_are_needed()
    {
        await using var api = await MetricsApiHost.Start();
        api.ApplicationKey = "";

        Assert.Equal((403, """{"errors":["Forbidden"]}"""), Short(await api.Get("/api/v1/monitor")));
    }

    static (int, string) Short(ApiAnswer answer) => (answer.Status, answer.Text);

    static Task<ApiAnswer> Delete(MetricsApiHost api, string path) => api.Send("DELETE", path, null, null);

    static async Task<JsonElement> Put(MetricsApiHost api, string path, string body) => (await api.Send("PUT", path, System.Text.Encoding.UTF8.GetBytes(body), "application/json")).Json;
}
