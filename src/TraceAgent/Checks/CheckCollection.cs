using System.Globalization;
using Apm.TraceAgent.Configuration;

namespace Apm.TraceAgent.Checks;

/// <summary>Where the checks' files lie and what is attached to all that checks give out.</summary>
public sealed record CheckFolders
{
    /// <summary>Of the checks' configuration; "" for none.</summary>
    public string ConfD { get; init; } = "";

    /// <summary>Of Python programs; "" for none.</summary>
    public string ChecksD { get; init; } = "";

    /// <summary>Tabs that indent are read as blanks, with a warning; else they are errors.</summary>
    public bool AcceptsTabs { get; init; } = true;

    /// <summary>The name of this host.</summary>
    public required string Host { get; init; }

    /// <summary>Run what is built in as well: the metrics of this host.</summary>
    public bool HasHostMetrics { get; init; } = true;
}

/// <summary>What the folders ask for: instances to run, and what is wrong with the files.</summary>
/// <param name="Stamp">Changes when any file does.</param>
public sealed record CheckCollection(IReadOnlyList<CheckPlan> Plans, IReadOnlyList<ConfigComplaint> Complaints, string Stamp);

/// <summary>Makes an instance of a check that is written in Python.</summary>
/// <param name="file">Its program in <c>checks.d</c>; "" when there is none.</param>
public delegate ICheck PythonCheckFactory(string id, string check, string file, string revision, IReadOnlyDictionary<string, object?> init, IReadOnlyDictionary<string, object?> instance);

/// <summary>Reads the folders: which instance is made by whom (metrics-monitors §9.1, §9.6).</summary>
/// <remarks>Any thread; holds nothing of the files.</remarks>
/// <param name="builtIn">Names of the kinds that run without a file asking for them.</param>
public sealed class CheckCollector(CheckFolders folders, IReadOnlyList<ICheckKind> kinds, IReadOnlyList<string> builtIn, PythonCheckFactory python)
{
    readonly Dictionary<string, ICheckKind> _kinds = kinds.GroupBy(kind => kind.Name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);

    /// <summary>All checks that could be run, by name.</summary>
    public IReadOnlyList<string> Names => [.. _kinds.Keys.Concat(Programs().Keys).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Folder of the checks' files.</summary>
    public string ConfD => folders.ConfD;

    /// <summary>A text that changes when a file comes, goes or is written.</summary>
    public string Stamp()
    {
        var files = CheckFolder.Find(folders.ConfD).Select(file => file.Path).Concat(Programs().Values);
        return string.Join('\n', files.Select(StampOf));
    }

    /// <summary>Reads all files.</summary>
    /// <param name="only">Only this check; null for all.</param>
    public CheckCollection Read(string? only = null)
    {
        var stamp = Stamp(); // Before the files are read: what changes meanwhile is read again.
        var programs = Programs();
        var plans = new List<CheckPlan>();
        var complaints = new List<ConfigComplaint>(only is null ? CheckFolder.Misplaced(folders.ConfD) : []);
        var files = CheckFolder.Find(folders.ConfD);
        foreach (var path in files.Take(CheckFolder.MaxFiles).Where(file => only is null || file.CheckName == only))
        {
            var isKnown = _kinds.ContainsKey(path.CheckName) || programs.ContainsKey(path.CheckName);
            if (path.IsDefault && !isKnown) continue;
            var read = CheckFolder.Read(path, folders.AcceptsTabs);
            complaints.AddRange(read.Complaints);
            plans.AddRange(read.Instances.Select(instance => PlanOf(read, instance, programs.GetValueOrDefault(read.CheckName, ""))));
            if (!isKnown && read.Instances.Count > 0 && Unknown(read, programs.Keys) is { } unknown) complaints.Add(unknown);
        }
        var configured = files.Select(file => file.CheckName).ToHashSet(StringComparer.Ordinal);
        if (folders.HasHostMetrics)
            plans.AddRange(builtIn.Where(name => _kinds.ContainsKey(name) && !plans.Any(plan => plan.Check == name) && (only is null || only == name)).Select(BuiltInPlan));
        foreach (var (name, file) in programs.Where(program => !configured.Contains(program.Key) && (only is null || program.Key == only)))
            complaints.Add(new ConfigComplaint(file, 1, 1, $"Nothing asks for this check, so that it never runs; it needs a file {Path.Combine(folders.ConfD, name + ".yaml")} with an instance.") { Corrected = ["init_config:", "instances:", "  - {}"] });
        return new CheckCollection(plans, complaints, stamp);
    }

    CheckPlan PlanOf(CheckFile file, InstanceConfig instance, string program)
    {
        var revision = program.Length == 0 ? "" : StampOf(program);
        var kind = _kinds.GetValueOrDefault(file.CheckName);
        return new CheckPlan(instance.Id, file.CheckName, file.File, TimeSpan.FromSeconds(instance.IntervalSeconds),
            () => kind is not null ? kind.Create(new CheckSettings(file.Init, instance.Values, folders.Host)) : python(instance.Id, file.CheckName, program, revision, file.Init, instance.Values))
        {
            Revision = kind is null ? revision : "", Tags = instance.Tags, Namespace = instance.Namespace, Host = instance.HasNoHost ? "" : folders.Host,
        };
    }

    CheckPlan BuiltInPlan(string name) => new($"{name}:built_in", name, CheckPlan.BuiltIn, TimeSpan.FromSeconds(InstanceConfig.DefaultIntervalSeconds),
        () => _kinds[name].Create(new CheckSettings(new Dictionary<string, object?>(), new Dictionary<string, object?>(), folders.Host))) { Host = folders.Host };

    /// <summary>A check that nobody has; an integration installed for Python is tried all the same.</summary>
    ConfigComplaint? Unknown(CheckFile file, IEnumerable<string> programs)
    {
        var near = NearestWord.Find(file.CheckName, _kinds.Keys.Concat(programs));
        return near is null ? null : new ConfigComplaint(file.File, 1, 1, $"No check is called {file.CheckName}. Did you mean {near}? Files are named after the check that they configure.");
    }

    /// <summary>Python programs by the check's name.</summary>
    SortedDictionary<string, string> Programs()
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (Directory.Exists(folders.ChecksD))
            foreach (var file in Directory.EnumerateFiles(folders.ChecksD, "*.py").Where(file => Path.GetFileName(file) != "__init__.py")) found[Path.GetFileNameWithoutExtension(file)] = Path.GetFullPath(file);
        return found;
    }

    static string StampOf(string file)
    {
        var info = new FileInfo(file);
        return info.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file} {info.LastWriteTimeUtc.Ticks} {info.Length}") : file;
    }
}
