using System.Globalization;
using Apm.TestKit;

namespace Apm.Endurance;

/// <summary>Options of a command line, <c>--name value</c>.</summary>
sealed class Options(string[] args)
{
    public long Number(string name, long otherwise) => Text(name, "") is { Length: > 0 } text ? long.Parse(text.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) : otherwise;

    public string Text(string name, string otherwise)
    {
        var at = Array.IndexOf(args, "--" + name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : otherwise;
    }

    /// <summary>Keeps a result where the others are: tests/Endurance/results, or the folder of <c>--results</c>.</summary>
    public void WriteResult(string file, string text)
    {
        var folder = Directory.CreateDirectory(Text("results", Path.Combine(Fixtures.RepoRoot, "tests", "Endurance", "results"))).FullName;
        File.WriteAllText(Path.Combine(folder, file), text);
    }
}
