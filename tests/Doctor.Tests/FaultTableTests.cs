using Apm.Core.Diagnosis;

namespace Apm.Doctor.Tests;

/// <summary>The fault table: for each fault the facts that show it, and the verdict in the words that a user reads.</summary>
public class FaultTableTests
{
    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_is_the_first_verdict_in_these_words(string code, string sentence, object facts)
    {
        var judgement = FaultTable.Judge((Facts)facts);

        Assert.NotNull(judgement.First);
        Assert.Equal((code, sentence), (judgement.First.Code, judgement.First.Sentence));
        Assert.NotEmpty(judgement.First.Evidence);
        Assert.DoesNotContain("check your", judgement.First.Sentence, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Notes))]
    public void What_is_so_beside_traces_is_a_note_and_no_alarm(string code, string sentence, object facts)
    {
        var judgement = FaultTable.Judge((Facts)facts);

        Assert.Null(judgement.First);
        Assert.Contains((code, sentence), judgement.Notes.Select(note => (note.Code, note.Sentence)));
        Assert.All(judgement.Notes, note => Assert.NotEmpty(note.Evidence));
    }

    [Fact]
    public void Every_fault_of_the_table_has_its_case()
    {
        var told = Faults.Concat(Notes).Select(row => (string)row[0]).ToHashSet();

        Assert.Equal(FaultTable.Rules.Select(rule => rule.Code).Order(), told.Order());
        Assert.Superset(Enumerable.Range(1, 27).Select(number => $"TD{number:00}").ToHashSet(), told);
    }

    static FamilyMember Member(int id, int parent, params int[] ports) => new(id, parent, "python3 flaskapp.py", ports) { HasInjection = true };

    static RefusalFacts Refused(string path, int status, string reason, string sentence) => new(path, status, reason, sentence, "python tracer 0.16", 4, Case.Now - 2_000_000_000);

    static readonly PortHolder Other = new(800, "python3 flaskapp.py", (Case.Now / 1_000_000_000) - 86_400);

    public static TheoryData<string, string, object> Faults { get; } = new()
    {
        { "TD01", "flaskapp (python, pid 4121) is alive and traced, and has received no request in 7 s. Try: curl http://localhost:5050/api/apm", Case.Told(process => process) },
        {
            "TD02", "Nothing listens on http://localhost:8126: the agent is not running. It last ended at 12:01 with exit code 1. The app runs on, and its spans arrive once the agent is there.",
            Case.Launched(launcher => launcher with { Answer = AgentAnswerKind.Refused, AnswerDetail = "connection refused", LastAgentWords = "It last ended at 12:01 with exit code 1." })
        },
        {
            "TD03", "Port 8126 is answered by pid 991 (python app.py), which is not a trace agent.",
            Case.Launched(launcher => launcher with { Answer = AgentAnswerKind.NotAnAgent, AnswerDetail = "404", AnsweredBy = new PortHolder(991, "python app.py", 0) })
        },
        {
            "TD03", "Port 8126 is answered by the app's own web server, pid 4121 (python3 flaskapp.py), so the agent cannot have it. Let the app listen elsewhere, such as on 5050.",
            Case.Launched(launcher => launcher with { Answer = AgentAnswerKind.NotAnAgent, AnswerDetail = "404", AnsweredBy = new PortHolder(4121, "python3 flaskapp.py", 0) })
        },
        {
            "TD04", "The tracer sends to http://localhost:8127 (set by DD_TRACE_AGENT_URL), the agent listens on http://localhost:8126.",
            Case.Launched(launcher => launcher with { AgentUrl = "http://localhost:8127", AgentUrlSource = "DD_TRACE_AGENT_URL", Answer = AgentAnswerKind.NotAnAgent, AnswerDetail = "404", OtherAgentUrl = "http://localhost:8126" })
        },
        {
            "TD05", "datadog.yaml line 14, column 1: \"enabled\" stands beside apm_config in place of below it. Indent it by two spaces; as it stands it is passed over, and a Datadog agent leaves tracing off.",
            Case.Overall(agent => agent with { ConfigFaults = [new ConfigFault(ConfigFaultKind.Misplaced, "datadog.yaml", 14, 1, "wrong", "enabled: true", ["apm_config:", "  enabled: true"]) { Key = "enabled", Group = "apm_config" }] })
        },
        {
            "TD06", "datadog.yaml line 3: a tab is not allowed in the indentation of YAML. Write blanks.",
            Case.Overall(agent => agent with { ConfigFaults = [new ConfigFault(ConfigFaultKind.Tab, "datadog.yaml", 3, 1, "A tab", "\t- role:db", ["tags:", "  - role:db"])] })
        },
        {
            "TD07", "ddtrace-run belongs to /a/bin/python3.11, the command runs Python 3.9.2 (/b/bin/python), where the tracer is not installed.",
            Case.Launched(launcher => launcher with { Interpreter = "/b/bin/python", InterpreterVersion = "3.9.2", ImportsTracer = false, ImportProblem = "No module named 'ddtrace'", Wrapper = "ddtrace-run", WrapperInterpreter = "/a/bin/python3.11" })
        },
        {
            "TD07", "The command runs Python 3.9.2 (/b/bin/python), and the tracer is not in it: it was started with -I, which passes over PYTHONPATH.",
            Case.Launched(launcher => launcher with { Interpreter = "/b/bin/python", InterpreterVersion = "3.9.2", ImportsTracer = false, ImportProblem = "it was started with -I, which passes over PYTHONPATH" })
        },
        {
            "TD08", "A debug reloader runs the app in child pid 4123, which is not traced. Run it without the reloader.",
            Case.Launched(launcher => launcher with { Processes = [Member(4121, 1), Member(4123, 4121, 5050) with { IsReloaderChild = true, HasInjection = false }] })
        },
        {
            "TD09", "4 workers hold port 8000 and only 1 of them reports: they were forked from pid 4121 after the tracer had started in it. Load the app in the workers.",
            Case.Told(process => process with { Info = process.Info with { ProcessId = 4130 } }, launcher: launcher => launcher with { Processes = [Member(4121, 1, 8000), .. Enumerable.Range(4130, 4).Select(id => Member(id, 4121, 8000))] })
        },
        {
            "TD10", "1,204 spans of flaskapp came in and none was kept: sampled out by DD_TRACE_SAMPLING_RULES=[{\"service\":\"flaskapp\",\"sample_rate\":0}].",
            Case.Told(process => process.WithSpans(1204).With("DD_TRACE_SAMPLING_RULES", "[{\"service\":\"flaskapp\",\"sample_rate\":0}]"), agent => agent with { Services = [new ServiceFate("flaskapp", 1204, 0, 1204, "manual_drop", 0)] })
        },
        { "TD11", "Spans of flaskapp (python, pid 4121) arrive 19 min in the future: the clock of here is ahead of this machine's. They are stored at the time they tell, and shown under \"arrived recently\".", Case.Told(process => process.WithSpans(3) with { SkewNanos = 19 * Case.Minute, SkewSeenUnixNanos = Case.Now }) },
        { "TD11", "Spans of flaskapp (python, pid 4121) arrive 3 h in the past: the clock of here is behind this machine's. They are stored at the time they tell, and shown under \"arrived recently\".", Case.Told(process => process.WithSpans(3) with { SkewNanos = -180 * Case.Minute, SkewSeenUnixNanos = Case.Now }) },
        {
            "TD12", "312 traces exist for env:dev; you are looking at env:prod, which has none.",
            Case.Screen(new ScreenFacts { Noun = "traces", Filters = [new FilterFact("env:prod", 312)], OtherEnvs = [new FilterFact("env:dev", 312, "/traces?env=dev"), new FilterFact("env:test", 2)] })
        },
        { "TD13", "The last of the traces is 3 h old, and the window shows 15 min.", Case.Screen(new ScreenFacts { Noun = "traces", NewestUnixNanos = Case.Now - 180 * Case.Minute, WindowNanos = 15 * Case.Minute }) },
        { "TD13", "The last of the traces is 3 h old, and the window shows 24 Nov 09:10 – 09:15 UTC.", Case.Screen(new ScreenFacts { Noun = "traces", NewestUnixNanos = Case.Now - 180 * Case.Minute, WindowNanos = 5 * Case.Minute, WindowText = "24 Nov 09:10 – 09:15 UTC" }) },
        { "TD12", "1 trace exists for env:dev; you are looking at env:prod, which has none.", Case.Screen(new ScreenFacts { Noun = "traces", Filters = [new FilterFact("env:prod", 1)], OtherEnvs = [new FilterFact("env:dev", 1)] }) },
        { "TD13", "The newest of the traces lie 20 min in the future, outside of the 15 min shown: the clock of their host is ahead.", Case.Screen(new ScreenFacts { Noun = "traces", NewestUnixNanos = Case.Now + 20 * Case.Minute, WindowNanos = 15 * Case.Minute }) },
        { "TD14", "Requests to port 5050 go to another copy: pid 800 (python3 flaskapp.py), started 24 h ago, which is not traced. Stop it and start flaskapp (python, pid 4121) again.", Case.Told(process => process with { Ports = [new ListeningPort(5050, false, [Other])] }) },
        {
            "TD15", "HTTP_PROXY sends what the app sends to localhost through the proxy http://proxy:3128, so it does not reach the agent. Name localhost in NO_PROXY.",
            Case.Launched(launcher => launcher.With(("HTTP_PROXY", "http://proxy:3128"), ("NO_PROXY", "example.com")))
        },
        { "TD16", "TLS came on port 8126 (agent), which speaks plain HTTP, from pid 77 (node app.js). Write http:// in place of https:// in the address it sends to.", Case.Overall(agent => agent with { WrongProtocols = [new WrongProtocol("agent", 8126, SpokenProtocol.Tls, new PortHolder(77, "node app.js", 0), 5, Case.Now)] }) },
        { "TD16", "The tracer speaks TLS to https://localhost:8126 (set by DD_TRACE_AGENT_URL), which speaks plain HTTP. Write http:// in place of https://.", Case.Launched(launcher => launcher with { AgentUrl = "https://localhost:8126", AgentUrlSource = "DD_TRACE_AGENT_URL", Answer = AgentAnswerKind.SpeaksPlain, AnswerDetail = "it is a trace agent" }) },
        { "TD16", "http://localhost:5001 speaks TLS, and the tracer speaks plain HTTP to it (set by DD_TRACE_AGENT_URL). That is another port than the trace agent's.", Case.Launched(launcher => launcher with { AgentUrl = "http://localhost:5001", AgentUrlSource = "DD_TRACE_AGENT_URL", Answer = AgentAnswerKind.SpeaksTls, AnswerDetail = "a TLS alert" }) },
        {
            "TD18", "Spans were refused: /v0.9/traces from python tracer 0.16 is a version that is not read here; v0.1 to v0.5, v0.7 and v1.0 are. Use a tracer that speaks one of them.",
            Case.Overall(agent => agent with { Refusals = [Refused("/v0.9/traces", 404, "unknown_path", "Nothing answers /v0.9/traces here.")] })
        },
        {
            "TD18", "Spans were refused: what python tracer 0.16 sent to /v0.4/traces is not what that path reads. It ends at byte 12.",
            Case.Overall(agent => agent with { Refusals = [Refused("/v0.4/traces", 400, "undecodable", "It ends at byte 12.")] })
        },
        {
            "TD19", "The app runs in a container, where localhost is the container itself and no agent listens. The agent takes connections of its own machine only, so let the container share the host's network.",
            Case.Launched(launcher => launcher with { IsInContainer = true, IsContainersMain = true, Answer = AgentAnswerKind.Refused, AnswerDetail = "connection refused" })
        },
        { "TD28", "server (pid 4121) runs Node.js, for which Apm brings no tracer of its own: start it with a Datadog or OpenTelemetry tracer, which finds the agent by the variables that are set already.", Case.Launched(launcher => launcher with { Kind = "other", Service = "server", Command = "/usr/bin/node app.js", Processes = [] }) },
        { "TD29", "Spans were sent to /otlp/spans, which nobody answers. OTLP goes to the bare address, such as http://localhost:4318: the exporter adds /v1/traces itself.", Case.Overall(agent => agent with { Refusals = [Refused("/otlp/spans", 404, "unknown_path", "")] }) },
        { "TD30", "DD_TRACE_ENABLED=false switches tracing off in flaskapp (python, pid 4121). Unset it.", Case.Launched(launcher => launcher.With(("DD_TRACE_ENABLED", "false"))) },
        { "TD32", "No traces match; without status:error there are 40.", Case.Screen(new ScreenFacts { Noun = "traces", Filters = [new FilterFact("service:web", 0), new FilterFact("status:error", 40)] }) },
        { "TD33", "/v0.4/traces answered 200 4 times, and no span was inside: a tracer is connected and has nothing to send. Send its app a request.", Case.Overall(agent => agent with { Paths = [new PathFacts("/v0.4/traces", 4, 4, 0, 4)] }) },
        { "TD34", "flaskapp (python, pid 4121) listens on port 5050, and its tracer has not told of itself in 8 s: it serves with a library that the tracer does not know, or was started in another way. Put the tracer of its framework into it.", Case.Launched(launcher => launcher with { ImportsTracer = true }) },
        {
            "TD34", "flaskapp (python, pid 4121) runs with the tracer in reach, listens on no port, and uses no library that the tracer knows, so it makes no spans by itself. Write those you want to see.",
            Case.Launched(launcher => launcher with { ImportsTracer = true, ElapsedSeconds = 21, Processes = [Member(4121, 1)] })
        },
        {
            "TD35", "flaskapp (dotnet, pid 4121) runs .NET with start-up hooks switched off by app.runtimeconfig.json, so the tracer is not in it. Build it with StartupHookSupport, or call AddApmTracing in its code.",
            Case.Launched(launcher => launcher with { Kind = "dotnet", DotNet = new DotNetSight(4121, false, "app.runtimeconfig.json") })
        },
        {
            "TD35", "flaskapp (dotnet, pid 4121) runs .NET, and its environment has lost DOTNET_STARTUP_HOOKS, so the tracer is not in it. Put apm-run behind whatever clears the environment.",
            Case.Launched(launcher => launcher with { Kind = "dotnet", DotNet = new DotNetSight(4121, true, "") })
        },
        { "TD36", "DD_TRACE_AGENT_URL=unix:///var/run/datadog/apm.socket names a socket file that is not there, and Apm listens on TCP ports. Write http://localhost:8126.", Case.Launched(launcher => launcher with { UnusableAddress = "unix:///var/run/datadog/apm.socket" }) },
        { "TD36", "DD_TRACE_AGENT_URL=tcp://x is no address of a trace agent. Write http://localhost:8126.", Case.Launched(launcher => launcher with { UnusableAddress = "tcp://x", Answer = AgentAnswerKind.Refused }) },
        { "TD34", "No tracer has connected yet. Start an app with one: ./apm-run python3 flaskapp.py", Case.Overall(agent => agent) },
    };

    static AgentFacts Flowing(AgentFacts agent) => agent with { Services = [new ServiceFate("flaskapp", 40, 40, 0, "", 0)], Paths = [new PathFacts("/v0.4/traces", 9, 0, 0, 900)] };

    public static TheoryData<string, string, object> Notes { get; } = new()
    {
        { "TD17", "gRPC came on port 8126, which is for HTTP/1: it is taken all the same. The port for it is 4317.", Case.Overall(agent => Flowing(agent) with { WrongProtocols = [new WrongProtocol("agent", 8126, SpokenProtocol.Http2, null, 5, Case.Now)] }) },
        { "TD17", "HTTP/1 came on port 4317, which is for gRPC: it is taken all the same. The port for it is 4318.", Case.Overall(agent => Flowing(agent) with { WrongProtocols = [new WrongProtocol("otlp-grpc", 4317, SpokenProtocol.Http1, null, 1, Case.Now)] }) },
        {
            "TD20", "A payload was refused whole, and nothing of it is stored: 26 MB in one body is more than the 25 MB that are taken at once (from python tracer 0.16). Let the client send smaller batches.",
            Case.Overall(agent => Flowing(agent) with { MaxBodyBytes = 26_214_400, Refusals = [Refused("/v0.4/traces", 413, "too_large", "payload-too-large") with { Bytes = 27_262_976 }] })
        },
        {
            "TD21", "The disk budget was reached at 15:58 UTC: new traces drive out those from before 15:06 UTC.",
            Case.Overall(agent => Flowing(agent) with { Store = new StoreFacts { SpanCount = 9, EvictedSpanCount = 70, EvictedUnixNanos = Case.Now - 2 * Case.Minute, OldestUnixNanos = Case.Now - 54 * Case.Minute, BudgetBytes = 67_108_864 } })
        },
        { "TD22", "2,310 spans are left out by ignore_resources (GET /healthz).", Case.Overall(agent => agent with { Services = [new ServiceFate("flaskapp", 2350, 40, 0, "", 2310)], MutedResources = ["GET /healthz"] }) },
        { "TD23", "The service is called unnamed-python-service, which its tracer made up; set DD_SERVICE (the command suggests flaskapp).", Case.Told(process => process.WithSpans(2) with { Info = process.Info with { Service = "unnamed-python-service", SpanCount = 2 } }) },
        { "TD24", "Traces break between web and api: web sends tracecontext, api reads b3. Give both a style in common.", Case.Overall(agent => Flowing(agent) with { Seams = [new BrokenSeam("web", "api", 12, "tracecontext", "b3")] }) },
        { "TD25", "ActivitySource Shop.Orders is there and nobody listens to it: what flaskapp (python, pid 4121) does in it makes no spans.", Case.Told(process => process.WithSpans(2).With("sources_not_taken", "Shop.Orders")) },
        { "TD26", "Both the launcher and the flask middleware in the code trace flaskapp (python, pid 4121): the spans would be doubled, so one of them yields. One is enough.", Case.Told(process => process.WithSpans(2).With("middleware_yields", "flask")) },
        { "TD27", "Monitor \"my_metric\" can never alert: the maximum of my_metric in 7 days is 612, its threshold 800.", Case.Overall(agent => Flowing(agent) with { Monitors = [new UnreachableMonitor("my_metric", "my_metric", 612, 800, 7)] }) },
        { "TD31", "The clock of this browser is 20 min ahead of the machine that Apm runs on. Windows such as \"past 15 min\" are counted by that machine's clock.", Case.Screen(new ScreenFacts { Noun = "traces", FoundCount = 3, BrowserSkewNanos = 20 * Case.Minute }) },
    };
}
