using Apm.Core.Diagnosis;
using Apm.Core.Services;

namespace Apm.Doctor.Tests;

/// <summary>Facts of a Flask app that was launched a while ago beside an agent that is well; each test changes what its fault changes.</summary>
static class Case
{
    public const long Now = 1_764_000_000_000_000_000; // 24 Nov 2025, 16:00 UTC
    public const long Minute = 60_000_000_000;

    public static AgentFacts Agent { get; } = new()
    {
        Listeners = new Dictionary<string, int> { ["agent"] = 8126, ["otlp-grpc"] = 4317, ["otlp-http"] = 4318 },
        UiUrl = "http://localhost:8127",
    };

    public static LauncherFacts Launcher { get; } = new()
    {
        Host = "here", ProcessId = 4121, Command = "python3 flaskapp.py", Kind = "python", Service = "flaskapp", ElapsedSeconds = 8,
        AgentUrl = "http://localhost:8126", Answer = AgentAnswerKind.Agent, AnswerDetail = "200",
        Interpreter = "/usr/bin/python3", InterpreterVersion = "3.11.2",
        Processes = [new FamilyMember(4121, 1, "python3 flaskapp.py", [5050]) { HasInjection = true }],
    };

    public static ProcessFacts Process { get; } = new()
    {
        Info = new ProcessInfo
        {
            RuntimeId = "a", Service = "flaskapp", Language = "python", ProcessId = 4121, Hostname = "here", ListenUrls = ["http://localhost:5050"],
            Routes = [new RouteInfo("GET", "/api/apm", "GET /api/apm"), new RouteInfo("GET", "/api/trace", "GET /api/trace")],
        },
        AgeSeconds = 7,
        IsRunning = true,
        Ports = [new ListeningPort(5050, true, [])],
    };

    /// <summary>The installation as a whole.</summary>
    public static Facts Overall(Func<AgentFacts, AgentFacts> change, params ProcessFacts[] announced) => new() { NowUnixNanos = Now, Agent = change(Agent), Announced = announced };

    /// <summary>A launched app of which nothing has come.</summary>
    public static Facts Launched(Func<LauncherFacts, LauncherFacts> change, AgentFacts? agent = null) => new() { NowUnixNanos = Now, Agent = agent ?? Agent, Launcher = change(Launcher) };

    /// <summary>A launched app that told of itself.</summary>
    public static Facts Told(Func<ProcessFacts, ProcessFacts> change, Func<AgentFacts, AgentFacts>? agent = null, Func<LauncherFacts, LauncherFacts>? launcher = null)
    {
        var process = change(Process);
        return new() { NowUnixNanos = Now, Agent = (agent ?? (same => same))(Agent), Launcher = (launcher ?? (same => same))(Launcher), Process = process, Announced = [process] };
    }

    public static ProcessFacts With(this ProcessFacts process, string setting, string value) => process with { Info = process.Info with { Settings = new Dictionary<string, string> { [setting] = value } } };

    public static ProcessFacts WithSpans(this ProcessFacts process, long count) => process with { Info = process.Info with { SpanCount = count }, SkewNanos = process.SkewNanos ?? 0 };

    public static LauncherFacts With(this LauncherFacts launcher, params (string Name, string Value)[] variables) => launcher with { Variables = variables.ToDictionary(pair => pair.Name, pair => pair.Value) };

    /// <summary>A screen that finds nothing.</summary>
    public static Facts Screen(ScreenFacts screen) => new() { NowUnixNanos = Now, Agent = Agent, Screen = screen };
}
