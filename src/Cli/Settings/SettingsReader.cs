using Apm.Cli.Host;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Settings;

/// <summary>Where a value came from.</summary>
/// <param name="Setting">What was set.</param>
/// <param name="Source"><c>option --data</c>, <c>environment APM_DATA</c>, <c>apm.yaml:3</c>, <c>default</c>.</param>
public sealed record EffectiveSetting(Setting Setting, string Source)
{
    public bool IsDefault => Source == "default";
}

/// <summary>What Apm runs with, where it came from, and what was wrong with it.</summary>
public sealed record SettingsResult(HostSettings Settings, IReadOnlyList<EffectiveSetting> Effective, IReadOnlyList<SettingsIssue> Issues)
{
    /// <summary>Null when there is no file.</summary>
    public string? File { get; init; }

    /// <summary>The file could not be read as YAML, so nothing of it counts.</summary>
    public bool IsBroken { get; init; }

    public IEnumerable<SettingsIssue> Errors => Issues.Where(issue => issue.IsError);
}

/// <summary>Puts the settings together: options, then the environment, then the file, then defaults; the first that has a value counts.</summary>
public static class SettingsReader
{
    /// <summary>The file that is read when none is named.</summary>
    public const string DefaultFile = "apm.yaml";

    /// <summary>The one that is read when there is none of that name: of a Datadog agent, as it is.</summary>
    public const string DatadogFile = "datadog.yaml";

    /// <summary>Largest settings file; 1 MiB.</summary>
    public const int MaxFileBytes = 1_048_576;

    /// <summary>Reads all.</summary>
    /// <param name="options">Name of a setting and what the command line gave for it.</param>
    /// <param name="environment">Looks up a variable; null when it is not set.</param>
    /// <param name="file">Path and text of the settings file; null when there is none.</param>
    public static SettingsResult Read(IReadOnlyDictionary<string, string> options, Func<string, string?> environment, (string Path, string Text)? file)
    {
        var issues = new List<SettingsIssue>();
        var read = file is { } given ? SettingsFile.Read(given.Path, given.Text, issues) : null;
        var settings = HostSettings.Default;
        var effective = new List<EffectiveSetting>();
        foreach (var setting in SettingsCatalogue.All)
        {
            var source = "default";
            foreach (var (node, from, at) in Candidates(setting, options, environment, read))
            {
                if (TryApply(setting, node, from, at, read, issues, ref settings))
                {
                    source = from;
                    break;
                }
            }
            effective.Add(new EffectiveSetting(setting, source));
        }
        if (read is { TabIssue: { } tabs } && !settings.Checks.AcceptsTabs) issues[issues.IndexOf(tabs)] = tabs with { IsError = true };
        return new SettingsResult(settings with { Checks = WithFolders(settings.Checks, file?.Path, issues) }, effective, issues) { File = file?.Path, IsBroken = read is { IsYaml: false } };
    }

