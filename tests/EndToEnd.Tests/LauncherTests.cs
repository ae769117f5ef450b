using System.Globalization;
using Apm.EndToEnd.Tests.Running;

namespace Apm.EndToEnd.Tests;

/// <summary>The launcher says what is wrong, never stands in the app's way, and ends as the app does.</summary>
[Collection(OneAfterTheOther.Name)]
public class LauncherTests
{
    static readonly string Nowhere = $"http://localhost:{Built.FreePort()}";

    [Fact]
    public async Task Without_an_agent_it_says_so_at_once_and_runs_the_app_with_its_exit_code()
    {
        var (exitCode, app) = await Launch(["sh", "-c", "echo works; exit 3"]);

        Assert.Equal(3, exitCode);
        Assert.Equal(["works"], app.Output);
        Assert.Equal([$"apm: TD02 Nothing listens on {Nowhere}: the agent is not running. The app runs on, and its spans arrive once the agent is there. → ./apm up --port agent={new Uri(Nowhere).Port}"], app.Errors);
    }

    [Fact]
    public async Task A_python_app_runs_without_an_agent_as_if_nothing_were_there()
    {
        var (exitCode, app) = await Launch([Built.Python, "-c", "import flask, sys; print('fine'); sys.exit(4)"]);

        Assert.Equal((4, "fine"), (exitCode, string.Join('\n', app.Output)));
        Assert.Single(app.Errors);
    }

    [Theory]
    [InlineData("no-such-program", 127, "apm: \"no-such-program\" is not in PATH. Check the name, or give its full path.")]
    [InlineData("./nothere.py", 127, "apm: ./nothere.py is not there. To run a Python file: apm run -- python3 ./nothere.py")]
    [InlineData("/etc/passwd", 126, "apm: /etc/passwd is not executable. Run chmod +x /etc/passwd, or name the program that runs it.")]
    [InlineData("/etc", 126, "apm: /etc is a folder. Give the program to run, as in: apm run -- python3 flaskapp.py")]
    public async Task What_cannot_be_run_is_said_with_the_exit_code_of_a_shell(string program, int exitCode, string sentence)
    {
        var (ended, app) = await Launch([program]);

        Assert.Equal((exitCode, sentence), (ended, string.Join('\n', app.Errors)));
    }

