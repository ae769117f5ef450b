using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Apm.Endurance.Fuzz;

/// <summary><c>fuzz --count N --seed N [--first N] [--threads N]</c>: many cases on several threads; writes results/fuzz.md.</summary>
static class FuzzCommand
{
    public static async Task<int> Run(Options options)
    {
        var (count, seed, first, threads) = (options.Number("count", 1_000_000), (int)options.Number("seed", 1), options.Number("first", 0), (int)options.Number("threads", Environment.ProcessorCount));
        var clock = Stopwatch.StartNew();
        var share = (count + threads - 1) / threads;
        var results = await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(() =>
        {
            var from = first + (thread * share);
            return FuzzRun.Run(seed, from, Math.Min(share, first + count - from), number => Console.WriteLine($"{clock.Elapsed:hh\\:mm\\:ss} thread {thread}: case {number}, {Environment.WorkingSet / 1_048_576} MiB"));
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        var failures = results.SelectMany(result => result.Failures).ToList();
        foreach (var failure in failures) Console.Error.WriteLine(failure);
        var text = Table(results, seed, first, clock.Elapsed);
        Console.Write(text);
        if (count >= 1_000_000) options.WriteResult("fuzz.md", text);
        return failures.Count == 0 ? 0 : 1;
    }

    static string Table(FuzzResult[] results, int seed, long first, TimeSpan took)
    {
        var text = new StringBuilder();
        var cases = results.Sum(result => result.Rows.Sum(row => row.CaseCount));
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            # Damaged payloads

            `dotnet run -c Release --project tests/Endurance -- fuzz --count {cases} --seed {seed} --first {first}`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, {took.TotalMinutes:F0} min.
            {cases:N0} cases: recorded and written bodies, flipped, cut, repeated, spliced, with extreme lengths and numbers, nested; and random bytes.
            Each is refused with a sentence, or is normalised, counted, written as a block and read back the same: {results.Sum(result => result.SpanCount):N0} spans were.
            **{results.Sum(result => result.Failures.Count)} did not end so.**

            | what reads | cases | read all the same | most memory for one, MB | longest, ms |
            |---|---|---|---|---|
            """);
        foreach (var rows in results.SelectMany(result => result.Rows).GroupBy(row => row.Target))
            text.AppendLine(CultureInfo.InvariantCulture, $"| {rows.Key} | {rows.Sum(row => row.CaseCount):N0} | {rows.Sum(row => row.SoundCount):N0} | {rows.Max(row => row.MaxAllocatedBytes) / 1e6:F1} | {rows.Max(row => row.MaxTime).TotalMilliseconds:F0} |");
        return text.ToString();
    }
}
