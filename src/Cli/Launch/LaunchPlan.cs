using System.Text.RegularExpressions;

namespace Apm.Cli.Launch;

/// <summary>What kind of program a command starts, as far as that can be told without starting it.</summary>
public enum ProgramKind
{
    Python,
    DotNet,

    /// <summary>A shell, another language, anything: it and its children get the variables that every tracer reads.</summary>
    Other,
}

/// <summary>What the launcher makes of a command: how it is run, and under which name its traces appear.</summary>
/// <param name="File">Full path of the program.</param>
/// <param name="Arguments">As given.</param>
/// <param name="Kind">Decides what the launcher says, not what it sets: children may be of another kind.</param>
/// <param name="Service">Guessed from the command; "" when the tracer itself has to guess.</param>
public sealed record LaunchPlan(string File, IReadOnlyList<string> Arguments, ProgramKind Kind, string Service);

/// <summary>Reads a command the way a shell would find it.</summary>
/// <remarks>Looks at files only; starts nothing.</remarks>
public static partial class CommandReader
{
    /// <summary>Finds the program and what it is.</summary>
    /// <param name="command">Program and arguments, at least one.</param>
    /// <param name="environment">Looks up a variable; null when it is not set.</param>
    /// <exception cref="LaunchException">The program is not there or cannot be run; holds the exit code a shell would give.</exception>
    public static LaunchPlan Read(IReadOnlyList<string> command, Func<string, string?> environment)
    {
        var file = Find(command[0], environment("PATH") ?? "");
        var arguments = command.Skip(1).ToList();
        var kind = KindOf(file, arguments);
        var service = kind switch
        {
            ProgramKind.Python => PythonService(file, arguments, environment),
            ProgramKind.DotNet => DotNetService(file, arguments),
            _ => "",
        };
        return new LaunchPlan(file, arguments, kind, service);
    }

