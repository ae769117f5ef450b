namespace Apm.TraceAgent.Configuration;

/// <summary>The files of a <c>conf.d</c>: which count, and for which check (metrics-monitors §9.1).</summary>
/// <remarks>Reads the file system; holds nothing.</remarks>
public static class CheckFolder
{
    /// <summary>Most files of a folder; those beyond, by name, are not read and said.</summary>
    public const int MaxFiles = 1_000;

    /// <summary>The files that count, ordered by check and path.</summary>
    /// <param name="folder">Need not be there.</param>
    public static IReadOnlyList<CheckFilePath> Find(string folder)
    {
        var found = new List<CheckFilePath>();
        if (!Directory.Exists(folder)) return found;
        found.AddRange(FilesIn(folder).Where(IsYaml).Select(file => new CheckFilePath(Path.GetFileNameWithoutExtension(file), file, IsDefault: false)));
        foreach (var inner in Directory.EnumerateDirectories(folder).Where(inner => inner.EndsWith(".d", StringComparison.Ordinal)))
        {
            var name = Path.GetFileName(inner)[..^2];
            foreach (var file in FilesIn(inner))
            {
                if (Path.GetFileName(file) == "conf.yaml.default") found.Add(new CheckFilePath(name, file, IsDefault: true));
                else if (IsYaml(file) && Path.GetFileName(file) is not ("metrics.yaml" or "auto_conf.yaml")) found.Add(new CheckFilePath(name, file, IsDefault: false));
            }
        }
        var configured = found.Where(file => !file.IsDefault).Select(file => file.CheckName).ToHashSet(StringComparer.Ordinal);
        return [.. found.Where(file => !file.IsDefault || !configured.Contains(file.CheckName)).OrderBy(file => file.CheckName, StringComparer.Ordinal).ThenBy(file => file.Path, StringComparer.Ordinal)];
    }

    /// <summary>Reads one of them.</summary>
    public static CheckFile Read(CheckFilePath file, bool acceptsTabs)
    {
        try
        {
            if (new FileInfo(file.Path).Length > CheckFileReader.MaxFileBytes) return Unread(file, $"The file is larger than {CheckFileReader.MaxFileBytes} bytes, which no configuration is; it is not used.");
            return CheckFileReader.Read(file.CheckName, file.Path, File.ReadAllText(file.Path), acceptsTabs);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return Unread(file, $"The file cannot be read: {problem.Message} Let the user who runs Apm read it.");
        }
    }

    /// <summary>What lies in the folder and is not read although somebody meant it to be.</summary>
    public static IReadOnlyList<ConfigComplaint> Misplaced(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        var complaints = new List<ConfigComplaint>();
        foreach (var inner in Directory.EnumerateDirectories(folder).Where(inner => !inner.EndsWith(".d", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            foreach (var file in FilesIn(inner).Where(IsYaml).Order(StringComparer.Ordinal))
                complaints.Add(new ConfigComplaint(file, 1, 1, $"Files of a folder below conf.d are read only when its name ends in .d; move it to {Path.Combine(inner + ".d", Path.GetFileName(file))}.") { IsError = true });
        if (Find(folder).Count is > MaxFiles and var count) complaints.Add(new ConfigComplaint(folder, 1, 1, $"There are {count} files; the last {count - MaxFiles} by name are not read.") { IsError = true });
        return complaints;
    }

    static CheckFile Unread(CheckFilePath file, string sentence) => new(file.CheckName, file.Path, YamlValues.OfMap(null), [], [new ConfigComplaint(file.Path, 1, 1, sentence) { IsError = true }]);

    static bool IsYaml(string file) => Path.GetExtension(file) is ".yaml" or ".yml";

    static string[] FilesIn(string folder)
    {
        try
        {
            return Directory.GetFiles(folder);
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }
}

/// <summary>A file of <c>conf.d</c>.</summary>
/// <param name="CheckName">Of the check that it configures.</param>
/// <param name="IsDefault">It came with an agent's package and counts because nobody wrote another.</param>
public sealed record CheckFilePath(string CheckName, string Path, bool IsDefault);
