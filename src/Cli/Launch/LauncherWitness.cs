using System.Diagnostics;
using System.Text.Json;
using Apm.Core.Diagnosis;
using Apm.TraceAgent.Doctor.Witness;

namespace Apm.Cli.Launch;

/// <summary>The launcher's eyes: gathers what can be seen of the app from outside of it. Masks secrets as it gathers.</summary>
/// <param name="command">As the user gave it.</param>
/// <param name="address">Where the tracer sends.</param>
/// <param name="variables">What the app's environment gets on top of <paramref name="environment"/>.</param>
/// <param name="environment">All variables of the launcher.</param>
/// <param name="trail">What agents of this machine wrote down.</param>
/// <param name="fileSystem">Where the marks of a container lie.</param>
public sealed class LauncherWitness(IReadOnlyList<string> command, LaunchPlan plan, AgentAddress address, IReadOnlyDictionary<string, string> variables, IReadOnlyDictionary<string, string> environment, ProcessTable processes, AgentTrail trail, string fileSystem = "/")
{
    static readonly string[] ToldPrefixes = ["DD_", "OTEL_", "APM_", "FLASK_", "WERKZEUG_", "DOTNET_", "PYTHON"];
    static readonly string[] ToldNames = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
    static readonly string[] ContainerMarks = [".dockerenv", "run/.containerenv"];
    static readonly string[] Wrappers = ["ddtrace-run", "opentelemetry-instrument"];

    /// <summary>Longest a question to the interpreter may take.</summary>
    static readonly TimeSpan ImportPatience = TimeSpan.FromSeconds(5);

    /// <summary>Most interpreters asked of one app; it may start a new one every second.</summary>
    const int MaxAsks = 5;

    ImportAnswer? _import;

    /// <summary>Which process was asked, and what it ran then: a wrapper becomes the app in its place.</summary>
    string _asked = "";
    int _asks;

    /// <summary>What is known before the app runs, or of the address alone.</summary>
    public async Task<LauncherFacts> Before(AgentAnswer answer, HttpClient http)
    {
        var isAgent = answer.Kind is AgentAnswerKind.Agent or AgentAnswerKind.SpeaksPlain;
        var holders = isAgent || !address.Url.IsLoopback ? [] : processes.HoldersOf(address.Url.Port);
        return new LauncherFacts
        {
            Host = Environment.MachineName,
            ProcessId = 0,
            Command = SecretText.Command(command, LauncherFacts.MaxCommandChars),
            Kind = plan.Kind switch { ProgramKind.Python => "python", ProgramKind.DotNet => "dotnet", _ => "other" },
            Service = variables.GetValueOrDefault("DD_SERVICE", ""),
            Env = variables.GetValueOrDefault("DD_ENV", environment.GetValueOrDefault("DD_ENV", "")),
            AgentUrl = SecretText.Masked(address.Url.ToString().TrimEnd('/')),
            AgentUrlSource = address.Source,
            UnusableAddress = IsSocketThatIsThere(address.Unusable) ? "" : SecretText.Masked(address.Unusable),
            Answer = answer.Kind,
            AnswerDetail = answer.Detail,
            AnsweredBy = holders.Count > 0 ? holders[0] : null,
            OtherAgentUrl = isAgent ? "" : (await AgentProbe.FindElsewhere(address.Url, http))?.ToString().TrimEnd('/') ?? "",
            LastAgentWords = answer.Kind == AgentAnswerKind.Refused ? trail.LastWords(address.Url.Port) : "",
            AgentHasRunHere = trail.HasAny,
            IsInContainer = ContainerMarks.Any(mark => File.Exists(Path.Combine(fileSystem, mark))),
            IsContainersMain = processes.IsMainProgram(Environment.ProcessId),
            Variables = Told(),
        };
    }

