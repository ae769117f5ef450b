using System.Text.Json.Nodes;
using Apm.Cli.Definitions;
using Apm.Cli.Host;
using Apm.TraceAgent.Metrics;
using Apm.TraceAgent.Receive;

namespace Apm.Cli.Tests.Definitions;

/// <summary>Files applied to a running product, and what it has written back as files.</summary>
public sealed class ApplyTests : IAsyncLifetime, IDisposable
{
    const string File = """
        monitors:
          - id: 71
            name: Load high
            type: metric alert
            query: avg(last_5m):avg:system.load.1{*} > 80
            message: |
              {{#is_alert}}Load is {{value}}{{/is_alert}} @you@example.com
            tags: [team:ops]
            options:
              thresholds: {critical: 80, warning: 60}
          - {name: Both, type: composite, query: 71 && 72}
          - {id: 72, name: Check, type: service check, query: '"a".over("*").by("host").last(2).count_by_status()', options: {thresholds: {critical: 1}}}
          - {id: 73, name: By host, type: query alert, query: 'avg(last_5m):avg:system.load.1{*} by {host,env} > 80'}
          - {name: Burns, type: slo alert, query: 'error_budget("abc").over("30d") > 75'}
        slos:
          - id: abc
            name: Load is fine
            type: monitor
            monitor_ids: [71, 72]
            thresholds: [{timeframe: 30d, target: 99.9}]
          - name: Some hosts
            type: monitor
            monitor_ids: [73]
            groups: ["env:p,host:a", "host:b,env:p"]
            thresholds: [{timeframe: 7d, target: 99}]
          - name: Quick
            type: time_slice
            timeframe: 7d
            target_threshold: 95
            sli_specification: {time_slice: {query: {queries: [{data_source: metrics, name: q, query: 'avg:latency{*}'}]}, comparator: <, threshold: 0.5}}
        dashboards:
          - title: Board
            description: see https://bob:hunter22@wiki.example.com, token=abcdef123
            layout_type: ordered
            widgets:
              - definition: {type: note, content: Hello}
              - definition: {type: alert_graph, alert_id: "71", viz_type: timeseries}
        downtimes:
          - {monitor_id: 71, scope: ["env:prod", "host:a"], message: nights, timezone: America/New_York, start: 1730502000, end: 1730552400, recurrence: {type: weeks, period: 1, week_days: [Mon, Tue]}}
          - {scope: "env:dev", message: once, end: 1930502000}
        """;

    readonly string _folder = Directory.CreateTempSubdirectory("apply").FullName;
    ApmHost _host = null!;
    ApiAccess _api = null!;

