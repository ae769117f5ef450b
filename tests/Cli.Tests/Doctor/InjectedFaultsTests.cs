using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Apm.Cli.Launch;
using Apm.Cli.Settings;
using Apm.Core.Diagnosis;
using Apm.Core.Limits;
using Apm.Core.Time;
using Apm.Doctor;
using Apm.Storage;
using Apm.TestKit;
using Apm.TraceAgent.Intake;

namespace Apm.Cli.Tests.Doctor;

/// <summary>Faults of the table, injected into real processes and sockets; each must be the first thing that is said, in these words.</summary>
public sealed class InjectedFaultsTests : IAsyncLifetime
{
    const string FlaskApp = """
        import sys
        from flask import Flask
        app = Flask(__name__)
        @app.route('/api/apm')
        def apm(): return 'apm'
        app.run(port=int(sys.argv[1]))
        """;

    DoctorRig _rig = null!;

    public async Task InitializeAsync() => _rig = await DoctorRig.Start();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    static long Now => TimeProvider.System.NowUnixNanos();

    static object Span(string service, long startUnixNanos, ulong trace = 0, ulong id = 1, string resource = "GET /", string type = "web", Dictionary<string, string>? meta = null, Dictionary<string, double>? metrics = null, long durationNanos = 1_000_000) => new
    {
        trace_id = trace == 0 ? (ulong)Random.Shared.NextInt64(1, long.MaxValue) : trace, span_id = id, parent_id = 0, service, name = "web.request", resource, type, start = startUnixNanos, duration = durationNanos,
        meta = meta ?? [], metrics = metrics ?? [],
    };

    [Fact]
    public async Task TD01_a_flask_app_without_a_request_and_none_once_it_had_one()
    {
        var port = DoctorRig.FreePort();
        var app = await _rig.Launch([DoctorRig.Python, _rig.Write("flaskapp.py", FlaskApp), $"{port}"]);

        var sentence = await app.Verdict("TD01", $" Try: curl http://127.0.0.1:{port}/api/apm"); // Its port and its routes are known a moment after it.

        Assert.StartsWith($"flaskapp (python, pid {app.ProcessId}) is alive and traced, and has received no request in ", sentence, StringComparison.Ordinal);
        Assert.EndsWith($" Try: curl http://127.0.0.1:{port}/api/apm", sentence, StringComparison.Ordinal);
        await _rig.Http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/api/apm"));
        await Until.True("its traces flow", TimeSpan.FromSeconds(10), async () => (await _rig.Report()).GetProperty("healthy").GetBoolean());
    }

    [Fact]
    public async Task TD02_nobody_listens_and_the_last_agent_left_a_word()
    {
        var port = DoctorRig.FreePort();
        _rig.Trail.Ended(port, "data", "apm.yaml:3:1: it is wrong.", TimeProvider.System);

        var judgement = await _rig.JudgeBefore(("DD_TRACE_AGENT_URL", $"http://127.0.0.1:{port}"));

        Assert.Equal("TD02", judgement.First?.Code);
        Assert.StartsWith($"Nothing listens on http://127.0.0.1:{port}: the agent is not running. It last ended at ", judgement.First!.Sentence, StringComparison.Ordinal);
        Assert.Contains(": apm.yaml:3:1: it is wrong. ", judgement.First.Sentence, StringComparison.Ordinal);
        await Places.LauncherAndCommandSay("TD02", judgement.First.Sentence, ("DD_TRACE_AGENT_URL", $"http://127.0.0.1:{port}"), ("XDG_DATA_HOME", _rig.DataHome));
    }

    [Fact]
    public async Task TD03_another_web_server_has_the_port()
    {
        var port = DoctorRig.FreePort();
        var other = _rig.Start(DoctorRig.Python, "-m", "http.server", $"{port}", "--bind", "127.0.0.1");
        await DoctorRig.Listens(port);

        var judgement = await _rig.JudgeBefore(("DD_TRACE_AGENT_URL", $"http://127.0.0.1:{port}"));

        Assert.Equal(("TD03", $"Port {port} is answered by pid {other.Id} ({DoctorRig.Python} -m http.server {port} --bind 127.0.0.1), which is not a trace agent."), (judgement.First?.Code, judgement.First?.Sentence));
        await Places.LauncherAndCommandSay("TD03", judgement.First!.Sentence, ("DD_TRACE_AGENT_URL", $"http://127.0.0.1:{port}"));
    }

