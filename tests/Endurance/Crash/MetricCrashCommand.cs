using System.Diagnostics;
using System.Globalization;
using Apm.Endurance.Running;

namespace Apm.Endurance.Crash;

/// <summary><c>crash-metrics --rounds 40 --seed 1</c>: ends the agent so many times while metrics arrive; writes results/crash-metrics.md.</summary>
static class MetricCrashCommand
{
    /// <summary>Longest load of a life: more than a bucket, so that some are closed.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(13), Shortest = TimeSpan.FromMilliseconds(200);

    public static async Task<int> Run(Options options)
    {
        var (rounds, seed) = (options.Number("rounds", 40), (int)options.Number("seed", 1));
        var folder = Path.Combine(Path.GetTempPath(), "apm-crash-metrics-" + Guid.NewGuid().ToString("N")[..8]);
        var (clock, chance) = (Stopwatch.StartNew(), new Random(seed));
        using var run = new MetricCrashRun(folder, new HttpClient(new SocketsHttpHandler { UseProxy = false }), seed);
        var done = 0;
        try
        {
            for (; done < rounds && run.Faults.Count == 0; done++)
            {
                var isKill = chance.Next(3) > 0;
                await run.Round(Shortest + ((Longest - Shortest) * chance.NextDouble()), isKill);
                Console.WriteLine($"{clock.Elapsed:mm\\:ss} round {done + 1} ({(isKill ? "killed" : "stopped")}): {run.Samples} samples, {run.LostWithOpenBuckets} lost with open buckets; {run.Acknowledged} bodies acknowledged, {run.Unanswered} without an answer; {run.Faults.Count} faults");
            }
        }
        finally
        {
            foreach (var fault in run.Faults) await Console.Error.WriteLineAsync(fault);
            if (run.Faults.Count == 0 && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            else await Console.Error.WriteLineAsync($"The data folder is left in {folder}.");
        }
        var text = string.Create(CultureInfo.InvariantCulture, $"""
            # Ended {done} times while metrics arrived

            `dotnet run -c Release --project tests/Endurance -- crash-metrics --rounds {rounds} --seed {seed}`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}: {Machine.Facts()}; {clock.Elapsed.TotalMinutes:F0} min.
            Each round: start on the same data folder, send counters, histograms, sets and distributions by DogStatsD (200 packets a second) and counts and distributions by the API for 0.2 to 13 s;
            then SIGKILL under load, or SIGTERM; start again and check.

            | | |
            |---|---|
            | ended by SIGKILL; by SIGTERM | {run.Kills}; {run.Stops} |
            | of the latter gone on with within the same ten seconds | {run.ResumedBuckets} |
            | samples of each type by DogStatsD | {run.Samples:N0} |
            | of them lost with the bucket that was open at a SIGKILL, or behind it on their way | {run.LostWithOpenBuckets:N0} |
            | bodies that the API acknowledged | {run.Acknowledged:N0} |
            | bodies under way at a SIGKILL; of them kept all the same, whole | {run.Unanswered:N0}; {run.KeptUnanswered:N0} |
            | **faults** (missing, twice, half) | **{run.Faults.Count}** |

            """);
        Console.Write(text);
        if (rounds >= 20) options.WriteResult("crash-metrics.md", text);
        return run.Faults.Count == 0 ? 0 : 1;
    }
}
