using System.Diagnostics;
using System.Text.Json;
using Apm.Cli.Host;
using Apm.Cli.Launch;
using Apm.Core.Diagnosis;
using Apm.Core.Time;
using Apm.Doctor;
using Apm.TestKit;
using Apm.TraceAgent.Doctor.Witness;
using Apm.TraceAgent.Metrics;
using Apm.TraceAgent.Receive;
using Microsoft.AspNetCore.Connections;

namespace Apm.Cli.Tests.Doctor;

/// <summary>A real Apm on free ports, and apps as the launcher starts them: a fault is injected into real processes, and the doctor is asked over its own paths.</summary>
public sealed class DoctorRig : IAsyncDisposable
{
    /// <summary>So long the app has been running, as the doctor is told: nobody waits for it.</summary>
    static readonly TimeSpan AWhile = TimeSpan.FromSeconds(8);

    readonly string _folder = Directory.CreateTempSubdirectory("apm-doctor-test").FullName;
    readonly List<Process> _started = [];

    ApmHost _host = null!;

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };

    public Uri Ui => new(_host.UiUrl);

    public Uri Agent => new($"http://localhost:{_host.AgentPort}");

    public Uri PortOf(string listener) => new($"http://127.0.0.1:{_host.PortOf(listener)}");

    /// <summary>Where a process finds <see cref="Trail"/>, as XDG_DATA_HOME.</summary>
    public string DataHome => Path.Combine(_folder, "home");

    /// <summary>What agents wrote down, in the rig's folder.</summary>
    public AgentTrail Trail => new(Path.Combine(DataHome, "apm"));

    /// <summary>A system that tells of these processes only.</summary>
    public ProcessTable Processes(params (int Id, int ParentId, string[] Command)[] processes)
    {
        var root = Path.Combine(_folder, "proc");
        foreach (var (id, parent, command) in processes)
        {
            var folder = Directory.CreateDirectory(Path.Combine(root, $"{id}")).FullName;
            File.WriteAllText(Path.Combine(folder, "cmdline"), string.Join('\0', command) + '\0');
            File.WriteAllText(Path.Combine(folder, "stat"), $"{id} (x) S {parent} {string.Join(' ', Enumerable.Repeat("0", 30))}\n");
        }
        return new ProcessTable(root);
    }

    /// <summary>A Python of this machine that has Flask.</summary>
    public static string Python => File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

    /// <summary>An ASP.NET app with an activity source of its own.</summary>
    public static string WebApp => Path.Combine(Fixtures.RepoRoot, "tests/TracerApps/WebApp/bin", Configuration, "net10.0", "TracedWebApp.dll");

    /// <summary>A copy of its folder, to change.</summary>
    public string CopyOfWebApp()
    {
        var copy = Directory.CreateDirectory(Path.Combine(_folder, "app")).FullName;
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(WebApp)!)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static async Task<DoctorRig> Start(Func<HostSettings, HostSettings>? change = null)
    {
        var rig = new DoctorRig();
        rig.Http.DefaultRequestHeaders.Add("DD-API-KEY", "k");
        rig.Http.DefaultRequestHeaders.Add("DD-APPLICATION-KEY", "a");
        var settings = new HostSettings { DataFolder = Path.Combine(rig._folder, "data"), UiPort = 0, Agent = new AgentSettings { AgentPort = 0, OtlpGrpcPort = 0, OtlpHttpPort = 0, ZipkinPort = null }, DogStatsD = new DogStatsDSettings { Port = 0 } };
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                rig._host = await ApmHost.Start((change ?? (same => same))(settings), TimeProvider.System, _ => { });
                return rig;
            }
            catch (IOException problem) when (attempt < 3 && problem.InnerException is AddressInUseException)
            {
                // A connection of another test took the port between its choice and its use.
            }
        }
    }

    /// <summary>A file in the rig's folder.</summary>
    public string Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>Starts a program that has nothing to do with the launcher.</summary>
    public Process Start(params string[] command) => Start(new ProcessStartInfo(command[0], command.Skip(1)));

    /// <summary>Starts a command as <c>apm run</c> does, and gives the eyes that watch it.</summary>
    public async Task<LaunchedApp> Launch(IReadOnlyList<string> command, params (string Name, string Value)[] variables)
    {
        var environment = variables.ToDictionary(pair => pair.Name, pair => pair.Value);
        if (!environment.ContainsKey("DD_TRACE_AGENT_PORT")) environment.TryAdd("DD_TRACE_AGENT_URL", Agent.ToString().TrimEnd('/'));
        environment.TryAdd("PATH", Environment.GetEnvironmentVariable("PATH")!);
        var plan = CommandReader.Read(command, environment.GetValueOrDefault);
        var address = AgentProbe.AddressFrom(environment.GetValueOrDefault);
        var answer = await AgentProbe.AskBeforeStart(address.Url, Http);
        var set = LaunchEnvironment.Make(plan, new LaunchIdentity(null, null, null), address.Url, address.Url, Parts(), environment.GetValueOrDefault);
        var witness = new LauncherWitness(command, plan, address, set, environment, new ProcessTable(), Trail, _folder);
        var before = await witness.Before(answer, Http);
        var start = new ProcessStartInfo(plan.File, plan.Arguments);
        start.Environment.Clear();
        foreach (var (name, value) in environment.Concat(set)) start.Environment[name] = value;
        return new LaunchedApp(this, witness, before, Start(start).Id);
    }

    /// <summary>Facts of a launcher before its app runs, with these variables set.</summary>
    public Task<Judgement> JudgeBefore(params (string Name, string Value)[] variables) => JudgeBefore(new ProcessTable(), variables);

    /// <summary>The same where the system tells of other processes.</summary>
    public async Task<Judgement> JudgeBefore(ProcessTable processes, params (string Name, string Value)[] variables)
    {
        var environment = variables.ToDictionary(pair => pair.Name, pair => pair.Value);
        var address = AgentProbe.AddressFrom(environment.GetValueOrDefault);
        var witness = new LauncherWitness(["true"], new LaunchPlan("/bin/true", [], ProgramKind.Other, ""), address, new Dictionary<string, string>(), environment, processes, Trail, _folder);
        var facts = await witness.Before(await AgentProbe.AskBeforeStart(address.Url, Http), Http);
        return FaultTable.Judge(new Facts { NowUnixNanos = TimeProvider.System.NowUnixNanos(), Launcher = facts });
    }

    /// <summary>The report of <c>GET /api/doctor</c>.</summary>
    public async Task<JsonElement> Report()
    {
        using var report = JsonDocument.Parse(await Http.GetStringAsync(new Uri(Ui, "/api/doctor")));
        return report.RootElement.Clone();
    }

    /// <summary>Waits until the report's verdict has this code, and each other place says it too; gives its sentence.</summary>
    public async Task<string> Verdict(string code)
    {
        var sentence = await Sentence(code, report => [report.GetProperty("verdict")]);
        await Places.AllSay(this, code, sentence, isNote: false);
        return sentence;
    }

    /// <summary>Waits until the report has a note of this code, of the installation or of an app, and each other place has it too; gives its sentence.</summary>
    public async Task<string> Note(string code)
    {
        var sentence = await NoteOfReport(code);
        await Places.AllSay(this, code, sentence, isNote: true);
        return sentence;
    }

    async Task<string> NoteOfReport(string code) => await Sentence(code, report => report.GetProperty("overall").GetProperty("notes").EnumerateArray().Concat(report.GetProperty("apps").EnumerateArray().SelectMany(app => app.GetProperty("notes").EnumerateArray())));

    /// <summary>Sends spans as a Datadog tracer would, in JSON.</summary>
    public async Task Send(params object[] spans)
    {
        Assert.Equal(200, await TrySend(spans));
        await _host.Settled();
    }

    /// <summary>The same, again and again while the agent asks for patience, as tracers do.</summary>
    public Task SendPatiently(params object[] spans) => Until.True("the agent takes it", TimeSpan.FromSeconds(20), async () => await TrySend(spans) == 200);

    async Task<int> TrySend(object[] spans)
    {
        using var content = new StringContent(JsonSerializer.Serialize(spans.Select(span => new[] { span })), System.Text.Encoding.UTF8, "application/json");
        content.Headers.Add("Datadog-Meta-Lang", "python");
        using var answer = await Http.PutAsync(new Uri(Agent, "/v0.4/traces"), content);
        return (int)answer.StatusCode;
    }

    /// <summary>Sends a message as a tracer tells of itself.</summary>
    public async Task Tell(string runtimeId, string service, int processId, string host, params (string Name, string Value)[] settings)
    {
        var configuration = settings.Append(("process_id", $"{processId}")).Select(pair => new { name = pair.Item1, value = pair.Item2, origin = "apm" });
        using var content = new StringContent(JsonSerializer.Serialize(new
        {
            api_version = "v2", request_type = "app-started", runtime_id = runtimeId, seq_id = 1, tracer_time = 1,
            application = new { service_name = service, language_name = "python", tracer_version = "9", language_version = "3" }, host = new { hostname = host },
            payload = new { configuration },
        }), System.Text.Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(Agent, "/telemetry/proxy/api/v2/apmtelemetry"), content);
        Assert.Equal(202, (int)answer.StatusCode);
    }

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort() => PortCheck.Choose(0);

    /// <summary>Completes when something listens on a port.</summary>
    public static Task Listens(int port) => Until.True($"port {port} is listened on", TimeSpan.FromSeconds(20), () => Task.FromResult(new ProcessTable().HoldersOf(port).Count > 0));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _started)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
        Http.Dispose();
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    internal async Task<DoctorAnswer> Ask(LauncherFacts facts) => await DoctorClient.Tell(Ui, facts, Http, CancellationToken.None) ?? throw new InvalidOperationException("no doctor answers");

    internal static Task<LauncherFacts> Look(LauncherWitness witness, LauncherFacts before, int processId) => witness.Look(before, processId, AWhile, asksInterpreter: true);

    async Task<string> Sentence(string code, Func<JsonElement, IEnumerable<JsonElement>> verdicts)
    {
        var last = "";
        var (sentence, _) = await Until.Answer($"the doctor says {code}", TimeSpan.FromSeconds(10), async () =>
        {
            var report = await Report();
            last = report.ToString();
            return verdicts(report).Where(verdict => verdict.ValueKind == JsonValueKind.Object && verdict.GetProperty("code").GetString() == code).Select(verdict => verdict.GetProperty("sentence").GetString()).FirstOrDefault();
        }, () => last);
        return sentence;
    }

    Process Start(ProcessStartInfo start)
    {
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _started.Add(process);
        return process;
    }

    static InjectedParts Parts() => new(Path.Combine(AppContext.BaseDirectory, "python-client"), Path.Combine(Fixtures.RepoRoot, "src/Cli/bin", Configuration, "net10.0", "startup-hook", "Apm.StartupHook.dll"));
}