    [Fact]
    public async Task TD04_the_port_of_the_screens_in_place_of_the_agents()
    {
        var judgement = await _rig.JudgeBefore(("DD_TRACE_AGENT_URL", $"http://localhost:{_rig.Ui.Port}"));

        Assert.Equal(("TD04", $"The tracer sends to http://localhost:{_rig.Ui.Port} (set by DD_TRACE_AGENT_URL), the agent listens on http://localhost:{_rig.Agent.Port}."), (judgement.First?.Code, judgement.First?.Sentence));
        await Places.LauncherAndCommandSay("TD04", judgement.First!.Sentence, ("DD_TRACE_AGENT_URL", $"http://localhost:{_rig.Ui.Port}"));
    }

    [Theory]
    [InlineData("TD05", "api_key: 0123456789abcdef0123456789abcdef\napm_config:\nenabled: true\n", "line 3, column 1: \"enabled\" stands beside apm_config in place of below it. Indent it by two spaces; as it stands it is passed over, and a Datadog agent leaves tracing off.")]
    [InlineData("TD06", "api_key: 0123456789abcdef0123456789abcdef\ntags:\n\t- role:db\n", "line 3: a tab is not allowed in the indentation of YAML. Write blanks.")]
    public async Task TD05_and_TD06_a_file_that_is_not_as_it_should_be(string code, string text, string sentence)
    {
        var file = _rig.Write("datadog.yaml", text);
        var read = SettingsReader.Read(new Dictionary<string, string>(), _ => null, (file, text)).Settings;
        await using var rig = await DoctorRig.Start(settings => settings with { Checks = read.Checks });

        Assert.Equal($"{file} {sentence}", await rig.Verdict(code));
    }

