using System.Diagnostics;

namespace Apm.Cli.Tests;

/// <summary>The command line as a process of its own, without this one's settings.</summary>
static class CliProcess
{
    /// <summary>Runs it to its end, a minute at most.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="arguments">Such as <c>config</c>.</param>
    public static async Task<(int Code, string Output, string Errors)> Run(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.Prepend(Path.Combine(AppContext.BaseDirectory, "apm.dll"))) start.ArgumentList.Add(argument);
        foreach (var variable in start.Environment.Keys.Where(name => name.StartsWith("APM_", StringComparison.Ordinal) || name.StartsWith("DD_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(variable);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        return (process.ExitCode, await output, await errors);
    }
}
