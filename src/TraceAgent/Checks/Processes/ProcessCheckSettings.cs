using System.Text.RegularExpressions;

namespace Apm.TraceAgent.Checks.Processes;

/// <summary>One instance of <c>process.d/conf.yaml</c>: which processes are meant, and how many of them are right.</summary>
public sealed record ProcessCheckSettings
{
    public required string Name { get; init; }

    /// <summary>Names that a process must have one of, exactly; empty when patterns or ids are given.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Patterns, one of which must be found in the command line.</summary>
    public IReadOnlyList<Regex> Patterns { get; init; } = [];

    /// <summary>Every process there is.</summary>
    public bool All { get; init; }

    public int? ProcessId { get; init; }

    public string? PidFile { get; init; }

    public bool WithChildren { get; init; }

    /// <summary>Only processes of this user (a name, or a number); null for all.</summary>
    public string? User { get; init; }

    /// <summary>Fewer or more than this is critical.</summary>
    public (double Min, double Max) Critical { get; init; } = (1, double.PositiveInfinity);

    /// <summary>Fewer or more than this is a warning.</summary>
    public (double Min, double Max) Warning { get; init; } = (1, double.PositiveInfinity);

    /// <summary>Whether it is worth no word that numbers of other users' processes cannot be read.</summary>
    public bool IgnoresDenied { get; init; } = true;

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <exception cref="CheckFailedException">A key is missing or cannot be used.</exception>
    public static ProcessCheckSettings From(CheckSettings settings)
    {
        var file = new CheckOptions("process", settings.Instance);
        var name = file.RequiredText("name", "ssh");
        var strings = file.Texts("search_string");
        var pid = file.Number(1, int.MaxValue, "pid");
        var pidFile = file.Text("pid_file") is { Length: > 0 } path ? path : null;
        if (strings.Count == 0 && pid is null && pidFile is null)
            throw new CheckFailedException($"process: the instance `{name}` needs `search_string` (a list of names, `['sshd']`), `pid` or `pid_file`.");
        var isExact = file.Flag("exact_match", true);
        var thresholds = file.Map("thresholds");
        return new ProcessCheckSettings
        {
            Name = name,
            Names = isExact ? strings : [],
            Patterns = isExact ? [] : file.Patterns("search_string"),
            All = strings.Contains("All"),
            ProcessId = (int?)pid,
            PidFile = pidFile,
            WithChildren = file.Flag("collect_children"),
            User = file.Text("user") is { Length: > 0 } user ? user : null,
            Critical = Range(thresholds, "critical"),
            Warning = Range(thresholds, "warning"),
            IgnoresDenied = file.Flag("ignore_denied_access", true),
            Tags = [.. file.Texts("tags"), $"process_name:{name}", name],
        };
    }

    static (double, double) Range(CheckOptions thresholds, string key)
    {
        var ends = thresholds.Texts(key);
        if (ends.Count == 0) return (1, double.PositiveInfinity);
        if (ends.Count != 2 || !TryEnd(ends[0], out var min) || !TryEnd(ends[1], out var max) || min > max)
            throw thresholds.Refused(key, string.Join(", ", ends), "the least and the greatest number that is right, such as [1, 5]");
        return (min, max);
    }

    static bool TryEnd(string text, out double end)
    {
        end = double.PositiveInfinity;
        return text is ".inf" or "inf" or "∞" or "Infinity" || double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out end);
    }
}