    [Theory]
    [InlineData("-I", "PYTHONPATH")]
    [InlineData("-S", "PYTHONPATH's sitecustomize")]
    public async Task TD07_an_interpreter_that_passes_over_the_injected_part(string flag, string what)
    {
        var app = await _rig.Launch([DoctorRig.Python, flag, _rig.Write("shop.py", "import time; time.sleep(60)")]);

        var sentence = await app.Verdict("TD07");

        Assert.StartsWith("The command runs Python 3.", sentence, StringComparison.Ordinal);
        Assert.EndsWith($" ({DoctorRig.Python}), and the tracer is not in it: it was started with {flag}, which passes over {what}.", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD08_a_reloader_whose_child_lost_the_tracer()
    {
        var app = await _rig.Launch([DoctorRig.Python, _rig.Write("shop.py", """
            import os, subprocess, sys
            env = {k: v for k, v in os.environ.items() if k != 'PYTHONPATH'}
            env['WERKZEUG_RUN_MAIN'] = 'true'
            subprocess.call([sys.executable, '-c', 'import time; time.sleep(60)'], env=env)
            """)]);

        var sentence = await app.Verdict("TD08");

        Assert.Matches(@"^A debug reloader runs the app in child pid \d+, which is not traced\. Run it without the reloader\.$", sentence);
    }

    [Fact]
    public async Task TD09_workers_forked_after_the_tracer_of_which_one_reports()
    {
        var app = await _rig.Launch([DoctorRig.Python, "-I", _rig.Write("shop.py", """
            import os, socket, time
            s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
            for _ in range(3):
                if os.fork() == 0: time.sleep(60); os._exit(0)
            time.sleep(60)
            """)]);
        var worker = 0;
        await Until.True("three workers", TimeSpan.FromSeconds(10), async () => (await DoctorRig.Look(app.Witness, app.Before, app.ProcessId)).Processes is { Count: 4 } family && family.All(member => member.Ports.Count == 1) && (worker = family[^1].ProcessId) > 0);
        await _rig.Tell("w", "shop", worker, Environment.MachineName);

        var sentence = await app.Verdict("TD09");

        Assert.Matches(string.Create(CultureInfo.InvariantCulture, $@"^3 workers hold port \d+ and only 1 of them reports: they were forked from pid {app.ProcessId} after the tracer had started in it\. Load the app in the workers\.$"), sentence);
    }

    [Fact]
    public async Task TD10_a_rule_samples_everything_out()
    {
        await _rig.Tell("r", "shop", 1, "elsewhere", ("DD_TRACE_SAMPLING_RULES", "[{\"sample_rate\":0}]"));
        await _rig.Send(Span("shop", Now, meta: new() { ["runtime-id"] = "r" }, metrics: new() { ["_sampling_priority_v1"] = -1 }));

        Assert.Equal("1 span of shop came in and none was kept: sampled out by DD_TRACE_SAMPLING_RULES=[{\"sample_rate\":0}].", await _rig.Verdict("TD10"));
    }

    [Theory]
    [InlineData(19, "19 min in the future: the clock of elsewhere is ahead of this machine's.")]
    [InlineData(-180, "3 h in the past: the clock of elsewhere is behind this machine's.")]
    public async Task TD11_a_clock_that_is_off(int minutes, string sentence)
    {
        await _rig.Tell("r", "shop", 7, "elsewhere");
        await _rig.Send(Span("shop", Now + minutes * 60_000_000_000L + Math.Sign(minutes) * 20_000_000_000L, meta: new() { ["runtime-id"] = "r" }));

        Assert.Equal($"Spans of shop (python, pid 7) arrive {sentence} They are stored at the time they tell, and shown under \"arrived recently\".", await _rig.Verdict("TD11"));
        Assert.Contains($"     to see: {_rig.Ui.ToString().TrimEnd('/')}/traces?q=service%3A%22shop%22&from=", (await Places.Command([], "doctor", "--url", _rig.Ui.ToString())).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD14_requests_go_to_another_copy()
    {
        var port = DoctorRig.FreePort();
        var old = _rig.Start(DoctorRig.Python, "-m", "http.server", $"{port}", "--bind", "127.0.0.1");
        var traced = _rig.Start("sleep", "60");
        await DoctorRig.Listens(port);
        await _rig.Tell("r", "shop", traced.Id, Environment.MachineName, ("listen_urls", $"http://localhost:{port}"));

        var sentence = await _rig.Verdict("TD14");

        Assert.StartsWith($"Requests to port {port} go to another copy: pid {old.Id} ({DoctorRig.Python} -m http.server {port} --bind 127.0.0.1), started ", sentence, StringComparison.Ordinal);
        Assert.EndsWith($" ago, which is not traced. Stop it and start shop (python, pid {traced.Id}) again.", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD15_a_proxy_variable_without_its_exception_and_no_password_shown()
    {
        var app = await _rig.Launch(["sleep", "60"], ("HTTP_PROXY", "http://me:hunter2@proxy:3128"));

        Assert.Equal("HTTP_PROXY sends what the app sends to localhost through the proxy http://***@proxy:3128, so it does not reach the agent. Name localhost in NO_PROXY.", await app.Verdict("TD15"));
    }

    [Fact]
    public async Task TD16_TLS_on_the_plain_port_with_the_name_of_the_process()
    {
        var sender = _rig.Start(DoctorRig.Python, "-c", $"import socket, time; s = socket.create_connection(('127.0.0.1', {_rig.Agent.Port})); s.send(bytes([0x16, 3, 1, 0, 5])); time.sleep(60)");

        var sentence = await _rig.Verdict("TD16");

        Assert.StartsWith($"TLS came on port {_rig.Agent.Port} (agent), which speaks plain HTTP, from pid {sender.Id} ({DoctorRig.Python} -c import socket", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD16_an_address_with_https_where_the_agent_speaks_http()
    {
        var judgement = await _rig.JudgeBefore(("DD_TRACE_AGENT_URL", $"https://localhost:{_rig.Agent.Port}"));

        Assert.Equal(("TD16", $"The tracer speaks TLS to https://localhost:{_rig.Agent.Port} (set by DD_TRACE_AGENT_URL), which speaks plain HTTP. Write http:// in place of https://."), (judgement.First?.Code, judgement.First?.Sentence));
        await Places.LauncherAndCommandSay("TD16", judgement.First!.Sentence, ("DD_TRACE_AGENT_URL", $"https://localhost:{_rig.Agent.Port}"));
    }

    [Theory]
    [InlineData("agent", 2, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", "application/grpc", "gRPC came on port {0}, which is for HTTP/1: it is taken all the same.")]
    [InlineData("otlp-grpc", 1, "/v1/traces", "application/x-protobuf", "HTTP/1 came on port {0}, which is for gRPC: it is taken all the same.")]
    public async Task TD17_the_other_protocol_is_taken_and_noted(string listener, int version, string path, string type, string sentence)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(_rig.PortOf(listener), path)) { Version = new Version(version, version == 2 ? 0 : 1), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(version == 2 ? new byte[5] : []) };
        message.Content.Headers.ContentType = new(type);

        using var answer = await _rig.Http.SendAsync(message);
        await answer.Content.ReadAsByteArrayAsync();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        if (version == 2) Assert.Equal("0", string.Join(',', answer.TrailingHeaders.GetValues("grpc-status")));
        Assert.StartsWith(string.Format(CultureInfo.InvariantCulture, sentence, _rig.PortOf(listener).Port), await _rig.Note("TD17"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD18_a_version_that_nobody_reads()
    {
        using var message = new HttpRequestMessage(HttpMethod.Put, new Uri(_rig.Agent, "/v0.9/traces")) { Content = new ByteArrayContent([0x90]) };
        message.Headers.Add("Datadog-Meta-Lang", "python");
        message.Headers.Add("Datadog-Meta-Tracer-Version", "0.16");
        (await _rig.Http.SendAsync(message)).Dispose();

        Assert.Equal("Spans were refused: /v0.9/traces from python tracer 0.16 is a version that is not read here; v0.1 to v0.5, v0.7 and v1.0 are. Use a tracer that speaks one of them.", await _rig.Verdict("TD18"));
    }

    [Theory]
    [InlineData("TD19", true, false, "sh", "/start.sh")]
    [InlineData("TD19", true, false, "/usr/bin/tini", "--", "apm-run", "python3", "app.py")]
    [InlineData("TD02", false, false, "sh", "/start.sh")] // Started later on, by docker exec.
    [InlineData("TD02", true, false, "bash")] // Somebody works in it.
    [InlineData("TD02", true, false, "-bash", "-l")]
    [InlineData("TD02", true, false, "/sbin/init")]
    [InlineData("TD02", true, true, "sh", "/start.sh")] // The agent was in there before.
    public async Task TD19_localhost_inside_of_the_apps_own_container_and_TD02_in_one_that_somebody_works_in(string code, bool descendsFromTheFirst, bool agentHasRunHere, params string[] first)
    {
        _rig.Write(".dockerenv", "");
        if (agentHasRunHere) _rig.Trail.Ended(1, "data", "", TimeProvider.System);
        var processes = _rig.Processes((1, 0, first), (Environment.ProcessId, descendsFromTheFirst ? 1 : 0, ["apm"]));

        var judgement = await _rig.JudgeBefore(processes, ("DD_TRACE_AGENT_URL", $"http://localhost:{DoctorRig.FreePort()}"));

        Assert.Equal(code, judgement.First?.Code);
        Assert.StartsWith(code == "TD19" ? "The app runs in a container, where localhost is the container itself and no agent listens." : "Nothing listens on http://localhost:", judgement.First!.Sentence, StringComparison.Ordinal);
        if (code == "TD02") Assert.Contains(judgement.First.Evidence, line => line.StartsWith("This is a container:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TD20_a_payload_larger_than_what_is_taken()
    {
        using var message = new HttpRequestMessage(HttpMethod.Put, new Uri(_rig.Agent, "/v0.4/traces")) { Content = new ByteArrayContent(new byte[27_262_976]) };
        message.Content.Headers.ContentType = new("application/msgpack");
        message.Headers.ExpectContinue = true; // The answer comes before the body is sent.
        using var answer = await _rig.Http.SendAsync(message);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("A payload was refused whole, and nothing of it is stored: 26 MB in one body is more than the 25 MB that are taken at once. Let the client send smaller batches.", await _rig.Note("TD20"));
    }

    [Fact]
    public async Task TD21_a_small_disk_budget_drives_out_the_oldest()
    {
        await using var rig = await DoctorRig.Start(settings => settings with { MaxDiskBytes = StorageBudget.MinMaxBytes, Traces = settings.Traces with { BlockSpans = 500, MaxWait = TimeSpan.FromMilliseconds(100) } });
        var noise = new Random(1);
        for (var minutes = 60; minutes > 0; minutes--)
        {
            // Noise cannot be packed: a trace takes its size on the disk.
            for (var payload = 0; payload < 5; payload++)
                await rig.SendPatiently([.. Enumerable.Range(0, 20).Select(i => Span("shop", Now - minutes * 60_000_000_000L, meta: new() { ["noise"] = Convert.ToBase64String(Bytes(noise, 12_000)) }))]);
        }

        var sentence = await rig.Note("TD21");

        Assert.Matches(@"^The disk budget was reached at (\d+ \w+ )?\d\d:\d\d UTC: new traces drive out those from before (\d+ \w+ )?\d\d:\d\d UTC\.$", sentence);

        static byte[] Bytes(Random noise, int count)
        {
            var bytes = new byte[count];
            noise.NextBytes(bytes);
            return bytes;
        }
    }

    [Fact]
    public async Task TD22_a_muted_resource_is_counted()
    {
        await using var rig = await DoctorRig.Start(settings => settings.WithNormalize(normalize => normalize with { Filters = normalize.Filters with { IgnoreResources = ["GET /healthz"] } }));
        await rig.Send(Span("shop", Now, resource: "GET /healthz"), Span("shop", Now));

        Assert.Equal("1 span is left out by ignore_resources (GET /healthz).", await rig.Note("TD22"));
    }

    [Fact]
    public async Task TD23_a_service_without_a_name()
    {
        await _rig.Send(Span("", Now, meta: new() { ["runtime-id"] = "r" }));

        Assert.Equal("The service is called unnamed-python-service, which its tracer made up; set DD_SERVICE.", await _rig.Note("TD23"));
    }

    [Fact]
    public async Task TD24_a_call_whose_other_side_began_a_trace_of_its_own()
    {
        await _rig.Tell("w", "web", 7, "elsewhere", ("propagation_inject", "tracecontext"));
        await _rig.Tell("a", "api", 8, "elsewhere", ("propagation_extract", "b3"));
        var start = Now - 2_000_000_000;
        await _rig.Send(
            Span("web", start, 11, 1, type: "http", meta: new() { ["span.kind"] = "client", ["peer.service"] = "api", ["runtime-id"] = "w" }, durationNanos: 500_000_000),
            Span("api", start + 100_000_000, 12, 2, meta: new() { ["span.kind"] = "server", ["runtime-id"] = "a" }, durationNanos: 100_000_000));

        Assert.Equal("Traces break between web and api: web sends tracecontext, api reads b3. Give both a style in common.", await _rig.Note("TD24"));
    }

    [Fact]
    public async Task TD25_a_source_of_activities_that_the_hook_was_told_to_pass_over()
    {
        var app = await _rig.Launch(["dotnet", DoctorRig.WebApp, "plain", "--urls", $"http://127.0.0.1:{DoctorRig.FreePort()}"], ("APM_ALL_SOURCES", "false"));

        Assert.Equal($"ActivitySource Shop.Orders is there and nobody listens to it: what tracedwebapp (dotnet, pid {app.ProcessId}) does in it makes no spans.", await _rig.Note("TD25"));
    }

    [Fact]
    public async Task TD27_a_threshold_beyond_all_that_the_metric_has_been()
    {
        await Post("/api/v1/series", $$$"""{"series":[{"metric":"my_metric","points":[[{{{Now / 1_000_000_000}}},612]],"host":"box-1"}]}""");
        await Until.True("the metric is there", TimeSpan.FromSeconds(10), async () => (await _rig.Http.GetStringAsync(new Uri(_rig.Ui, $"/api/v1/query?from={Now / 1_000_000_000 - 600}&to={Now / 1_000_000_000 + 60}&query=max:my_metric{{*}}"))).Contains("612", StringComparison.Ordinal));
        await Post("/api/v1/monitor", """{"type":"metric alert","name":"my_metric is high","query":"avg(last_5m):avg:my_metric{*} > 800","message":""}""");

        Assert.Equal("Monitor \"my_metric is high\" can never alert: the maximum of my_metric in 7 days is 612, its threshold 800.", await _rig.Note("TD27"));

        async Task Post(string path, string body)
        {
            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            using var answer = await _rig.Http.PostAsync(new Uri(_rig.Ui, path), content);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task TD26_the_launcher_and_a_middleware()
    {
        var app = await _rig.Launch([DoctorRig.Python, _rig.Write("flaskapp.py", FlaskApp.Replace("app.run", "from apm_tracing.contrib.flask import TraceMiddleware\nTraceMiddleware(app)\napp.run", StringComparison.Ordinal)), $"{DoctorRig.FreePort()}"]);

        Assert.Equal($"Both the launcher and the flask middleware in the code trace flaskapp (python, pid {app.ProcessId}): the spans would be doubled, so one of them yields. One is enough.", await _rig.Note("TD26"));
    }

    [Fact]
    public async Task TD28_a_language_that_has_no_tracer_here()
    {
        var app = await _rig.Launch(["sh", "-c", "node -e 'setInterval(() => {}, 1000)'; true"]);

        Assert.Equal($"The app (pid {app.ProcessId}) runs Node.js, for which Apm brings no tracer of its own: start it with a Datadog or OpenTelemetry tracer, which finds the agent by the variables that are set already.", await app.Verdict("TD28"));
    }

    [Fact]
    public async Task TD29_spans_for_a_path_that_nobody_answers()
    {
        using var content = new ByteArrayContent([1]);
        content.Headers.ContentType = new("application/x-protobuf");
        (await _rig.Http.PostAsync(new Uri(_rig.PortOf("otlp-http"), "/otlp/spans"), content)).Dispose();

        Assert.Equal($"Spans were sent to /otlp/spans, which nobody answers. OTLP goes to the bare address, such as http://localhost:{_rig.PortOf("otlp-http").Port}: the exporter adds /v1/traces itself.", await _rig.Verdict("TD29"));
    }

    [Theory]
    [InlineData(1200, "20 min ahead of")]
    [InlineData(-10800, "3 h behind")]
    public async Task TD31_the_clock_of_the_browser_that_looks(int seconds, string how)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, new Uri(_rig.Ui, "/doctor"));
        message.Headers.Add("Cookie", $"apm_skew={seconds}");

        using var answer = await _rig.Http.SendAsync(message);
        var page = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());

        Assert.Contains("data-code=\"TD31\"", page, StringComparison.Ordinal);
        Assert.Contains($"The clock of this browser is {how} the machine that Apm runs on.", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3")]
    [InlineData("99999999999999999999")]
    [InlineData("1e9")]
    [InlineData("")]
    public async Task TD31_is_not_said_of_a_clock_that_agrees_or_a_cookie_that_is_none(string cookie)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, new Uri(_rig.Ui, "/doctor"));
        message.Headers.Add("Cookie", $"apm_skew={cookie}");

        using var answer = await _rig.Http.SendAsync(message);

        Assert.DoesNotContain("TD31", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD30_tracing_is_switched_off()
    {
        var app = await _rig.Launch([DoctorRig.Python, _rig.Write("shop.py", "import time; time.sleep(60)")], ("DD_TRACE_ENABLED", "false"));

        Assert.Equal($"DD_TRACE_ENABLED=false switches tracing off in shop (python, pid {app.ProcessId}). Unset it.", await app.Verdict("TD30"));
    }

    [Fact]
    public async Task TD33_payloads_with_nothing_inside()
    {
        for (var i = 0; i < 4; i++)
        {
            using var content = new ByteArrayContent([0x90]);
            content.Headers.ContentType = new("application/msgpack");
            (await _rig.Http.PutAsync(new Uri(_rig.Agent, "/v0.4/traces"), content)).Dispose();
        }

        Assert.StartsWith("/v0.4/traces answered 200 4 times, and no span was inside:", await _rig.Verdict("TD33"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD35_a_dotnet_app_whose_environment_was_cleared_on_the_way()
    {
        var app = await _rig.Launch(["env", "-i", $"PATH={Environment.GetEnvironmentVariable("PATH")}", "DOTNET_CLI_HOME=/tmp", "dotnet", DoctorRig.WebApp, "plain", "--urls", $"http://127.0.0.1:{DoctorRig.FreePort()}"]);

        Assert.Equal($"The app (pid {app.ProcessId}) runs .NET, and its environment has lost DOTNET_STARTUP_HOOKS, so the tracer is not in it. Put apm-run behind whatever clears the environment.", await app.Verdict("TD35"));
    }

    [Fact]
    public async Task TD35_a_dotnet_app_that_was_built_without_startup_hooks()
    {
        var copy = _rig.CopyOfWebApp();
        var config = Path.Combine(copy, "TracedWebApp.runtimeconfig.json");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("\"configProperties\": {", "\"configProperties\": { \"System.StartupHookProvider.IsSupported\": false,", StringComparison.Ordinal));
        var app = await _rig.Launch(["dotnet", Path.Combine(copy, "TracedWebApp.dll"), "plain", "--urls", $"http://127.0.0.1:{DoctorRig.FreePort()}"]);

        Assert.Equal($"TracedWebApp (dotnet, pid {app.ProcessId}) runs .NET with start-up hooks switched off by {config}, so the tracer is not in it. Build it with StartupHookSupport, or call AddApmTracing in its code.", await app.Verdict("TD35"));
    }

    [Theory]
    [InlineData("unix:///nowhere/apm.socket", "names a socket file that is not there, and Apm listens on TCP ports")]
    [InlineData("tcp://localhost:8126", "is no address of a trace agent")]
    public async Task TD36_an_address_that_no_tracer_can_send_to(string address, string why)
    {
        var judgement = await _rig.JudgeBefore(("DD_TRACE_AGENT_URL", address));

        Assert.Equal(("TD36", $"DD_TRACE_AGENT_URL={address} {why}. Write http://localhost:8126."), (judgement.First?.Code, judgement.First?.Sentence));
        await Places.LauncherAndCommandSay("TD36", judgement.First!.Sentence, ("DD_TRACE_AGENT_URL", address));
    }

    [Theory]
    [InlineData("localhost:{0}")]
    [InlineData("\"http://localhost:{0}\"")]
    [InlineData("http://localhost:{0}/v0.4/traces")]
    public async Task An_address_that_is_nearly_right_is_taken_for_what_was_meant(string address)
    {
        var app = await _rig.Launch([DoctorRig.Python, _rig.Write("flaskapp.py", FlaskApp), $"{DoctorRig.FreePort()}"], ("DD_TRACE_AGENT_URL", string.Format(CultureInfo.InvariantCulture, address, _rig.Agent.Port)));

        await app.Seen("TD01"); // The tracer was heard.
    }

    [Fact]
    public async Task A_host_with_http_before_it_is_taken_for_the_host()
    {
        Assert.Equal($"http://localhost:{_rig.Agent.Port}/", AgentProbe.AddressFrom(name => name switch { "DD_AGENT_HOST" => "http://localhost", "DD_TRACE_AGENT_PORT" => $"{_rig.Agent.Port}", _ => null }).Url.ToString());
        var app = await _rig.Launch([DoctorRig.Python, _rig.Write("flaskapp.py", FlaskApp), $"{DoctorRig.FreePort()}"], ("DD_AGENT_HOST", "http://localhost"), ("DD_TRACE_AGENT_PORT", $"{_rig.Agent.Port}"));

        await app.Seen("TD01");
    }

    [Fact]
    public async Task TD07_a_script_that_wipes_the_place_of_the_tracer()
    {
        var app = await _rig.Launch(["sh", "-c", $"env -u PYTHONPATH {DoctorRig.Python} {_rig.Write("shop.py", "import time; time.sleep(60)")}; true"]);

        Assert.EndsWith($" ({DoctorRig.Python}), and the tracer is not in it: its environment has lost the tracer's place in PYTHONPATH.", await app.Verdict("TD07"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD34_a_server_of_a_library_that_nobody_knows()
    {
        var port = DoctorRig.FreePort();
        var app = await _rig.Launch([DoctorRig.Python, "-m", "http.server", $"{port}", "--bind", "127.0.0.1"]);

        Assert.StartsWith($"server (python, pid {app.ProcessId}) listens on port {port}, and its tracer has not told of itself in ", await app.Verdict("TD34", "listens on"), StringComparison.Ordinal);
    }

    /// <summary>TD12 and TD13 are injected in <see cref="EmptyScreensTests"/>, for only a screen sees them; TD32 as well.</summary>
    [Fact]
    public void Every_fault_is_injected_somewhere_here()
    {
        var injected = new[] { typeof(InjectedFaultsTests), typeof(EmptyScreensTests) }.SelectMany(type => type.GetMethods()).SelectMany(method => method.Name.Split('_')).ToHashSet(StringComparer.Ordinal);

        Assert.Superset(FaultTable.Rules.Select(rule => rule.Code).ToHashSet(StringComparer.Ordinal), injected);
    }

    [Fact]
    public async Task The_launcher_says_what_is_wrong_within_ten_seconds()
    {
        var app = await _rig.Launch([DoctorRig.Python, "-I", _rig.Write("shop.py", "import time; time.sleep(60)")]);

        var (said, after) = await app.Watch();

        Assert.Equal("TD07", said?.Code);
        Assert.InRange(after, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10));
        Assert.StartsWith("TD07 The command runs Python 3.", VerdictLine.Of(said!), StringComparison.Ordinal);
        Assert.EndsWith(" → ./apm-run python3 app.py   # without -I, -E and -S, which pass over PYTHONPATH", VerdictLine.Of(said!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_comes_after_the_app_is_told_what_the_launcher_sees()
    {
        var app = await _rig.Launch([DoctorRig.Python, "-I", _rig.Write("shop.py", "import time; time.sleep(60)")]);
        var refused = new AgentAnswer(AgentAnswerKind.Refused, "connection refused");

        var (said, _) = await (app with { Before = app.Before with { Answer = refused.Kind, AnswerDetail = refused.Detail } }).Watch(refused);

        Assert.Equal("TD07", said?.Code); // Not TD02: it was asked again.
        Assert.Contains((await _rig.Report()).GetProperty("apps").EnumerateArray(), one => one.GetProperty("pid").GetInt32() == app.ProcessId && one.GetProperty("launched").GetBoolean());
    }

    [Fact]
    public async Task The_launcher_says_nothing_of_an_app_whose_traces_flow()
    {
        var port = DoctorRig.FreePort();
        var app = await _rig.Launch([DoctorRig.Python, _rig.Write("flaskapp.py", FlaskApp), $"{port}"]);
        await DoctorRig.Listens(port);
        await _rig.Http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/api/apm"));

        Assert.Null((await app.Watch()).Said);
    }

    [Theory]
    [InlineData("/v1/traces/v1/traces")]
    [InlineData("//v1/traces/")]
    [InlineData("/collector/v1/traces")]
    [InlineData("/")]
    public async Task A_path_too_many_or_too_few_is_taken_for_what_was_meant(string path)
    {
        using var content = new ByteArrayContent([]);
        content.Headers.ContentType = new("application/x-protobuf");
        using var answer = await _rig.Http.PostAsync(new Uri($"{_rig.PortOf("otlp-http").ToString().TrimEnd('/')}{path}"), content);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_process_that_vanishes_while_being_asked_is_one_that_is_not_there()
    {
        var gone = _rig.Start("true");
        await gone.WaitForExitAsync();
        await _rig.Tell("r", "shop", gone.Id, Environment.MachineName, ("listen_urls", "http://localhost:1"));

        var report = await _rig.Report();

        Assert.Empty(report.GetProperty("apps").EnumerateArray());
    }

    [Fact]
    public async Task Hostile_facts_are_refused_in_words_or_cut()
    {
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await Post("{}", "text/plain"));
        Assert.Equal(HttpStatusCode.BadRequest, await Post("[1,2", "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, await Post("{\"host\":\"x\",\"processId\":0}", "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, await Post("{\"host\":\"x\",\"processId\":1,\"processes\":null}", "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, await Post("{\"host\":\"x\",\"processId\":1,\"processes\":[{\"processId\":2}]}", "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, await Post("{\"host\":\"x\",\"processId\":1,\"answeredBy\":{\"processId\":2}}", "application/json"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await Post("{\"host\":\"" + new string('x', 300_000) + "\",\"processId\":1}", "application/json"));
        Assert.Equal(HttpStatusCode.OK, await Post("{\"host\":\"elsewhere\",\"processId\":1,\"command\":\"" + new string('x', 100_000) + "\",\"variables\":{\"DD_API_KEY\":\"0123secret\"}}", "application/json"));
        Assert.DoesNotContain("0123secret", (await _rig.Report()).ToString(), StringComparison.Ordinal);

        async Task<HttpStatusCode> Post(string body, string type)
        {
            using var content = new StringContent(body, System.Text.Encoding.UTF8, type);
            using var answer = await _rig.Http.PostAsync(new Uri(_rig.Ui, "/api/doctor/facts"), content);
            return answer.StatusCode;
        }
    }
}
