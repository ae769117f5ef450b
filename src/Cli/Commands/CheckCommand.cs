using System.CommandLine;
using Apm.Cli.Host;
using Apm.Cli.Settings;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Commands;

/// <summary>
/// <c>apm check NAME</c>: runs a check here and now, without <c>apm up</c>, and prints what it gives out (metrics-monitors §9.9). Nothing is
/// kept. Exit code 1 when there is no such check or a run failed, 2 when the settings cannot be used.
/// </summary>
static class CheckCommand
{
    public static Command Make()
    {
        var name = new Argument<string>("name") { Description = "As its file in conf.d is called." };
        var times = new Option<int?>("--times", "-t", "--check-times") { Description = "How often it is run (default 1). Rates need two runs." };
        var delay = new Option<double?>("--delay", "-d") { Description = "Seconds between runs (default 1)." };
        var rate = new Option<bool>("--check-rate", "-r") { Description = "Two runs, a second apart." };
        var pause = new Option<int?>("--pause") { Description = "Milliseconds between runs, as the Datadog agent has it." };
        var json = new Option<bool>("--json") { Description = "Print what it gives out as one JSON document." };
        var config = ConfigCommand.ConfigOption();
        var command = new Command("check", "Run a check here and now, and print what it gives out.") { name, times, delay, rate, pause, json, config };
        command.SetAction((arguments, cancel) => Run(new CheckWish(arguments.GetValue(name)!, arguments.GetValue(times) ?? (arguments.GetValue(rate) ? 2 : 1),
            TimeSpan.FromSeconds(arguments.GetValue(delay) ?? (arguments.GetValue(pause) is { } ms ? ms / 1_000.0 : 1)), arguments.GetValue(json)), arguments.GetValue(config), cancel));
        return command;
    }

    static async Task<int> Run(CheckWish wish, string? config, CancellationToken cancel)
    {
        try
        {
            if (wish.Times is < 1 or > 10_000 || wish.Delay < TimeSpan.Zero || wish.Delay > TimeSpan.FromHours(1))
                throw new SettingsException("--times takes a number from 1 to 10000, --delay seconds from 0 to 3600. For example: apm check mysql --times 2 --delay 1.");
            var read = SettingsReader.Read(new Dictionary<string, string>(), Environment.GetEnvironmentVariable, SettingsReader.FindFile(config, Environment.GetEnvironmentVariable));
            foreach (var issue in read.Errors) await Console.Error.WriteLineAsync($"apm: {issue}");
            return read.Errors.Any() ? UpCommand.WrongSettings : await Run(wish, read.Settings, TimeProvider.System, Console.Out, Console.Error, cancel);
        }
        catch (SettingsException problem)
        {
            await Console.Error.WriteLineAsync($"apm: {problem.Message}");
            return UpCommand.WrongSettings;
        }
    }

    /// <summary>The same with given settings.</summary>
    internal static async Task<int> Run(CheckWish wish, HostSettings settings, TimeProvider clock, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        var counters = new Counters();
        var collector = CheckParts.Collector(settings, clock, counters, MemoryBudget.None());
        var collection = collector.Read(wish.Name);
        foreach (var complaint in collection.Complaints)
            await errors.WriteLineAsync(complaint.IsError ? $"Error: invalid config for {wish.Name}: {complaint}" : $"Warning: {complaint}");
        if (collection.Plans.Count == 0)
        {
            await errors.WriteLineAsync($"Error: no valid check found. {Hint(wish.Name, collector)}");
            return 1;
        }
        if (collection.Plans.Count > 1) await output.WriteLineAsync("Multiple check instances found, running each of them");
        var found = new List<CheckFindings>();
        foreach (var plan in collection.Plans) found.Add(await RunInstance(plan, wish, settings, counters, clock, cancel));
        await output.WriteAsync(wish.AsJson ? CheckText.Json(found) : CheckText.Page(found));
        if (wish is { Times: 1, AsJson: false })
            await output.WriteLineAsync("Check has run only once, if some metrics are missing you can try again with --check-rate to see any other metric if available.");
        return found.Any(one => one.Status.Outcome == CheckOutcome.Error) ? 1 : 0;
    }

    static async Task<CheckFindings> RunInstance(CheckPlan plan, CheckWish wish, HostSettings settings, Counters counters, TimeProvider clock, CancellationToken cancel)
    {
        await using var check = new ScheduledCheck(plan, CheckParts.SumsOf(plan, settings, counters, clock), settings.Checks.Schedule, clock, MemoryBudget.None().OpenWork("check_runs"));
        var found = new CheckFindings();
        for (var run = 1; run <= wish.Times && !cancel.IsCancellationRequested; run++)
        {
            if (run > 1) await Task.Delay(wish.Delay, clock, cancel);
            found.Add(await check.RunAsync(cancel));
        }
        return found with { Status = check.Status };
    }

    static string Hint(string name, CheckCollector collector)
    {
        var known = collector.Names;
        return NearestWord.Find(name, known) is { } near && near != name ? $"Did you mean {near}?" : $"Checks here: {string.Join(", ", known)}. Each needs a file {name}.yaml or {name}.d/conf.yaml in {collector.ConfD}.";
    }
}

/// <summary>What is asked for on the command line.</summary>
sealed record CheckWish(string Name, int Times, TimeSpan Delay, bool AsJson);
