using System.CommandLine;
using System.Globalization;
using Apm.Cli.Definitions;
using Apm.Query.Scripts;

namespace Apm.Cli.Commands;

/// <summary>
/// <c>apm query FILE…</c>: runs query scripts (docs/metric-queries.md, "Scripts"), without an agent and without data: what is loaded stands in the
/// script. Exit code 0 when every expectation holds, 1 when one does not, 2 when a file cannot be read.
/// </summary>
static class QueryCommand
{
    /// <summary>Largest script, in bytes.</summary>
    public const long MaxScriptBytes = 16_777_216;

    public static Command Make()
    {
        var files = new Argument<string[]>("files") { Description = "Scripts.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("query", "Run query scripts: load points, evaluate queries, compare with what is expected.") { files };
        command.SetAction(arguments => Run(arguments.GetValue(files)!, Console.Out, Console.Error));
        return command;
    }

    internal static int Run(IReadOnlyList<string> files, TextWriter output, TextWriter errors)
    {
        var exit = 0;
        foreach (var file in files)
        {
            try
            {
                var checks = QueryScript.Run(BoundedText.ReadFile(file, MaxScriptBytes), TimeProvider.System);
                var wrong = checks.Where(check => !check.Holds).ToList();
                foreach (var check in wrong) output.WriteLine($"{file}, {check}");
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {checks.Count - wrong.Count} of {checks.Count} queries give what is expected"));
                if (wrong.Count > 0) exit = Math.Max(exit, 1);
            }
            catch (Exception problem) when (problem is FormatException or IOException or UnauthorizedAccessException)
            {
                errors.WriteLine($"apm: {file}: {problem.Message}");
                exit = 2;
            }
        }
        return exit;
    }
}
