using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Apm.Cli.Launch;
using Apm.Core.Diagnosis;
using Apm.Core.Time;
using Apm.Doctor;
using Apm.TraceAgent.Doctor.Witness;

namespace Apm.Cli.Commands;

/// <summary>
/// <c>apm doctor</c>: what is wrong, in one sentence, and where on a span's way. With a command it runs that traced and watches for ten
/// seconds. Exit code 0 when nothing is wrong, 1 when there is a verdict, 2 when it was asked wrongly.
/// </summary>
static class DoctorCommand
{
    const int Healthy = 0, HasVerdict = 1, WronglyAsked = 2;

    /// <summary>How long the agent's address is asked: here nobody waits to be started.</summary>
    static readonly TimeSpan AskFor = TimeSpan.FromSeconds(3);

    /// <summary>How long an app is watched; a verdict that is due comes within it.</summary>
    static readonly TimeSpan WatchFor = TimeSpan.FromSeconds(10);

    /// <summary>Answers are for terminals and scripts: letters stay letters.</summary>
    static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly JsonSerializerOptions ReportJson = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Make()
    {
        var url = new Option<string>("--url") { Description = "Address of the screens.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("APM_URL") ?? "http://localhost:8127" };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON." };
        var app = new Argument<string[]>("command") { Description = "Run this traced, after --, and watch it for ten seconds.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("doctor", "Say what is wrong when no traces appear: apm doctor, or apm doctor -- python3 flaskapp.py") { url, json, app };
        command.SetAction((arguments, cancel) => Run(arguments.GetValue(url)!, arguments.GetValue(json), arguments.GetValue(app) ?? [], cancel));
        return command;
    }

    static async Task<int> Run(string url, bool asJson, string[] app, CancellationToken cancel)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var ui) || ui.Scheme is not ("http" or "https"))
        {
            await Console.Error.WriteLineAsync($"apm: --url {url} is no address. Write it as http://localhost:8127.");
            return WronglyAsked;
        }
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            return app.Length > 0 ? await Watch(app, asJson, http, cancel) : await Ask(ui, asJson, http, cancel);
        }
        catch (LaunchException problem)
        {
            await Console.Error.WriteLineAsync($"apm: {problem.Message}");
            return WronglyAsked;
        }
    }

    /// <summary>Asks the Apm that runs; where none does, looks for why.</summary>
    static async Task<int> Ask(Uri ui, bool asJson, HttpClient http, CancellationToken cancel)
    {
        JsonDocument report;
        try
        {
            report = JsonDocument.Parse(await http.GetStringAsync(new Uri(ui, "/api/doctor"), cancel));
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException || (problem is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return await WithoutApm(ui, problem.Message, asJson, http);
        }
        using (report)
        {
            var root = report.RootElement;
            if (asJson) Console.WriteLine(Pretty(root));
            else
            {
                PrintStages(DoctorClient.StagesOf(root.GetProperty("overall")));
                PrintVerdict(DoctorClient.VerdictOf(root.GetProperty("verdict")), root.GetProperty("overall"));
                foreach (var one in root.GetProperty("apps").EnumerateArray()) PrintApp(one);
                if (root.GetProperty("apps_left_out").GetInt32() is > 0 and var more) Console.WriteLine($"and {more} more apps: apm doctor --json");
            }
            return root.GetProperty("healthy").GetBoolean() ? Healthy : HasVerdict;
        }
    }

    static async Task<int> WithoutApm(Uri ui, string why, bool asJson, HttpClient http)
    {
        var witness = WitnessOf(["true"], null, out var address);
        var before = await witness.Before(await AgentProbe.Ask(address.Url, http, AskFor), http);
        var facts = new Facts { NowUnixNanos = TimeProvider.System.NowUnixNanos(), Launcher = before with { Service = "" } };
        var judgement = FaultTable.Judge(facts);
        var verdict = judgement.First ?? new Verdict
        {
            Code = "TD02",
            Stage = WayStage.Query,
            Sentence = $"A trace agent answers at {before.AgentUrl}, and no screens of Apm at {ui}: it is another agent, or its screens are elsewhere. Give their address with --url.",
            Evidence = [$"{ui}: {why}", $"{before.AgentUrl}: {before.AnswerDetail}"],
        };
        Report(verdict, WayBoard.Of(facts, judgement), asJson);
        return HasVerdict;
    }

    /// <summary>What is said of an app that ran while it was watched, and of which another vendor's agent alone knows more.</summary>
    internal static Verdict AnotherAgent(LauncherFacts before) => new()
    {
        Code = "TD02",
        Stage = WayStage.Query,
        Sentence = $"The app ran, and the agent at {before.AgentUrl} takes its spans; it is not Apm, so look at its own screens, or start ./apm up on another port and point the app there.",
        Evidence = [$"{before.AgentUrl}: {before.AnswerDetail}"],
    };

    /// <summary>What is said of an app that ran without a fault, and was ended before a span of it came.</summary>
    internal static Verdict EndedByUs() => new()
    {
        Code = "TD34",
        Stage = WayStage.Process,
        Sentence = "The app was ended before anything could be said of it. Let it run for the ten seconds, and send it a request meanwhile.",
        Evidence = ["It ran until it was ended from here."],
    };

    /// <summary>What is said of a command that was over before a span of it came, when nothing else is wrong.</summary>
    internal static Verdict EndedEarly(int exitCode) => new()
    {
        Code = "TD34",
        Stage = WayStage.Process,
        Sentence = exitCode == 0
            ? "The command ended by itself before any span of it came. Give one that stays, such as a server, or one that does some traced work."
            : $"The command failed with exit code {exitCode} before any span of it came. Its own words stand above: what they name has to be mended first.",
        Evidence = [$"It ended with exit code {exitCode}."],
    };

    /// <summary>Runs the app under the launcher's eyes; ends it when the time is over.</summary>
    static async Task<int> Watch(string[] app, bool asJson, HttpClient http, CancellationToken cancel)
    {
        var plan = CommandReader.Read(app, Environment.GetEnvironmentVariable);
        var witness = WitnessOf(app, plan, out var address);
        var agent = await AgentProbe.Ask(address.Url, http, AskFor);
        var variables = VariablesOf(plan, address, agent);
        var before = await witness.Before(agent, http);
        using var sight = new AgentSight(address.Url, agent, http, TimeProvider.System);
        (Verdict Verdict, IReadOnlyList<StageState> Stages)? found = null;
        var (flows, processId, endedByItself, endedByUs) = (false, 0, false, false);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var watch = Task.CompletedTask;
        var exitCode = await ChildProcess.Run(asJson ? WithOutputAside(plan) : plan, variables, started =>
        {
            processId = started;
            over.CancelAfter(WatchFor);
            watch = WatchAndEnd();
        });
        endedByItself = !endedByUs;
        await over.CancelAsync();
        await watch;
        if (found is null && !flows)
        {
            if (sight.Last.IsAgent && !agent.IsAgent) before = await witness.Before(sight.Last, http); // It came meanwhile.
            var facts = new Facts { NowUnixNanos = TimeProvider.System.NowUnixNanos(), Launcher = before };
            var judgement = FaultTable.Judge(facts);
            var otherwise = endedByUs && sight.Last is { IsAgent: true, UiUrl: null } ? AnotherAgent(before)
                : cancel.IsCancellationRequested || endedByUs ? EndedByUs()
                : EndedEarly(exitCode);
            found = (judgement.First ?? otherwise, WayBoard.Of(facts, judgement));
        }
        if (flows)
        {
            if (asJson) Console.WriteLine("{\"healthy\":true,\"verdict\":null}");
            else Console.WriteLine("Nothing is wrong: its traces come in and can be found.");
            return Healthy;
        }
        Report(found!.Value.Verdict, found.Value.Stages, asJson);
        return HasVerdict;

        async Task WatchAndEnd()
        {
            // A verdict ends the watch; "no request yet" is one too, but something worse may still turn up.
            using var seen = CancellationTokenSource.CreateLinkedTokenSource(over.Token);
            await new LaunchWatch(witness, before, sight, http, TimeProvider.System).Run(processId, (verdict, stages) =>
            {
                found = (verdict, stages);
                if (verdict.Code is not ("TD01" or "TD34")) seen.Cancel();
            }, seen.Token);
            flows = !seen.IsCancellationRequested;
            if (endedByItself) return;
            endedByUs = true;
            ChildProcess.Terminate(processId);
        }
    }

    /// <summary>What the app prints goes to standard error, so that the report is all that stands on standard output.</summary>
    static LaunchPlan WithOutputAside(LaunchPlan plan) => OperatingSystem.IsWindows() ? plan : plan with { File = "/bin/sh", Arguments = ["-c", "exec \"$@\" 1>&2", "sh", plan.File, .. plan.Arguments] };

    static LauncherWitness WitnessOf(string[] command, LaunchPlan? plan, out AgentAddress address)
    {
        address = AgentProbe.AddressFrom(Environment.GetEnvironmentVariable);
        plan ??= new LaunchPlan("", [], ProgramKind.Other, "");
        return new LauncherWitness(command, plan, address, plan.File.Length == 0 ? new Dictionary<string, string>() : VariablesOf(plan, address, null), RunCommand.EnvironmentVariables(), new ProcessTable(), AgentTrail.Usual);
    }

    static IReadOnlyDictionary<string, string> VariablesOf(LaunchPlan plan, AgentAddress address, AgentAnswer? agent) =>
        LaunchEnvironment.Make(plan, new LaunchIdentity(null, null, null), address.Url, agent?.OtlpUrl ?? address.Url, Installed.Parts(), Environment.GetEnvironmentVariable);

    static void Report(Verdict verdict, IReadOnlyList<StageState> stages, bool asJson)
    {
        if (!asJson)
        {
            PrintStages(stages);
            PrintVerdict(verdict, null);
            return;
        }
        Console.WriteLine(JsonSerializer.Serialize(new { healthy = false, verdict, stages }, ReportJson));
    }

    static void PrintStages(IReadOnlyList<StageState> stages)
    {
        foreach (var stage in stages) Console.WriteLine($"  {Mark(stage.Health)} {stage.Stage.ToString().ToLowerInvariant(),-9} {stage.Count}");
    }

    static string Mark(StageHealth health) => health switch { StageHealth.Ok => "✓", StageHealth.Fault => "✗", StageHealth.Noted => "!", _ => "·" };

    static void PrintVerdict(Verdict? verdict, JsonElement? judged)
    {
        Console.WriteLine();
        if (verdict is null) Console.WriteLine("Nothing is wrong.");
        else
        {
            Console.WriteLine($"{verdict.Code} {verdict.Sentence}");
            foreach (var line in verdict.Evidence) Console.WriteLine($"     seen: {line}");
            if (verdict.ThereUrl.Length > 0) Console.WriteLine($"     to see: {verdict.ThereUrl}");
            if (verdict.Fix.Length > 0) Console.WriteLine($"     {verdict.Fix.ReplaceLineEndings("\n     ")}");
        }
        if (judged is not { } one) return;
        foreach (var other in one.GetProperty("runners_up").EnumerateArray()) Console.WriteLine($"   or {other.GetProperty("code").GetString()} {other.GetProperty("sentence").GetString()}");
        foreach (var note in one.GetProperty("notes").EnumerateArray()) Console.WriteLine($" note {note.GetProperty("code").GetString()} {note.GetProperty("sentence").GetString()}");
    }

    static void PrintApp(JsonElement app)
    {
        var verdict = DoctorClient.VerdictOf(app.GetProperty("verdict"));
        var name = app.GetProperty("service").GetString() is { Length: > 0 } service ? service : "unnamed";
        Console.WriteLine($"\n  {(verdict is null ? "✓" : verdict.Code == "TD01" ? "·" : "✗")} {name} (pid {app.GetProperty("pid").GetInt32()} on {app.GetProperty("host").GetString()}): {(verdict is null ? $"{app.GetProperty("spans").GetInt64()} spans" : VerdictLine.Of(verdict))}");
        foreach (var note in app.GetProperty("notes").EnumerateArray()) Console.WriteLine($"    note {note.GetProperty("code").GetString()} {note.GetProperty("sentence").GetString()}");
    }

    static string Pretty(JsonElement root)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Readable)) root.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