    public async Task InitializeAsync()
    {
        _host = await ApmHost.Start(
            new HostSettings { DataFolder = Path.Combine(_folder, "data"), UiPort = 0, Agent = new AgentSettings { AgentPort = 0, OtlpGrpcPort = null, OtlpHttpPort = null, ZipkinPort = null }, DogStatsD = new DogStatsDSettings { Port = 0 } },
            TimeProvider.System, _ => { });
        _api = new ApiAccess(new Uri(_host.UiUrl), "k", "a");
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _api.Dispose();

    [Fact]
    public async Task What_files_say_is_made_once_changed_where_it_differs_and_written_back_the_same()
    {
        Assert.Equal("Would be: 11 created, 0 changed, 0 unchanged, 0 refused.", (await Apply(File, isDry: true))[^1]);
        Assert.Equal("11 created, 0 changed, 0 unchanged, 0 refused.", (await Apply(File))[^1]);
        Assert.Equal("0 created, 0 changed, 11 unchanged, 0 refused.", (await Apply(File))[^1]);

        // References lead to the ids that were given here.
        var both = (await _api.Call(HttpMethod.Get, "/api/v1/monitor?name=Both", null, default))![0]!;
        var load = (await _api.Call(HttpMethod.Get, "/api/v1/monitor?name=Load", null, default))![0]!;
        Assert.StartsWith($"{load["id"]} && ", both["query"]!.ToString(), StringComparison.Ordinal);

        var changed = await Apply(File.Replace("warning: 60", "warning: 50", StringComparison.Ordinal).Replace("content: Hello", "content: Good day", StringComparison.Ordinal).Replace("[Mon, Tue]", "[Mon]", StringComparison.Ordinal).Replace("target: 99.9", "target: 99.5", StringComparison.Ordinal));
        Assert.Equal("0 created, 4 changed, 7 unchanged, 0 refused.", changed[^1]);
        Assert.Contains(changed, line => line.StartsWith("changed    monitor", StringComparison.Ordinal) && line.EndsWith("\"Load high\" (options.thresholds.warning)", StringComparison.Ordinal));
        Assert.Contains(changed, line => line.EndsWith("\"Board\" (widgets[0])", StringComparison.Ordinal));
        Assert.Contains(changed, line => line.EndsWith("(schedule.recurrences[0])", StringComparison.Ordinal));

        var masked = 0;
        var exported = await new Exporting(_api).Read(DefinitionKinds.All, count => masked += count, default);
        var whole = Exporting.Whole(exported);
        Assert.Equal((11, 1), (exported.Count, masked));
        Assert.Contains("see https://bob:********@wiki.example.com, token=********", whole, StringComparison.Ordinal);
        Assert.Equal("0 created, 0 changed, 11 unchanged, 0 refused.", (await Apply(whole))[^1]);

        // What was masked stays as it is when something else changes.
        Assert.Equal("0 created, 1 changed, 10 unchanged, 0 refused.", (await Apply(whole.Replace("\"Good day\"", "\"Good evening\"", StringComparison.Ordinal)))[^1]);
        Assert.Contains("hunter22", (await Board()).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_of_an_objective_are_added_and_taken_away_and_then_stay()
    {
        const string monitors = """
            monitors:
              - {id: 73, name: By host, type: query alert, query: 'avg(last_5m):avg:load{*} by {host,env} > 80'}
              - {id: 74, name: By zone, type: query alert, query: 'avg(last_5m):avg:load{*} by {zone} > 80'}
            slos:

            """;
        const string whole = "  - {name: Some hosts, type: monitor, monitor_ids: [73], thresholds: [{timeframe: 7d, target: 99}]}";
        string With(string groups) => whole.Replace("[73],", $"[73], groups: {groups},", StringComparison.Ordinal);
        const string unchanged = "0 created, 0 changed, 3 unchanged, 0 refused.";

        await Apply(monitors + With("""["env:p,host:a", "host:a, env:p", "host:b,env:p"]"""));
        Assert.Equal(unchanged, (await Apply(monitors + With("""["env:p,host:a", "host:a, env:p", "host:b,env:p"]""")))[^1]);
        var taken = await Apply(monitors + whole);
        Assert.Contains(taken, line => line.EndsWith("\"Some hosts\" (groups)", StringComparison.Ordinal));
        Assert.Equal(unchanged, (await Apply(monitors + whole))[^1]);
        Assert.Equal(unchanged, (await Apply(monitors + With("[]")))[^1]);

        // Of another monitor, which has none of the groups of before.
        await Apply(monitors + With("""["host:a,env:p"]"""));
        Assert.Equal("0 created, 1 changed, 2 unchanged, 0 refused.", (await Apply(monitors + whole.Replace("[73]", "[74]", StringComparison.Ordinal)))[^1]);
    }

    [Fact]
    public async Task Corrections_are_made_once_found_again_and_written_back_with_their_objective()
    {
        const string file = """
            slos:
              - {id: abc, name: Quick, type: time_slice, timeframe: 7d, target_threshold: 95, sli_specification: {time_slice: {query: {queries: [{data_source: metrics, name: q, query: 'avg:latency{*}'}]}, comparator: <, threshold: 0.5}}}
            corrections:
              - {slo_id: abc, category: Deployment, start: 1730502000, end: 1730505600}
              - {slo_id: abc, category: Deployment, start: 1730602000, end: 1730605600, description: second}
              - {slo_id: abc, category: Scheduled Maintenance, start: 1730502000, duration: 3600, rrule: FREQ=WEEKLY;BYDAY=SU, timezone: Europe/Berlin}
            """;
        Assert.Equal("Would be: 4 created, 0 changed, 0 unchanged, 0 refused.", (await Apply(file, isDry: true))[^1]);
        var made = await Apply(file);
        Assert.Equal("4 created, 0 changed, 0 unchanged, 0 refused.", made[^1]);
        var slo = (await _api.Call(HttpMethod.Get, "/api/v1/slo", null, default))!["data"]![0]!["id"]!.ToString();
        Assert.Contains(made, line => line.EndsWith($"\"Deployment of {slo} from 2024-11-01 23:00 UTC\" (f:4:5)", StringComparison.Ordinal));
        Assert.Equal("0 created, 0 changed, 4 unchanged, 0 refused.", (await Apply(file))[^1]);

        var changed = await Apply(file.Replace("1730505600", "1730509200", StringComparison.Ordinal).Replace("BYDAY=SU", "BYDAY=SA", StringComparison.Ordinal));
        Assert.Equal("0 created, 2 changed, 2 unchanged, 0 refused.", changed[^1]);
        Assert.Contains(changed, line => line.EndsWith("(end)", StringComparison.Ordinal));
        Assert.Contains(changed, line => line.EndsWith("(rrule)", StringComparison.Ordinal));

        var exported = await new Exporting(_api).Read(DefinitionKinds.All, _ => { }, default);
        var whole = Exporting.Whole(exported);
        Assert.Contains(exported, one => one.FileName.StartsWith("deployment-second-", StringComparison.Ordinal));
        Assert.Equal("0 created, 0 changed, 4 unchanged, 0 refused.", (await Apply(whole))[^1]);

        // On another installation the objective has another id, and so have its corrections.
        await _api.Call(HttpMethod.Delete, $"/api/v1/slo/{slo}", null, default);
        Assert.Equal("4 created, 0 changed, 0 unchanged, 0 refused.", (await Apply(whole))[^1]);
        Assert.Equal("0 created, 0 changed, 4 unchanged, 0 refused.", (await Apply(whole))[^1]);
    }

    [Fact]
    public async Task Corrections_that_cannot_be_say_where()
    {
        await Apply("""{"name":"Quick","type":"time_slice","timeframe":"7d","target_threshold":95,"sli_specification":{"time_slice":{"query":{"queries":[{"data_source":"metrics","name":"q","query":"avg:latency{*}"}]},"comparator":"<","threshold":0.5}}}""");
        var slo = (await _api.Call(HttpMethod.Get, "/api/v1/slo", null, default))!["data"]![0]!["id"]!.ToString();

        Assert.Equal("refused    correction f:1:1 \"Other of none from 1970-01-01 00:00 UTC\": SLO with id \"none\" not found.", (await Apply("""{"type":"correction",        "slo_id":"none","category":"Other","start":5,"end":9}"""))[0]);
        Assert.Equal($"refused    correction f:1:{slo.Length + 32} \"Lunch of {slo} from 1970-01-01 00:00 UTC\": data.attributes.category: \"Lunch\" is not known. There are: Scheduled Maintenance, Outside Business Hours, Deployment, Other.", (await Apply($$"""{"start":5,"slo_id":"{{slo}}","end":9,"category":"Lunch"}"""))[0]);
        foreach (var (left, sentence) in ((string, string)[])
        [
            ("\"end\":9,\"category\":\"Other\"", "a start in Unix seconds, by which it is found again. Add \"start\"."),
            ("\"start\":5,\"end\":9", "a category, by which it is found again. Add \"category\"."),
        ])
            Assert.Equal($"refused    correction f:1:17: a correction in a file needs {sentence}", (await Apply($$"""{"corrections":[{"slo_id":"{{slo}}",{{left}}}]}""", isDry: true))[0]);
        Assert.Equal("refused    correction f:1:1: a correction in a file needs the id of its objective, by which it is found again. Add \"slo_id\".", (await Apply("""{"type":"correction","category":"Other","start":5,"end":9}""", isDry: true))[0]);
        await Apply($$"""{"start":5,"slo_id":"{{slo}}","end":9,"category":"Other"}""");
        var id = (await _api.Call(HttpMethod.Get, "/api/v1/slo/correction", null, default))!["data"]![0]!["id"]!.ToString();
        Assert.EndsWith($": data.attributes.slo_id is \"other\", and the correction is of \"{slo}\": it stays with its objective. Delete it, and make one for the other.", (await Apply($$"""{"id":"{{id}}","start":5,"slo_id":"other","end":9,"category":"Other"}"""))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_muted_stays_muted_and_a_number_from_elsewhere_is_not_mistaken()
    {
        await Apply("""{"name":"First","type":"metric alert","query":"avg(last_5m):avg:x{*} > 1"}""");
        await _api.Call(HttpMethod.Post, "/api/v1/monitor/1/mute", null, default);

        Assert.Equal("0 created, 1 changed, 0 unchanged, 0 refused.", (await Apply("""{"id":1,"name":"First of all","type":"metric alert","query":"avg(last_5m):avg:x{*} > 1"}"""))[^1]);
        Assert.NotNull((await _api.Call(HttpMethod.Get, "/api/v1/monitor/1", null, default))!["options"]!["silenced"]!["*"] ?? "muted");
        Assert.True((await _api.Call(HttpMethod.Get, "/api/v1/monitor/1", null, default))!["options"]!["silenced"]!.AsObject().ContainsKey("*"));
        Assert.Equal("1 created, 0 changed, 0 unchanged, 0 refused.", (await Apply("""{"id":1,"created_at":5,"name":"Another's","type":"metric alert","query":"avg(last_5m):avg:y{*} > 1"}"""))[^1]);
    }

    [Fact]
    public async Task What_is_refused_says_where_why_and_what_to_do()
    {
        Assert.Equal(
        [
            "refused    monitor    f:2:56 \"A\": Alert threshold (90.0) does not match that used in the query (80.0).",
            "refused    monitor    f:3:2: a monitor in a file needs a name, by which it is found again. Add \"name\".",
        ], (await Apply("[\n {\"type\":\"metric alert\",\"name\":\"A\",         \"options\":{\"thresholds\":{\"critical\":90}},\"query\":\"avg(last_5m):avg:m{*} > 80\"},\n {\"type\":\"metric alert\",\"query\":\"avg(last_5m):avg:m{*} > 80\"}]")).SkipLast(1).OrderBy(line => line, StringComparer.Ordinal));
        Assert.Contains("the same monitor stands in f:1:2 already. Keep one of them.", (await Apply("""[{"name":"B","type":"metric alert","query":"avg(last_5m):avg:m{*} > 80"},{"name":"B","type":"metric alert","query":"avg(last_5m):avg:m{*} > 81"}]""", isDry: true))[1], StringComparison.Ordinal);
        Assert.Contains("\"message\" holds a secret that was masked when it was exported, and there is none here yet. Put it in.", (await Apply("""{"name":"C","type":"metric alert","query":"avg(last_5m):avg:m{*} > 80","message":"token=********"}"""))[0], StringComparison.Ordinal);
        Assert.Contains("this is a board of the old calls. Import it on the page of dashboards", (await Apply("""{"title":"D","graphs":[]}"""))[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"a\":1}", "f:1:1: this is none of monitor, dashboard, downtime, SLO, correction. ")]
    [InlineData("[{\"name\":\"x\",\n \"type\":\"metric alert\" \"query\":\"y\"}]", "f:2:24: this cannot be read: '\"' is invalid after a value. Expected either ',', '}', or ']'. Correct it there.")]
    [InlineData("monitors:\n  - name: x\n   type: y\n", "f:3:")]
    [InlineData("{\"a\": \"\\ud800\"}", "f:1:7: this cannot be read: The text is no Unicode: it has half a surrogate pair, such as \\ud800. Correct it there.")]
    [InlineData("{\n\"\\udc00\": 1}", "f:2:1: this cannot be read: The text is no Unicode")]
    [InlineData("monitors: [1]", "f:1:12: here an object should stand: {…} with the members of monitor, dashboard, downtime, SLO, correction.")]
    public void A_text_that_is_none_says_where(string text, string sentence) => Assert.StartsWith(sentence, Assert.Throws<DefinitionException>(() => DefinitionFiles.ReadText("f", text)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_never_ends_is_refused()
    {
        var problems = new List<string>();

        Assert.Empty(DefinitionFiles.Read([DefinitionFiles.Input], new EndlessReader(), problems));
        Assert.EndsWith($"it has more than {DefinitionFiles.MaxFileBytes} characters. Split it.", Assert.Single(problems), StringComparison.Ordinal);
    }

    sealed class EndlessReader : TextReader
    {
        public override int Read(char[] buffer, int index, int count)
        {
            buffer.AsSpan(index, count).Fill('#');
            return count;
        }
    }

    async Task<string[]> Apply(string text, bool isDry = false)
    {
        using var output = new StringWriter { NewLine = "\n" };
        await new Applying(_api, isDry, output).Run(DefinitionFiles.ReadText("f", text), default);
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    async Task<JsonNode> Board()
    {
        var id = (await _api.Call(HttpMethod.Get, "/api/v1/dashboard", null, default))!["dashboards"]![0]!["id"]!.ToString();
        return (await _api.Call(HttpMethod.Get, $"/api/v1/dashboard/{id}", null, default))!;
    }
}