    /// <summary>What is seen of the running app.</summary>
    /// <param name="before">From <see cref="Before"/>.</param>
    /// <param name="asksInterpreter">Nothing has been heard of the app: whether the tracer can be imported there is asked, once of each interpreter.</param>
    public async Task<LauncherFacts> Look(LauncherFacts before, int processId, TimeSpan elapsed, bool asksInterpreter)
    {
        var family = processes.Family(processId);
        if (asksInterpreter) await AskInterpreter(family.Count > 0 ? family : [new FamilyMember(processId, 0, "", [])]);
        return before with
        {
            DotNet = asksInterpreter ? DotNetOf(family) : null,
            ProcessId = processId,
            ElapsedSeconds = elapsed.TotalSeconds,
            Processes = family,
            Interpreter = _import?.Interpreter ?? "",
            InterpreterVersion = _import?.Version ?? "",
            ImportsTracer = _import?.Imports,
            ImportProblem = _import?.Problem ?? "",
            Wrapper = _import?.Wrapper ?? "",
            WrapperInterpreter = _import?.WrapperInterpreter ?? "",
        };
    }

    /// <summary>Somebody else's agent has it open, and the tracer may well send there.</summary>
    static bool IsSocketThatIsThere(string address) => address.StartsWith("unix:", StringComparison.OrdinalIgnoreCase) && File.Exists("/" + address["unix:".Length..].TrimStart('/'));

    Dictionary<string, string> Told() => environment.Concat(variables).GroupBy(pair => pair.Key, StringComparer.Ordinal).Select(group => group.Last())
        .Where(pair => ToldPrefixes.Any(prefix => pair.Key.StartsWith(prefix, StringComparison.Ordinal)) || ToldNames.Contains(pair.Key.ToUpperInvariant()))
        .OrderBy(pair => pair.Key, StringComparer.Ordinal).Take(LauncherFacts.MaxVariables)
        .ToDictionary(pair => pair.Key, pair => SecretText.Cut(SecretText.MaskedValue(pair.Key, pair.Value)), StringComparer.Ordinal);

