using System.CommandLine;
using Apm.Cli.Definitions;

namespace Apm.Cli.Commands;

/// <summary>
/// <c>apm apply FILE…</c>: makes a running Apm have the monitors, dashboards, downtimes, objectives and corrections that files say (docs/as-files.md). Exit
/// code 0 when it has, 1 when something was refused, 2 when no Apm could be asked.
/// </summary>
static class ApplyCommand
{
    public static Command Make()
    {
        var files = new Argument<string[]>("files") { Description = "JSON or YAML files, folders, or - for the standard input.", Arity = ArgumentArity.OneOrMore };
        var dry = new Option<bool>("--dry-run") { Description = "Change nothing; say what would be." };
        var command = new Command("apply", "Make monitors, dashboards, downtimes, SLOs and their corrections as files say.") { files, dry, ApiAccess.Url, ApiAccess.ApiKey, ApiAccess.ApplicationKey };
        command.SetAction((arguments, cancel) =>
        {
            var problems = new List<string>();
            var definitions = DefinitionFiles.Read(arguments.GetValue(files)!, Console.In, problems);
            foreach (var problem in problems) Console.Error.WriteLine($"apm: {problem}");
            if (problems.Count > 0)
            {
                Console.Error.WriteLine("apm: nothing was changed, as not everything could be read.");
                return Task.FromResult(1);
            }
            return ApiAccess.Use(arguments, async api => await new Applying(api, arguments.GetValue(dry), Console.Out).Run(definitions, cancel) == 0 ? 0 : 1);
        });
        return command;
    }
}