/// <summary>An app under the launcher's eyes.</summary>
public sealed record LaunchedApp(DoctorRig Rig, LauncherWitness Witness, LauncherFacts Before, int ProcessId)
{
    /// <summary>The launcher's watch on a clock that runs thrice as fast, and stands while the watch looks, until it has said something or the traces flow.</summary>
    /// <returns>What it said, null for nothing; and when, on that clock.</returns>
    /// <param name="agent">What the agent answered before the start; null for that it is there.</param>
    public async Task<(Verdict? Said, TimeSpan After)> Watch(AgentAnswer? agent = null)
    {
        var clock = new SteppedClock(TimeProvider.System.GetUtcNow());
        var started = clock.GetTimestamp();
        using var ended = new CancellationTokenSource();
        var said = new List<(Verdict Verdict, TimeSpan After)>();
        using var sight = new AgentSight(Rig.Agent, agent ?? new AgentAnswer(AgentAnswerKind.Agent, "", Rig.Ui, Rig.Agent), Rig.Http, clock);
        var watch = new LaunchWatch(Witness, Before, sight, Rig.Http, clock).Run(ProcessId, (verdict, _) => said.Add((verdict, clock.GetElapsedTime(started))), ended.Token);
        await Until.True("the watch has something to say, or ends", TimeSpan.FromSeconds(20), () =>
        {
            if (clock.IsAwaited) clock.Advance(TimeSpan.FromMilliseconds(60)); // What a look takes on a machine that is busy is not the watch's.
            return Task.FromResult(said.Count > 0 || watch.IsCompleted);
        });
        await ended.CancelAsync();
        await watch;
        return said.Count > 0 ? said[0] : (null, clock.GetElapsedTime(started));
    }

    /// <summary>
    /// Looks again and again until the verdict has this code, and these words in its sentence; then the launcher says it, and, when the app's
    /// facts have come to an Apm, so does each other place. Gives the sentence.
    /// </summary>
    public async Task<string> Verdict(string code, string words = "")
    {
        var sentence = await Seen(code, words);
        await Places.LauncherSays(this, code, sentence);
        await Places.AllSay(Rig, code, sentence, isNote: false);
        return sentence;
    }

    /// <summary>What the doctor answers to the launcher's facts, once it has this code and these words.</summary>
    public async Task<string> Seen(string code, string words = "")
    {
        var last = "nothing yet";
        var (sentence, _) = await Until.Answer($"the doctor says {code}", TimeSpan.FromSeconds(20), async () =>
        {
            var verdict = (await Rig.Ask(await DoctorRig.Look(Witness, Before, ProcessId))).Verdict;
            last = verdict is null ? "no verdict" : $"{verdict.Code} {verdict.Sentence}";
            return verdict?.Code == code && verdict.Sentence.Contains(words, StringComparison.Ordinal) ? verdict.Sentence : null;
        }, () => last);
        return sentence;
    }
}
