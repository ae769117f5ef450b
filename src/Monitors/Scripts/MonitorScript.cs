using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Monitors.Rules;
using Apm.Query.Text;

namespace Apm.Monitors.Scripts;

/// <summary>What a script needs from outside, so that it runs without an agent and without data.</summary>
public sealed record ScriptNeeds
{
    /// <summary>Reads a monitor as the API takes it; throws <see cref="FormatException"/>, or <see cref="System.Text.Json.JsonException"/> with its place.</summary>
    public required Func<string, MonitorRule> ReadMonitor { get; init; }

    /// <summary>Reads an objective as the API takes it; throws as <see cref="ReadMonitor"/> does.</summary>
    public required Func<string, Slo> ReadSlo { get; init; }

    /// <summary>Reads a file beside the script; throws <see cref="IOException"/>.</summary>
    public required Func<string, string> ReadFile { get; init; }

    /// <summary>An empty store.</summary>
    public required IDocumentStore Documents { get; init; }

    /// <inheritdoc cref="Documents"/>
    public required IServiceCheckStore Checks { get; init; }

    /// <summary>Makes an empty store with a clock; whoever asked disposes it.</summary>
    public required Func<TimeProvider, IEventStore> Events { get; init; }

    /// <inheritdoc cref="Documents"/>
    public required ITraceStore Traces { get; init; }
}

/// <summary>
/// Runs a script that says what comes in and who is to be told of what, and when (docs/monitor-scripts.md):
/// <code>
/// monitor
///     {"type":"metric alert","name":"High","query":"avg(last_5m):avg:my_metric{*} > 800","message":"{{value}} @you@example.com"}
///
/// load gauge every 60s
///     my_metric{}   400*5 950*10
///
/// expect to 15m
///     9m  Triggered
///         says 840
/// </code>
/// The monitors, their schedule, states, downtimes and messages are the real ones; only the clock and the numbers are the script's.
/// </summary>
public static class MonitorScript
{
    /// <summary>Runs a script.</summary>
    /// <returns>Each expectation with what came, and what came that nobody expected.</returns>
    /// <exception cref="MonitorScriptException">A line is none of a script; says where.</exception>
    public static IReadOnlyList<MonitorScriptCheck> Run(string text, ScriptNeeds needs)
    {
        using var world = new ScriptWorld(needs);
        var checks = new List<MonitorScriptCheck>();
        foreach (var block in ScriptBlock.ReadAll(text))
        {
            switch (block.Words)
            {
                case ["start", var time]:
                    world.Begin(block.At(0), ScriptTimes.Absolute(block.At(1), time));
                    break;
                case ["monitor", ..]:
                    AddJson(needs, block, json => world.Add(needs.ReadMonitor(json)));
                    break;
                case ["slo", ..]:
                    AddJson(needs, block, json => world.Add(needs.ReadSlo(json)));
                    break;
                case ["load", var what, "every", var step]:
                    foreach (var line in block.Lines) line.Guard(() => world.Load(what, ScriptTimes.Step(block.At(3), step), line.Text));
                    break;
                case ["hosts"]:
                    foreach (var line in block.Lines) line.Guard(() => world.AddHost(line.Words[0], line.Words[1..]));
                    break;
                case ["downtime", ..]:
                    ScriptDowntime.Add(block, world);
                    break;
                case ["expect", "to", var to]:
                    checks.AddRange(Expect(world, block, world.NowUnixSeconds, world.TimeOf(block.At(2), to)));
                    break;
                case ["expect", "from", var from, "to", var to]:
                    checks.AddRange(Expect(world, block, world.TimeOf(block.At(2), from), world.TimeOf(block.At(4), to)));
                    break;
                default:
                    throw new MonitorScriptException(block.At(0), $"\"{block.Head}\" is nothing that a script says. There are: start, monitor, slo, load … every, hosts, downtime, expect to, expect from … to.");
            }
        }
        if (checks.Count == 0) throw new MonitorScriptException(new TextPlace(1, 1), "The script expects nothing. Add a line such as: expect to 20m");
        return checks;
    }

    static IEnumerable<MonitorScriptCheck> Expect(ScriptWorld world, ScriptBlock block, long from, long to)
    {
        var mails = block.Lines.Where(ScriptMailCount.Is).ToList();
        block = block with { Lines = [.. block.Lines.Except(mails)] };
        var expected = ScriptExpectation.ReadAll(block, world);
        if (to <= world.NowUnixSeconds) throw new MonitorScriptException(block.At(0), $"Time goes on only: it is {world.Print(world.NowUnixSeconds)} already.");
        var came = world.RunTo(block.At(0), to).Where(notice => notice.AtUnixSeconds > from).ToList();
        return ScriptExpectation.Compare(block, expected, came, world).Concat(mails.Select(line => ScriptMailCount.Check(line, world)));
    }

    /// <summary>Adds what stands as JSON below a head, or in a file that is named behind it.</summary>
    static void AddJson(ScriptNeeds needs, ScriptBlock block, Action<string> add)
    {
        var isInline = block.Words.Length == 1;
        var json = isInline ? string.Join('\n', block.Lines.Select(line => line.Text)) : ReadFile(needs, block, block.After(1));
        try
        {
            if (string.IsNullOrWhiteSpace(json)) throw new MonitorScriptException(block.At(0), $"Here {(block.Words[0] == "slo" ? "an objective" : "a monitor")} should stand, as JSON in the lines below, or the name of a file behind it: {block.Words[0]} my-metric.json");
            add(json);
        }
        catch (System.Text.Json.JsonException wrong)
        {
            var (line, column) = ((int)(wrong.LineNumber ?? 0), (int)(wrong.BytePositionInLine ?? 0) + 1);
            var sentence = $"This is not JSON: {wrong.Message.Split(" LineNumber:")[0].Split(" Path:")[0].TrimEnd('.')}.";
            if (!isInline) throw new MonitorScriptException(block.At(1), $"In {block.After(1)}, line {line + 1}, column {column}: {sentence}");
            throw new MonitorScriptException(line < block.Lines.Count ? new TextPlace(block.Lines[line].Line, column) : block.At(0), sentence);
        }
        catch (MonitorRuleException wrong)
        {
            throw new MonitorScriptException(block.PlaceOf(wrong.Message.Contains("query", StringComparison.OrdinalIgnoreCase) ? "\"query\"" : "\"options\""), wrong.Message);
        }
        catch (SloException wrong)
        {
            throw new MonitorScriptException(block.At(0), wrong.Message);
        }
        catch (FormatException wrong)
        {
            throw new MonitorScriptException(block.At(0), wrong.Message);
        }
    }

    static string ReadFile(ScriptNeeds needs, ScriptBlock block, string file)
    {
        try
        {
            return needs.ReadFile(file);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new MonitorScriptException(block.At(1), $"{file} cannot be read: {wrong.Message}");
        }
    }
}