    /// <summary>Asks the interpreter that runs, with the flags and the environment that it runs with; it does nothing but answer.</summary>
    async Task AskInterpreter(IReadOnlyList<FamilyMember> family)
    {
        // The one that serves is the last that is a Python: what came before it are shells and wrappers.
        var member = family.LastOrDefault(one => IsPython(processes.ProgramOf(one.ProcessId)));
        if (member is null) return;
        var words = processes.CommandOf(member.ProcessId);
        var asked = $"{member.ProcessId} {string.Join(' ', words)}";
        if (asked == _asked || _asks++ >= MaxAsks) return;
        _asked = asked;
        // The name it was called by: a virtual environment is a link to the interpreter, and is known by the link.
        var interpreter = words.Count > 0 && IsPython(words[0]) && Path.IsPathRooted(words[0]) ? words[0] : plan.Kind == ProgramKind.Python && IsPython(plan.File) ? plan.File : processes.ProgramOf(member.ProcessId);
        var wrapper = Array.Find(Wrappers, name => command.Any(word => Path.GetFileName(word) == name)) ?? "";
        var module = wrapper switch { "ddtrace-run" => "ddtrace", "opentelemetry-instrument" => "opentelemetry", _ => "apm_tracing" };
        var flags = words.Skip(1).TakeWhile(word => word.StartsWith('-') && word is not ("-c" or "-m")).Where(word => word.Length > 1 && word[1..].All(letter => letter is 'I' or 'E' or 'S' or 's' or 'u' or 'B' or 'O')).ToList();
        var ignores = flags.SelectMany(flag => flag[1..]).Where(letter => letter is 'I' or 'E' or 'S').Distinct().ToList();
        var start = new ProcessStartInfo(interpreter) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var flag in flags) start.ArgumentList.Add(flag);
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"import sys; sys.stdout.write('%d.%d.%d\\n' % sys.version_info[:3]); sys.stdout.flush(); import {module}");
        if (processes.EnvironmentOf(member.ProcessId) is { } its)
        {
            start.Environment.Clear();
            foreach (var (name, value) in its) start.Environment[name] = value;
        }
        // The start-up file would trace this question as well.
        start.Environment["DD_TRACE_ENABLED"] = "false";
        start.Environment["APM_QUIET"] = "1";
        var (version, errors, code) = await Run(start);
        var problem = ignores.Contains('S') && module == "apm_tracing" ? "it was started with -S, which passes over PYTHONPATH's sitecustomize"
            : code == 0 && version.StartsWith("3.", StringComparison.Ordinal) && int.TryParse(version.Split('.')[1], out var minor) && minor >= 8 ? ""
            : code == 0 && module == "apm_tracing" ? $"the tracer needs Python 3.8 or newer"
            : ignores.Count > 0 && module == "apm_tracing" ? $"it was started with -{string.Join("", ignores)}, which passes over PYTHONPATH"
            : member.HasInjection == false && module == "apm_tracing" ? "its environment has lost the tracer's place in PYTHONPATH"
            : code == 0 ? "" : SecretText.Cut(errors.TrimEnd().Split('\n')[^1].Trim());
        _import = new ImportAnswer(interpreter, version, problem.Length == 0, problem, wrapper, wrapper.Length > 0 ? InterpreterOf(wrapper) : "");
    }

    /// <summary>Of the .NET process that serves, or else of the last one: what would keep the start-up hook out of it.</summary>
    DotNetSight? DotNetOf(IReadOnlyList<FamilyMember> family)
    {
        if ((family.LastOrDefault(one => one.Ports.Count > 0 && processes.RunsDotNet(one.ProcessId) == true) ?? family.LastOrDefault(one => processes.RunsDotNet(one.ProcessId) == true)) is not { } member) return null;
        var its = processes.EnvironmentOf(member.ProcessId);
        var program = processes.CommandOf(member.ProcessId).FirstOrDefault(word => word.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)) is { } assembly ? assembly : processes.ProgramOf(member.ProcessId);
        string[] configs = [Path.ChangeExtension(program, ".runtimeconfig.json"), program + ".runtimeconfig.json"];
        return new DotNetSight(member.ProcessId, its is not null && !its.GetValueOrDefault("DOTNET_STARTUP_HOOKS", "").Contains("Apm.StartupHook", StringComparison.Ordinal), configs.FirstOrDefault(SwitchesHooksOff) ?? "");
    }

    /// <summary>Whether a file of the runtime's settings says that start-up hooks are passed over; false when it is not there or not readable.</summary>
    static bool SwitchesHooksOff(string file)
    {
        try
        {
            using var config = JsonDocument.Parse(File.ReadAllBytes(file));
            return config.RootElement.TryGetProperty("runtimeOptions", out var options) && options.TryGetProperty("configProperties", out var properties)
                && properties.TryGetProperty("System.StartupHookProvider.IsSupported", out var isSupported) && isSupported.ValueKind == JsonValueKind.False;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>The interpreter in the first line of a script.</summary>
    string InterpreterOf(string script)
    {
        var file = command.FirstOrDefault(word => Path.GetFileName(word) == script && word.Contains('/', StringComparison.Ordinal))
            ?? (environment.GetValueOrDefault("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, script)).FirstOrDefault(File.Exists);
        try
        {
            return file is not null && File.ReadLines(file).FirstOrDefault() is { } first && first.StartsWith("#!", StringComparison.Ordinal) ? first[2..].Trim() : "";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    static async Task<(string Output, string Errors, int Code)> Run(ProcessStartInfo start)
    {
        try
        {
            using var asked = Process.Start(start)!;
            using var patience = new CancellationTokenSource(ImportPatience);
            try
            {
                var (output, errors) = (asked.StandardOutput.ReadToEndAsync(patience.Token), asked.StandardError.ReadToEndAsync(patience.Token));
                await asked.WaitForExitAsync(patience.Token);
                return ((await output).Split('\n')[0].Trim(), await errors, asked.ExitCode);
            }
            catch (OperationCanceledException)
            {
                asked.Kill(entireProcessTree: true);
                return ("", "no answer in time", 1);
            }
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            return ("", problem.Message, 1);
        }
    }

    static bool IsPython(string program) => Path.GetFileName(program) is var name && (name.StartsWith("python", StringComparison.Ordinal) || name.StartsWith("pypy", StringComparison.Ordinal));

    sealed record ImportAnswer(string Interpreter, string Version, bool Imports, string Problem, string Wrapper, string WrapperInterpreter);
}