    static string Find(string program, string path)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            if (Directory.Exists(program)) throw new LaunchException(126, $"{program} is a folder. Give the program to run, as in: apm run -- python3 flaskapp.py");
            if (!System.IO.File.Exists(program) || IsDangling(program)) throw new LaunchException(127, $"{program} is not there. {HintFor(program)}");
            if (!IsExecutable(program)) throw new LaunchException(126, $"{program} is not executable. {HintFor(program)}");
            return Path.GetFullPath(program);
        }
        var found = path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).Where(file => System.IO.File.Exists(file) && !IsDangling(file)).ToList();
        if (found.Find(IsExecutable) is { } executable) return executable;
        if (found.Count > 0) throw new LaunchException(126, $"{found[0]} is not executable. Run chmod +x on it.");
        throw new LaunchException(127, $"\"{program}\" is not in PATH. {HintFor(program)}");
    }

    static string HintFor(string program) => Path.GetExtension(program) switch
    {
        ".py" => $"To run a Python file: apm run -- python3 {program}",
        ".dll" => $"To run a .NET assembly: apm run -- dotnet {program}",
        _ when !System.IO.File.Exists(program) || IsDangling(program) => "Check the name, or give its full path.",
        _ => program.Contains('/', StringComparison.Ordinal) ? $"Run chmod +x {program}, or name the program that runs it." : $"Did you mean ./{program}?",
    };

    /// <summary>A link to nothing: it "exists", and asking more of it throws.</summary>
    static bool IsDangling(string file) => new FileInfo(file) is { LinkTarget: not null } link && link.ResolveLinkTarget(returnFinalTarget: true) is not { Exists: true };

    static bool IsExecutable(string file) =>
        OperatingSystem.IsWindows() || (System.IO.File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    static ProgramKind KindOf(string file, List<string> arguments)
    {
        var name = Path.GetFileName(file);
        if (PythonName().IsMatch(name) || Shebang(file).Contains("python", StringComparison.Ordinal)) return ProgramKind.Python;
        if (name == "dotnet" || System.IO.File.Exists(Path.ChangeExtension(file, null) + ".runtimeconfig.json")) return ProgramKind.DotNet;
        if (name == "env" && arguments.Exists(argument => PythonName().IsMatch(Path.GetFileName(argument)))) return ProgramKind.Python;
        return ProgramKind.Other;
    }

    static string PythonService(string file, List<string> arguments, Func<string, string?> environment)
    {
        var name = Path.GetFileName(file);
        if (name == "env" && arguments.FindIndex(argument => PythonName().IsMatch(Path.GetFileName(argument))) is >= 0 and var behind)
            return PythonService(arguments[behind], arguments[(behind + 1)..], environment);
        if (PythonName().IsMatch(name))
        {
            var at = arguments.FindIndex(argument => !argument.StartsWith('-') || argument is "-m" or "-c");
            if (at < 0 || arguments[at] == "-c") return "";
            if (arguments[at] != "-m") return Plain(arguments[at]);
            if (at + 1 >= arguments.Count) return "";
            name = arguments[at + 1];
            arguments = arguments[(at + 2)..];
        }
        return name switch
        {
            "flask" => Plain(ValueOf(arguments, "--app", "-A") ?? environment("FLASK_APP") ?? "app"),
            "gunicorn" or "uvicorn" or "hypercorn" or "waitress-serve" => Plain(arguments.FindLast(argument => AppTarget().IsMatch(argument)) ?? name),
            _ => Plain(name),
        };
    }

    static string DotNetService(string file, List<string> arguments)
    {
        if (Path.GetFileName(file) != "dotnet") return Path.GetFileNameWithoutExtension(file);
        var assembly = arguments.Find(argument => argument.EndsWith(".dll", StringComparison.OrdinalIgnoreCase));
        if (assembly is not null) return Path.GetFileNameWithoutExtension(assembly);
        if (ValueOf(arguments, "--project", "-p") is { } project) return ProjectName(project);
        return arguments.FirstOrDefault() is "run" or "watch" ? ProjectName(".") : "";
    }

    /// <summary>The one project file in a folder, or the file named.</summary>
    static string ProjectName(string path)
    {
        if (!Directory.Exists(path)) return Path.GetFileNameWithoutExtension(path);
        var projects = Directory.GetFiles(path, "*.*proj");
        return projects.Length == 1 ? Path.GetFileNameWithoutExtension(projects[0]) : "";
    }

    /// <summary><c>shop/app.py:create_app()</c> → <c>app</c>; <c>shop.wsgi:app</c> → <c>shop</c>.</summary>
    static string Plain(string target)
    {
        var module = target.Split(':')[0].TrimEnd('/');
        if (module.EndsWith(".py", StringComparison.Ordinal)) return Path.GetFileNameWithoutExtension(module);
        var name = Path.GetFileName(module);
        var parts = name.Split('.');
        return parts.Length > 1 && parts[^1] is "wsgi" or "asgi" or "app" or "main" ? parts[0] : parts[^1];
    }

    static string? ValueOf(List<string> arguments, string longName, string shortName)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if ((arguments[i] == longName || arguments[i] == shortName) && i + 1 < arguments.Count) return arguments[i + 1];
            if (arguments[i].StartsWith(longName + "=", StringComparison.Ordinal)) return arguments[i][(longName.Length + 1)..];
        }
        return null;
    }

    static string Shebang(string file)
    {
        Span<byte> head = stackalloc byte[128];
        if (new FileInfo(file).Length == 0) return ""; // Also a pipe, whose opening would wait for somebody to write.
        try
        {
            using var stream = System.IO.File.OpenRead(file);
            head = head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return ""; // A program may be executable and yet not readable.
        }
        if (!head.StartsWith("#!"u8)) return "";
        var end = head.IndexOf((byte)'\n');
        return System.Text.Encoding.UTF8.GetString(end < 0 ? head : head[..end]);
    }

    /// <summary>A module and what to take from it, <c>shop.wsgi:app</c>; not an address such as <c>127.0.0.1:8000</c>.</summary>
    [GeneratedRegex(@"^[A-Za-z_][\w.]*:[A-Za-z_]")]
    private static partial Regex AppTarget();

    [GeneratedRegex(@"^(python|pypy)[\d.]*$")]
    private static partial Regex PythonName();
}

/// <summary>The command cannot be run.</summary>
/// <param name="exitCode">126 not executable, 127 not found, as shells have it.</param>
public sealed class LaunchException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
