namespace Apm.TraceAgent.Checks.Python;

/// <summary>How Python checks are run (docs/checks.md).</summary>
public sealed record PythonSettings
{
    /// <summary>The program that runs them; default <c>python3</c>. 3.6 or newer.</summary>
    public string Interpreter { get; init; } = "python3";

    /// <summary>Most memory of one check's process and all that it started, in bytes; default 256 MiB. Beyond it an allocation fails in Python, or the processes are stopped.</summary>
    public long MaxBytes { get; init; } = 268_435_456;

    /// <summary>Most processes that one check may have at once; default 64. Beyond it all of them are stopped and the run has failed.</summary>
    public int MaxProcesses { get; init; } = 64;

    /// <summary>Folders in which modules are looked for beside the check's own.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Where <c>write_persistent_cache</c> writes.</summary>
    public string CacheFolder { get; init; } = "";

    /// <summary>What checks are told of the agent.</summary>
    public string Host { get; init; } = "";
    public string Version { get; init; } = "";
    public IReadOnlyList<string> HostTags { get; init; } = [];
}
