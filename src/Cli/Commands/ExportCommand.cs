using System.CommandLine;
using Apm.Cli.Definitions;

namespace Apm.Cli.Commands;

/// <summary><c>apm export</c>: writes monitors, dashboards, downtimes, objectives and their corrections as files that <c>apm apply</c> takes back (docs/as-files.md). Exit code 0, 1 when a file cannot be written, 2 when no Apm could be asked.</summary>
static class ExportCommand
{
    const string Everything = "all";

    public static Command Make()
    {
        var what = new Argument<string>("what") { Description = "monitors, dashboards, downtimes, slos, corrections or all.", DefaultValueFactory = _ => Everything };
        what.AcceptOnlyFromAmong([.. DefinitionKinds.All.Select(kind => kind.Plural), Everything]);
        var folder = new Option<string?>("--out") { Description = "A folder, with a file for each; else one document is printed." };
        var command = new Command("export", "Write monitors, dashboards, downtimes, SLOs and their corrections as files.") { what, folder, ApiAccess.Url, ApiAccess.ApiKey, ApiAccess.ApplicationKey };
        command.SetAction((arguments, cancel) => ApiAccess.Use(arguments, async api =>
        {
            var kinds = DefinitionKinds.All.Where(kind => arguments.GetValue(what) is var word && (word == Everything || word == kind.Plural)).ToList();
            var masked = 0;
            var objects = await new Exporting(api).Read(kinds, count => masked += count, cancel);
            if (arguments.GetValue(folder) is not { } path) Console.Write(Exporting.Whole(objects));
            else if (!Write(path, objects)) return 1;
            if (masked > 0) await Console.Error.WriteLineAsync($"Secrets were masked in {masked} {(masked == 1 ? "text" : "texts")}. Applied here they stay as they are; elsewhere put them in first.");
            return 0;
        }));
        return command;
    }

    static bool Write(string folder, IReadOnlyList<(DefinitionKind Kind, string FileName, System.Text.Json.Nodes.JsonObject Json)> objects)
    {
        try
        {
            foreach (var (kind, name, json) in objects)
            {
                var below = Directory.CreateDirectory(Path.Combine(folder, kind.Plural)).FullName;
                File.WriteAllText(Path.Combine(below, name), Exporting.Print(json));
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"apm: {problem.Message}");
            return false;
        }
        Console.WriteLine($"{string.Join(", ", DefinitionKinds.All.Select(kind => (Kind: kind, Count: objects.Count(one => one.Kind == kind))).Where(one => one.Count > 0).Select(one => $"{one.Count} {(one.Count == 1 ? one.Kind.Name : one.Kind.Plural)}").DefaultIfEmpty("nothing"))} written to {folder}");
        return true;
    }
}
