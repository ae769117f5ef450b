namespace Apm.StartupHook.Settings;

/// <summary>
/// Tells an app from the tools around it. The start-up variable is inherited, so <c>dotnet run</c> brings it to the
/// command line itself, to MSBuild, to the compiler server and to test hosts: all of them are left alone.
/// </summary>
internal static class ProcessFilter
{
    static readonly HashSet<string> ToolNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "dotnet", "MSBuild", "csc", "vbc", "fsc", "fsi", "VBCSCompiler", "rzc", "testhost", "testhost.x86", "testhost.net", "vstest.console",
        "datacollector", "NuGet.CommandLine.XPlat", "NuGet", "GenAPI", "ef", "crossgen2", "ilc", "pwsh", "ReSharperTestRunner",
    };

    /// <summary>Why this process is not traced; null when it is to be traced.</summary>
    /// <param name="entryName">Name of the entry assembly; null when unknown.</param>
    /// <param name="baseDirectory">Folder of the program, ending in a separator or not.</param>
    /// <param name="fileExists">Tells whether a file is there.</param>
    public static string? ReasonToSkip(string? entryName, string baseDirectory, Func<string, bool> fileExists)
    {
        if (entryName is not null && (ToolNames.Contains(entryName) || entryName.StartsWith("dotnet-", StringComparison.OrdinalIgnoreCase)))
            return $"{entryName} is a development tool";
        if (entryName is not null && entryName.StartsWith("Datadog.", StringComparison.Ordinal)) return $"{entryName} is a tracer's tool";

        // <root>/sdk/<version>/… is the SDK, whatever tool of it runs.
        for (var folder = Path.TrimEndingDirectorySeparator(baseDirectory); folder is { Length: > 0 }; folder = Path.GetDirectoryName(folder))
        {
            if (string.Equals(Path.GetFileName(Path.GetDirectoryName(folder)), "sdk", StringComparison.OrdinalIgnoreCase)
                && fileExists(Path.Combine(folder, "dotnet.dll")))
                return "it is part of the .NET SDK";
        }
        foreach (var marker in (string[])["testhost.dll", "Microsoft.Testing.Platform.dll"])
            if (fileExists(Path.Combine(baseDirectory, marker))) return "it is a test host";
        return null;
    }
}
