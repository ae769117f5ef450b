using System.CommandLine;
using Apm.Cli.Host;
using Apm.Cli.Settings;

namespace Apm.Cli.Commands;

/// <summary><c>apm config</c>: the settings in force, with where each came from. Exit code 2 when `apm up` would refuse them.</summary>
static class ConfigCommand
{
    public static Command Make()
    {
        var config = ConfigOption();
        var changed = new Option<bool>("--changed") { Description = "Only what is not as it is by default." };
        var command = new Command("config", "Print the settings in force and where each came from.") { config, changed };
        command.SetAction(arguments => Run(arguments.GetValue(config), arguments.GetValue(changed)));
        return command;
    }

    public static Option<string?> ConfigOption() => new("--config") { Description = $"Settings file (default ./{SettingsReader.DefaultFile} when it is there, or APM_CONFIG). Takes a datadog.yaml as well." };

    static int Run(string? file, bool onlyChanged)
    {
        try
        {
            var result = SettingsReader.Read(new Dictionary<string, string>(), Environment.GetEnvironmentVariable, SettingsReader.FindFile(file, Environment.GetEnvironmentVariable));
            foreach (var line in Lines(result, onlyChanged)) Console.WriteLine(line);
            foreach (var issue in result.Issues) Console.Error.WriteLine($"apm: {issue}");
            return result.Errors.Any() ? UpCommand.WrongSettings : 0;
        }
        catch (SettingsException problem)
        {
            Console.Error.WriteLine($"apm: {problem.Message}");
            return UpCommand.WrongSettings;
        }
    }

    /// <summary>One line per setting: name, value, source.</summary>
    internal static IEnumerable<string> Lines(SettingsResult result, bool onlyChanged)
    {
        var shown = result.Effective.Where(entry => !onlyChanged || !entry.IsDefault).ToList();
        var width = shown.Count == 0 ? 0 : shown.Max(entry => entry.Setting.Name.Length);
        foreach (var entry in shown) yield return $"{entry.Setting.Name.PadRight(width)}  {Value(entry, result)}  ({entry.Source})";
    }

    static string Value(EffectiveSetting entry, SettingsResult result) => entry.Setting.Print(result.Settings) is { Length: > 0 } value ? value : "none";
}