    /// <summary>The file that counts: the one named, else <see cref="DefaultFile"/> or <see cref="DatadogFile"/> in the working folder when it is there.</summary>
    /// <exception cref="SettingsException">The file named cannot be read.</exception>
    public static (string Path, string Text)? FindFile(string? named, Func<string, string?> environment)
    {
        var path = named ?? (environment("APM_CONFIG") is { Length: > 0 } fromEnvironment ? fromEnvironment : null);
        path ??= File.Exists(DefaultFile) ? DefaultFile : File.Exists(DatadogFile) ? DatadogFile : null;
        if (path is null) return null;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxFileBytes }) throw new SettingsException($"{path} is larger than {MaxFileBytes} bytes, which no settings file is. Name another with --config FILE.");
            return (path, File.ReadAllText(path));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"The settings file {path} cannot be read: {problem.Message} Correct its path (--config FILE or APM_CONFIG), or leave it out to run with defaults.");
        }
    }

    /// <summary>The checks' folders beside the file, and what is wrong with it as the screens show it.</summary>
    static CheckHostSettings WithFolders(CheckHostSettings checks, string? file, List<SettingsIssue> issues) => checks with
    {
        Folder = file is null ? "" : Path.GetDirectoryName(Path.GetFullPath(file)) ?? "",
        Complaints = file is null ? [] : [.. issues.Where(issue => issue.Line is not null).Select(issue => issue.ToComplaint(file))],
    };

    static IEnumerable<(SettingsNode Node, string From, Place? At)> Candidates(Setting setting, IReadOnlyDictionary<string, string> options, Func<string, string?> environment, SettingsFile? file)
    {
        if (options.TryGetValue(setting.Name, out var option)) yield return (AsScalar(option), $"option {OptionOf(setting.Name, option)}", null);
        foreach (var variable in setting.Variables)
            if (environment(variable) is { Length: > 0 } value) yield return (AsScalar(value), $"environment {variable}", null);
        foreach (var name in setting.Names)
            if (file?.Find(name) is { } entry) yield return (entry.Value, $"{file.Name}:{entry.KeyAt.Line}", entry.Value.At);
    }

    static ScalarNode AsScalar(string text) => new(new Place(1, 1), text, IsPlain: true);

    static string OptionOf(string name, string value) => name.StartsWith("ports.", StringComparison.Ordinal) ? $"--port {name["ports.".Length..]}={value}" : $"--{name}";

    /// <summary>False when the value cannot be used; then an issue says why, and what has less weight counts.</summary>
    static bool TryApply(Setting setting, SettingsNode node, string from, Place? at, SettingsFile? file, List<SettingsIssue> issues, ref HostSettings settings)
    {
        var problem = "";
        try
        {
            if (Value(setting, node) is { } value)
            {
                settings = setting.Set(settings, value);
                if (file is not null && at is not null && setting.Complain?.Invoke(value) is { } complaint) issues.Add(file.Complaint(complaint));
                if (setting.Warn?.Invoke(value) is { } warning) issues.Add(IssueAt(setting, node, from, at, file, warning) with { IsError = false, Correction = [] });
                return true;
            }
            problem = $"{Shown(node)} is not what {NameIn(file, setting, at)} takes: {setting.Kind.Expected}.";
        }
        catch (ArgumentException why)
        {
            problem = why.Message;
        }
        issues.Add(IssueAt(setting, node, from, at, file, problem));
        return false;
    }

    static SettingsIssue IssueAt(Setting setting, SettingsNode node, string from, Place? at, SettingsFile? file, string sentence)
    {
        if (at is { } place && file is not null) return file.Issue(place, (node as ScalarNode)?.Text.Length ?? 1, sentence, file.Corrected(place, setting.Example));
        var variable = from.StartsWith("environment ", StringComparison.Ordinal) ? from["environment ".Length..] : "";
        var isLenient = variable.Length > 0 && !Setting.IsOurs(variable);
        var text = setting.IsSecret ? "…" : ((ScalarNode)node).Text;
        return new SettingsIssue(variable.Length > 0 ? $"{from}={text}" : from, isLenient ? $"{sentence} It is passed over." : sentence) { IsError = !isLenient };
    }

    static string NameIn(SettingsFile? file, Setting setting, Place? at) =>
        at is null ? setting.Name : setting.Names.FirstOrDefault(name => file?.Find(name)?.Value.At == at) ?? setting.Name;

    static string Shown(SettingsNode node) => node switch
    {
        ScalarNode { Text: "" } => "Nothing",
        ScalarNode scalar => $"\"{scalar.Text}\"",
        ListNode => "A list",
        _ => "A group of keys",
    };

    static object? Value(Setting setting, SettingsNode node)
    {
        if (setting.ReadNode is { } readNode) return node is ScalarNode { Text: var text } scalar && scalar.EndLine == scalar.At.Line && Parsed(text) is { } parsed ? readNode(parsed) : readNode(node);
        return node switch
        {
            ScalarNode scalar => setting.Kind.Read(scalar.Text),
            ListNode list when setting.Kind.IsList && list.Items.All(item => item is ScalarNode) => list.Items.Select(item => ((ScalarNode)item).Text).ToList(),
            _ => null,
        };
    }

    /// <summary>JSON in a variable reads as YAML does.</summary>
    static SettingsNode? Parsed(string text)
    {
        try
        {
            return SettingsTree.Read(text);
        }
        catch (YamlProblemException)
        {
            return null;
        }
    }
}
