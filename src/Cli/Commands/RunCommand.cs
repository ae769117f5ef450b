using System.CommandLine;
using Apm.Cli.Launch;
using Apm.Core.Diagnosis;
using Apm.Core.Time;
using Apm.Doctor;
using Apm.TraceAgent.Doctor.Witness;
using Apm.TraceAgent.Normalize;

namespace Apm.Cli.Commands;

/// <summary><c>apm run -- CMD ARGS</c>: the launcher. It speaks when it starts, when the first trace arrives, and when something is wrong.</summary>
static class RunCommand
{
    public const string Name = "run";

    /// <summary>How often to look for an agent that is started after the app.</summary>
    static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(2);

    public static Command Make()
    {
        var service = new Option<string?>("--service") { Description = "Name under which its traces appear (default: from the command)." };
        var env = new Option<string?>("--env") { Description = "Environment, such as dev or prod." };
        var version = new Option<string?>("--app-version", "--version") { Description = "Version of the app." };
        var command = new Argument<string[]>("command") { Description = "The command to run, after --.", Arity = ArgumentArity.OneOrMore };
        var run = new Command(Name, "Run a command traced: apm run -- python3 flaskapp.py") { service, env, version, command };
        run.SetAction((arguments, _) => Run(arguments.GetValue(command)!, new LaunchIdentity(arguments.GetValue(service), arguments.GetValue(env), arguments.GetValue(version))));
        return run;
    }

    static async Task<int> Run(string[] command, LaunchIdentity identity)
    {
        Func<string, string?> environment = Environment.GetEnvironmentVariable;
        var isQuiet = environment("APM_QUIET") is "1" or "true";
        void Say(string sentence)
        {
            if (!isQuiet) Console.Error.WriteLine($"apm: {sentence}");
        }
        try
        {
            var plan = CommandReader.Read(command, environment);
            var address = AgentProbe.AddressFrom(environment);
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            var agent = await AgentProbe.AskBeforeStart(address.Url, http);
            var variables = LaunchEnvironment.Make(plan, identity, address.Url, agent.OtlpUrl ?? address.Url, Installed.Parts(), environment);
            var service = NameRules.ServiceText(variables.GetValueOrDefault("DD_SERVICE", "")); // As the agent stores it.
            var witness = new LauncherWitness(command, plan, address, variables, EnvironmentVariables(), new ProcessTable(), AgentTrail.Usual);
            var before = await witness.Before(agent, http);
            var clock = TimeProvider.System;
            var atOnce = agent.IsAgent && before.UnusableAddress.Length == 0 ? null : FaultTable.Judge(new Facts { NowUnixNanos = clock.NowUnixNanos(), Launcher = before }).First;
            Say(atOnce is null ? Opening(plan, service, address.Url, agent) : VerdictLine.Of(atOnce));

            var since = clock.GetUtcNow();
            using var ended = new CancellationTokenSource();
            var sight = new AgentSight(address.Url, agent, http, clock);
            var firstTrace = Task.CompletedTask;
            var exitCode = await ChildProcess.Run(plan, variables, processId =>
            {
                firstTrace = AnnounceFirstTrace();
                // One line when something is wrong: what was said at once is not said again in other words. That nothing listened is over once something else is found.
                _ = new LaunchWatch(witness, before, sight, http, clock).Run(processId, (verdict, _) => SayOnce(verdict), ended.Token);
            });
            await ended.CancelAsync();
            await firstTrace;
            return exitCode; // The watch may be asking an interpreter; the app's exit code does not wait for it.

            void SayOnce(Verdict verdict)
            {
                if (atOnce is not null && (atOnce.Code != "TD02" || verdict.Code == "TD02")) return;
                Say(VerdictLine.Of(verdict));
                atOnce = verdict;
            }

            async Task AnnounceFirstTrace()
            {
                if (service.Length == 0 || isQuiet) return;
                try
                {
                    while (!(await sight.Look(ended.Token)).IsAgent) await Task.Delay(AskAgainAfter, clock, ended.Token); // It may be started after the app.
                }
                catch (OperationCanceledException)
                {
                    return; // The app has ended.
                }
                if (sight.Last.UiUrl is { } ui && await FirstTrace.Wait(ui, service, since, http, clock, ended.Token) is { } link) Say($"first trace of {service}: {link}");
            }
        }
        catch (LaunchException problem)
        {
            Console.Error.WriteLine($"apm: {problem.Message}");
            return problem.ExitCode;
        }
    }

    /// <summary>The environment that the app inherits.</summary>
    internal static IReadOnlyDictionary<string, string> EnvironmentVariables() =>
        Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);

    static string Opening(LaunchPlan plan, string service, Uri agentUrl, AgentAnswer agent)
    {
        var what = plan.Kind switch { ProgramKind.Python => "Python", ProgramKind.DotNet => ".NET", _ => "whatever its language has a tracer for" };
        var name = service.Length > 0 ? $"tracing {service} ({what})" : $"tracing {Path.GetFileName(plan.File)} ({what})";
        var where = agent.UiUrl is { } ui ? $"look at {new Uri(ui, service.Length > 0 ? $"/services/{Uri.EscapeDataString(service)}" : "/services")}" : "it is not Apm, so look at its own screens";
        return $"{name} → agent {agentUrl.ToString().TrimEnd('/')} ok; {where}";
    }
}

/// <summary>Where the parts that the launcher injects lie beside the command line.</summary>
static class Installed
{
    /// <exception cref="LaunchException">A part is missing: the build is incomplete.</exception>
    public static InjectedParts Parts()
    {
        var hook = Path.Combine(AppContext.BaseDirectory, "startup-hook", "Apm.StartupHook.dll");
        var python = Path.Combine(AppContext.BaseDirectory, "python-client");
        foreach (var needed in new[] { hook, Path.Combine(python, "apm_tracing", "bootstrap", "sitecustomize.py") })
            if (!File.Exists(needed)) throw new LaunchException(1, $"{needed} is missing, so nothing could be traced. Build again: rm -rf src/Cli/bin && ./apm --help");
        return new InjectedParts(python, hook);
    }
}
