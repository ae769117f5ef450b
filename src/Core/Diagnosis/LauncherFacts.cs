using System.Text.Json.Serialization;

namespace Apm.Core.Diagnosis;

/// <summary>What answered the launcher at the address that the tracer will send to; in JSON as its word.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AgentAnswerKind>))]
public enum AgentAnswerKind
{
    /// <summary>A trace agent.</summary>
    Agent,

    /// <summary>Nothing listens.</summary>
    Refused,

    /// <summary>Something that is no trace agent.</summary>
    NotAnAgent,

    /// <summary>It speaks TLS, and was spoken to without.</summary>
    SpeaksTls,

    /// <summary>A trace agent without TLS, and the tracer will speak TLS to it.</summary>
    SpeaksPlain,

    /// <summary>Nothing came back in time, or the name is not known.</summary>
    Silent,
}

/// <summary>
/// The launcher's witness: the command, the interpreter, the environment, the child processes, what the agent's address answered.
/// One per launched app, keyed by host and process id. Texts are "" when unknown; secrets were masked by whoever made it.
/// </summary>
public sealed record LauncherFacts
{
    /// <summary>Most characters of a command line told; default 300.</summary>
    public const int MaxCommandChars = 300;

    /// <summary>Most processes told of one app; default 64. Further ones are left out.</summary>
    public const int MaxProcesses = 64;

    /// <summary>Most variables told; default 64. Only those that tracers, proxies and reloaders read are told at all.</summary>
    public const int MaxVariables = 64;

    /// <summary>Most ports told of one process; default 16.</summary>
    public const int MaxPorts = 16;

    public required string Host { get; init; }

    /// <summary>The process that the launcher started.</summary>
    public required int ProcessId { get; init; }
    public string Command { get; init; } = "";

    /// <summary><c>python</c>, <c>dotnet</c>, or <c>other</c>.</summary>
    public string Kind { get; init; } = "other";
    public string Service { get; init; } = "";
    public string Env { get; init; } = "";

    /// <summary>Since the app was started.</summary>
    public double ElapsedSeconds { get; init; }

    /// <summary>Where the tracer sends.</summary>
    public string AgentUrl { get; init; } = "";

    /// <summary>What DD_TRACE_AGENT_URL holds when no tracer can send there; "" when it is an address, or not set. <see cref="AgentUrl"/> is then the default.</summary>
    public string UnusableAddress { get; init; } = "";

    /// <summary>The variable that says so; "" when it is the default.</summary>
    public string AgentUrlSource { get; init; } = "";
    public AgentAnswerKind Answer { get; init; }

    /// <summary>What came back, such as <c>connection refused</c> or <c>GET /info answered 404</c>.</summary>
    public string AnswerDetail { get; init; } = "";

    /// <summary>Who listens there; null when nobody does, or the system does not tell.</summary>
    public PortHolder? AnsweredBy { get; init; }

    /// <summary>A trace agent that was found elsewhere on this machine.</summary>
    public string OtherAgentUrl { get; init; } = "";

    /// <summary>How the last run of the agent on this machine ended, as it wrote down itself.</summary>
    public string LastAgentWords { get; init; } = "";

    /// <summary>An agent of ours has run on this machine, or in this container, at some time.</summary>
    public bool AgentHasRunHere { get; init; }

    /// <summary>The app runs in a container.</summary>
    public bool IsInContainer { get; init; }

    /// <summary>The container was made for this app: it is what the container was started with. False of a container that somebody works in.</summary>
    public bool IsContainersMain { get; init; }

    /// <summary>Those that tracers, proxies and reloaders read.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>The interpreter that really runs, and its version.</summary>
    public string Interpreter { get; init; } = "";

    /// <inheritdoc cref="Interpreter"/>
    public string InterpreterVersion { get; init; } = "";

    /// <summary>Whether the tracer can be imported there; null when that was not tried.</summary>
    public bool? ImportsTracer { get; init; }

    /// <summary>Why not, in the interpreter's words.</summary>
    public string ImportProblem { get; init; } = "";

    /// <summary>A launcher of another make in the command, such as <c>ddtrace-run</c>, and the interpreter it belongs to.</summary>
    public string Wrapper { get; init; } = "";

    /// <inheritdoc cref="Wrapper"/>
    public string WrapperInterpreter { get; init; } = "";

    /// <summary>What was seen of the .NET process among them that serves; null when there is none, or nobody looked because the app was heard of.</summary>
    public DotNetSight? DotNet { get; init; }

    /// <summary>The app and all that it started, as far as they run now.</summary>
    public IReadOnlyList<FamilyMember> Processes { get; init; } = [];

