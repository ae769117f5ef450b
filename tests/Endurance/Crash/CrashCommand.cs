using System.Diagnostics;
using System.Globalization;
using Apm.Endurance.Running;

namespace Apm.Endurance.Crash;

/// <summary><c>crash --rounds 100 --seed 1</c>: kills the agent so many times; writes results/crash.md.</summary>
static class CrashCommand
{
    public static async Task<int> Run(Options options)
    {
        var (rounds, seed) = (options.Number("rounds", 100), (int)options.Number("seed", 1));
        var folder = Path.Combine(Path.GetTempPath(), "apm-crash-" + Guid.NewGuid().ToString("N")[..8]);
        var clock = Stopwatch.StartNew();
        using var run = new CrashRun(folder, new HttpClient(new SocketsHttpHandler { UseProxy = false }), seed);
        var done = 0;
        try
        {
            for (; done < rounds && run.Faults.Count == 0; done++)
            {
                await run.Round(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(3));
                Console.WriteLine($"{clock.Elapsed:mm\\:ss} round {done + 1}: {run.Acknowledged} bodies acknowledged, {run.Unanswered} without an answer, of them kept {run.KeptUnanswered}; {run.Spans} spans, {run.Faults.Count} faults");
            }
        }
        finally
        {
            foreach (var fault in run.Faults) await Console.Error.WriteLineAsync(fault);
            if (run.Faults.Count == 0 && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            else await Console.Error.WriteLineAsync($"The data folder is left in {folder}.");
        }
        var text = string.Create(CultureInfo.InvariantCulture, $"""
            # Killed {done * 2} times

            `dotnet run -c Release --project tests/Endurance -- crash --rounds {rounds} --seed {seed}`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}: {Machine.Facts()}; {clock.Elapsed.TotalMinutes:F0} min.
            Each round: start on the same data folder, send v0.4, v0.5, OTLP, Zipkin and client statistics for 0.1 to 3 s, SIGKILL; start again, check everything, SIGKILL.

            | | |
            |---|---|
            | rounds | {done} |
            | bodies acknowledged | {run.Acknowledged:N0} |
            | bodies under way when it was killed; of them kept all the same, whole | {run.Unanswered:N0}; {run.KeptUnanswered:N0} |
            | spans in the store at the end, exactly those acknowledged or kept | {run.Spans:N0} |
            | **faults** (missing, twice, half, miscounted, ledger) | **{run.Faults.Count}** |

            """);
        Console.Write(text);
        if (rounds >= 20) options.WriteResult("crash.md", text);
        return run.Faults.Count == 0 ? 0 : 1;
    }
}
