using System.CommandLine;
using System.Globalization;
using Apm.Cli.Definitions;
using Apm.Core.Counting;
using Apm.Monitors.Scripts;
using Apm.Storage.Events;
using Apm.Storage.InMemory;
using Apm.TraceAgent.Serve.Datadog.Monitors;
using Apm.TraceAgent.Serve.Datadog.Slos;

namespace Apm.Cli.Commands;

/// <summary>
/// <c>apm monitor test FILE…</c>: runs scripts that say what comes in and what monitors are to tell of it (docs/monitor-scripts.md), without an agent
/// and without data. Exit code 0 when every expectation holds, 1 when one does not, 2 when a file cannot be read.
/// </summary>
static class MonitorCommand
{
    public static Command Make() => new("monitor", "Try monitors out.") { MakeTest() };

    static Command MakeTest()
    {
        var files = new Argument<string[]>("files") { Description = "Scripts.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("test", "Run monitor scripts: values over time, downtimes, and the notices that are expected.") { files };
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
                var checks = RunFile(file);
                foreach (var check in checks) output.WriteLine($"{(check.Holds ? "  ok     " : "  WRONG  ")}{check}");
                var wrong = checks.Count(check => !check.Holds);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {checks.Count - wrong} of {checks.Count} hold"));
                if (wrong > 0) exit = Math.Max(exit, 1);
            }
            catch (Exception problem) when (problem is MonitorScriptException or FormatException or IOException or UnauthorizedAccessException)
            {
                errors.WriteLine($"apm: {file}, {problem.Message}");
                exit = 2;
            }
        }
        return exit;
    }

    /// <exception cref="MonitorScriptException">A line is none of a script.</exception>
    internal static IReadOnlyList<MonitorScriptCheck> RunFile(string file)
    {
        var counters = new Counters();
        using var documents = new InMemoryDocumentStore();
        using var checks = new InMemoryServiceCheckStore(new EventStoreSettings(), counters);
        using var traces = new InMemoryTraceStore();
        return MonitorScript.Run(BoundedText.ReadFile(file, QueryCommand.MaxScriptBytes), new ScriptNeeds
        {
            ReadMonitor = MonitorText.Read,
            ReadSlo = SloText.Read,
            ReadFile = name => BoundedText.ReadFile(Path.Combine(Path.GetDirectoryName(file) ?? "", name), QueryCommand.MaxScriptBytes),
            Documents = documents,
            Checks = checks,
            Events = clock => new InMemoryEventStore(new EventStoreSettings(), clock, counters),
            Traces = traces,
        });
    }
}