    /// <summary>The same, cut to the limits and masked once more: what came over a socket is not believed to keep them.</summary>
    public LauncherFacts Bounded() => this with
    {
        Host = SecretText.Cut(SecretText.Masked(Host)),
        Command = SecretText.Cut(SecretText.Masked(Command), MaxCommandChars),
        Kind = Kind is "python" or "dotnet" ? Kind : "other",
        Service = SecretText.Cut(SecretText.Masked(Service)),
        Env = SecretText.Cut(SecretText.Masked(Env)),
        ElapsedSeconds = double.IsFinite(ElapsedSeconds) ? Math.Max(0, ElapsedSeconds) : 0,
        AgentUrl = SecretText.Cut(SecretText.Masked(AgentUrl)),
        UnusableAddress = SecretText.Cut(SecretText.Masked(UnusableAddress)),
        AgentUrlSource = SecretText.Cut(SecretText.Masked(AgentUrlSource)),
        AnswerDetail = SecretText.Cut(SecretText.Masked(AnswerDetail)),
        AnsweredBy = AnsweredBy?.Bounded(),
        OtherAgentUrl = SecretText.Cut(SecretText.Masked(OtherAgentUrl)),
        LastAgentWords = SecretText.Cut(SecretText.Masked(LastAgentWords)),
        Variables = Variables.Take(MaxVariables).DistinctBy(pair => Name(pair.Key)).ToDictionary(pair => Name(pair.Key), pair => SecretText.Cut(SecretText.MaskedValue(pair.Key, pair.Value ?? "")), StringComparer.Ordinal),
        Interpreter = SecretText.Cut(SecretText.Masked(Interpreter)),
        InterpreterVersion = SecretText.Cut(SecretText.Masked(InterpreterVersion), 40),
        ImportProblem = SecretText.Cut(SecretText.Masked(ImportProblem)),
        Wrapper = SecretText.Cut(SecretText.Masked(Wrapper), 80),
        WrapperInterpreter = SecretText.Cut(SecretText.Masked(WrapperInterpreter)),
        DotNet = DotNet is null ? null : DotNet with { HooksOffIn = SecretText.Cut(SecretText.Masked(DotNet.HooksOffIn)) },
        Processes = [.. Processes.Where(member => member is not null).Take(MaxProcesses).Select(member => member.Bounded())],
    };

    /// <summary>A variable's name; two long ones may become the same.</summary>
    static string Name(string key) => SecretText.Cut(SecretText.Masked(key));
}

/// <summary>A .NET process, as it is seen from outside.</summary>
/// <param name="HasLostVariable">Its environment names no start-up hook of ours.</param>
/// <param name="HooksOffIn">The file that switches start-up hooks off; "" when none does.</param>
public sealed record DotNetSight(int ProcessId, bool HasLostVariable, string HooksOffIn);

/// <summary>A process of a launched app.</summary>
/// <param name="ProcessId">Its id.</param>
/// <param name="ParentId">Who started it.</param>
/// <param name="Command">Masked and cut.</param>
/// <param name="Ports">TCP ports it holds a listening socket of; workers share their parent's.</param>
public sealed record FamilyMember(int ProcessId, int ParentId, string Command, IReadOnlyList<int> Ports)
{
    /// <summary>The injected part's place is in its environment; null when the system does not show it.</summary>
    public bool? HasInjection { get; init; }

    /// <summary>Its environment says that it is the child of a debug reloader.</summary>
    public bool IsReloaderChild { get; init; }

    /// <summary>Seconds since the system started it; null when the system does not tell.</summary>
    public double? AgeSeconds { get; init; }

    internal FamilyMember Bounded() => this with { Command = SecretText.Cut(SecretText.Masked(Command), LauncherFacts.MaxCommandChars), Ports = [.. Ports.Take(LauncherFacts.MaxPorts)] };
}

/// <summary>A process that holds a listening socket.</summary>
/// <param name="ProcessId">Its id.</param>
/// <param name="Command">Masked and cut.</param>
/// <param name="StartedUnixSeconds">When it was started; 0 when unknown.</param>
public sealed record PortHolder(int ProcessId, string Command, long StartedUnixSeconds)
{
    /// <summary><c>pid 991 (python app.py)</c>.</summary>
    public override string ToString() => Command.Length > 0 ? $"pid {ProcessId} ({Command})" : $"pid {ProcessId}";

    internal PortHolder Bounded() => this with { Command = SecretText.Cut(SecretText.Masked(Command), LauncherFacts.MaxCommandChars) };
}
