using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.Python;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Host;

/// <summary>This host, and how its checks are run.</summary>
public sealed record CheckHostSettings
{
    /// <summary>As somebody set it; "" for the system's.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>What this host is called everywhere.</summary>
    public string Host => Hostname.Length > 0 ? Hostname : Environment.MachineName;

    public IReadOnlyList<string> Tags { get; init; } = [];
    public IReadOnlyList<string> ExtraTags { get; init; } = [];

    /// <summary>Folder of the checks' files; "" for <c>conf.d</c> in <see cref="Folder"/>.</summary>
    public string ConfD { get; init; } = "";

    /// <summary>Folder of Python checks; "" for <c>checks.d</c> in <see cref="Folder"/>.</summary>
    public string ChecksD { get; init; } = "";

    /// <summary>Where the settings file lies; the working folder when there is none.</summary>
    public string Folder { get; init; } = "";

    /// <summary>Tabs that indent are read as blanks, with a warning; else they are errors.</summary>
    public bool AcceptsTabs { get; init; } = true;

    /// <summary>Measures this host.</summary>
    public bool HasHostMetrics { get; init; } = true;

    public CheckScheduleSettings Schedule { get; init; } = new();
    public PythonSettings Python { get; init; } = new();

    /// <summary>What was wrong with the settings file, as far as it is read all the same.</summary>
    public IReadOnlyList<ConfigComplaint> Complaints { get; init; } = [];

    /// <summary>Reads the settings file again; its answer is null when that is as it was. Null when there is no file.</summary>
    public Func<CheckHostSettings?>? ReadAgain { get; init; }
}