    [Fact]
    public async Task An_app_that_nobody_calls_is_told_with_the_line_to_paste_and_then_its_first_trace_and_nothing_else()
    {
        await using var apm = await ApmProcess.Start();
        var port = Built.FreePort();
        await using var app = apm.Run([Built.Python, "-c", $"from flask import Flask\napp = Flask('shop')\n@app.route('/api/apm')\ndef apm(): return 'apm'\napp.run(port={port})"], ["--service", "shop"]);
        var started = TimeProvider.System.GetTimestamp();

        var line = await app.Line("the launcher says TD01", said => said.StartsWith("apm: TD01 ", StringComparison.Ordinal));

        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(12)); // Ten, of which the launcher's own start is none.
        Assert.Matches($@"^apm: TD01 shop \(python, pid \d+\) is alive and traced, and has received no request in \d+ s\. Try: curl http://127\.0\.0\.1:{port}/api/apm$", line);
        await apm.Request($"http://127.0.0.1:{port}/api/apm");
        await app.Line("the first trace's link", said => said.StartsWith("apm: first trace of shop: http://localhost:", StringComparison.Ordinal));
        Assert.Equal(3, app.Errors.Count(said => said.StartsWith("apm: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Quiet_means_silent()
    {
        var (exitCode, app) = await Launch(["sh", "-c", "exit 5"], ("APM_QUIET", "1"));

        Assert.Equal(5, exitCode);
        Assert.Empty(app.Errors);
        Assert.Empty(app.Output);
    }

    [Fact]
    public async Task The_app_gets_the_variables_that_every_tracer_reads_and_its_own_stay()
    {
        var (_, app) = await RunningProgram.ToEnd(RunningProgram.Apm(
            ["run", "--service", "shop", "--env", "dev", "--version", "1.4", "--", "env"], ("DD_TRACE_AGENT_URL", Nowhere), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://elsewhere:4318"), ("PYTHONPATH", "/mine")));

        var variables = app.Output.Where(line => line.Contains('=', StringComparison.Ordinal)).Select(line => line.Split('=', 2)).GroupBy(pair => pair[0]).ToDictionary(pair => pair.Key, pair => pair.Last()[1]);
        Assert.Equal(("shop", "dev", "1.4", "shop"), (variables["DD_SERVICE"], variables["DD_ENV"], variables["DD_VERSION"], variables["OTEL_SERVICE_NAME"]));
        Assert.Equal((Nowhere, "http://elsewhere:4318"), (variables["DD_TRACE_AGENT_URL"], variables["OTEL_EXPORTER_OTLP_ENDPOINT"]));
        Assert.EndsWith(":/mine", variables["PYTHONPATH"], StringComparison.Ordinal);
        Assert.EndsWith("Apm.StartupHook.dll", variables["DOTNET_STARTUP_HOOKS"], StringComparison.Ordinal);
        Assert.Contains("deployment.environment.name=dev", variables["OTEL_RESOURCE_ATTRIBUTES"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task A_signal_reaches_the_app_which_may_take_its_time(string signal)
    {
        await using var app = RunningProgram.Apm(
            ["run", "--", Built.Python, "-u", "-c", $"""
                import signal, sys, threading
                done = threading.Event()
                signal.signal(signal.SIG{signal}, lambda *_: done.set())
                print('ready')
                done.wait()
                threading.Event().wait(3) # Longer than a command line usually waits.
                print('tidied up')
                sys.exit(9)
                """], ("DD_TRACE_AGENT_URL", Nowhere));
        await app.Line("the app is ready", line => line == "ready");

        app.Signal(signal);

        Assert.Equal((9, "tidied up"), (await app.Ended(), app.Output[^1]));
    }

    [Fact]
    public async Task Ctrl_C_is_the_apps_own_affair()
    {
        await using var app = RunningProgram.Apm(
            ["run", "--", Built.Python, "-u", "-c", """
                import signal, sys, threading
                signal.signal(signal.SIGINT, lambda *_: print('asked to stop'))
                signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
                print('ready')
                while True: threading.Event().wait(1)
                """], ("DD_TRACE_AGENT_URL", Nowhere));
        await app.Line("the app is ready", line => line == "ready");

        app.Signal("INT"); // The launcher alone: it passes it on, unless there is a terminal, which sends it to both.
        if (!HasTerminal() && !IgnoresInterrupts()) await app.Line("the app hears of it", line => line == "asked to stop");
        app.Signal("TERM");

        Assert.Equal(7, await app.Ended());
    }

    /// <summary>A shell starts what runs in the background with SIGINT ignored, and all that it starts inherits that.</summary>
    static bool IgnoresInterrupts()
    {
        const string Ignored = "SigIgn:";
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Ignored, StringComparison.Ordinal));
        return (Convert.ToUInt64(line[Ignored.Length..].Trim(), 16) & (1 << 1)) != 0;
    }

    static bool HasTerminal()
    {
        try
        {
            using var terminal = File.OpenHandle("/dev/tty");
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    [Fact]
    public async Task An_app_that_a_signal_ends_gives_128_and_its_number()
    {
        var (exitCode, _) = await Launch(["sh", "-c", "kill -KILL $$"]);

        Assert.Equal(128 + 9, exitCode);
    }

    [Fact]
    public async Task Something_else_on_the_agents_port_is_named()
    {
        var port = Built.FreePort();
        await using var other = RunningProgram.Start([Built.Python, "-u", "-m", "http.server", $"{port}", "--bind", "127.0.0.1"]);
        await Built.Listening(port, other);

        var (exitCode, app) = await RunningProgram.ToEnd(RunningProgram.Apm(["run", "--", "true"], ("DD_TRACE_AGENT_URL", $"http://localhost:{port}")));

        Assert.Equal(0, exitCode);
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"apm: TD03 Port {port} is answered by pid {other.Id} ("), Assert.Single(app.Errors), StringComparison.Ordinal);
    }

    static Task<(int, RunningProgram)> Launch(string[] command, params (string, string)[] variables) =>
        RunningProgram.ToEnd(RunningProgram.Apm(["run", "--", .. command], [("DD_TRACE_AGENT_URL", Nowhere), ("XDG_DATA_HOME", AgentHasRunHere()), .. variables]));

    /// <summary>Without a trace of an agent, a container is what is believed to be in the way.</summary>
    static string AgentHasRunHere()
    {
        var folder = Path.Combine(Path.GetTempPath(), "apm-launcher-tests");
        Directory.CreateDirectory(Path.Combine(folder, "apm"));
        File.WriteAllText(Path.Combine(folder, "apm", "agent-1.json"), "{}");
        return folder;
    }
}
