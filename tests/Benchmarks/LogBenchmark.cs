using System.Diagnostics;
using System.Globalization;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.Log;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>
/// The payload log on this machine's disk: senders that each wait for their payload to be durable before they send the next.
/// <c>log [FOLDER]</c> writes results/log.md.
/// </summary>
public static class LogBenchmark
{
    static readonly TimeSpan RunLength = TimeSpan.FromSeconds(3);

    /// <summary>What is released behind the senders' back: about what a pipeline lags.</summary>
    const int LagRecords = 200;

    /// <summary>Entry of the runner.</summary>
    public static int Run(string[] arguments)
    {
        var parent = arguments.Length > 0 ? arguments[0] : Path.GetTempPath();
        var table = new StringBuilder();
        table.AppendLine("| senders | payload bytes | MB/s | payloads/s | median wait ms | p99 wait ms | CPU ms per GB |");
        table.AppendLine("|---|---|---|---|---|---|---|");
        foreach (var (senders, bytes) in new[] { (1, 1_000), (8, 1_000), (64, 1_000), (1, 128_000), (8, 128_000), (32, 128_000), (8, 1_000_000) })
            table.AppendLine(Measure(parent, senders, bytes).GetAwaiter().GetResult());
        Console.Write(table);
        Figures.WriteFile("log.md", $"""
            # The payload log

            `dotnet run -c Release --project tests/Benchmarks -- log [FOLDER]`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, on a machine of {Environment.ProcessorCount} cores.
            Each sender appends a payload and waits until it is on disk, {RunLength.TotalSeconds:0} s per row; segments of 64 MiB, released as by a pipeline that is {LagRecords} payloads behind.
            The disk decides most of it: look at rows of one run.

            {table}
            """);
        return 0;
    }

    static async Task<string> Measure(string parent, int senders, int bytes)
    {
        var folder = Path.Combine(parent, $"apm-log-benchmark-{Environment.ProcessId}");
        var payload = new byte[bytes];
        new Random(1).NextBytes(payload);
        var waits = new List<double>[senders];
        try
        {
            using var log = new FilePayloadLog(folder, new PayloadLogSettings(), DiskFiles.Instance, new Counters());
            var process = Process.GetCurrentProcess();
            var cpuBefore = process.TotalProcessorTime;
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, senders).Select(sender => Task.Run(async () =>
            {
                waits[sender] = [];
                while (watch.Elapsed < RunLength)
                {
                    var begun = Stopwatch.GetTimestamp();
                    var position = await log.Append(default, payload, static _ => { });
                    waits[sender].Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                    if (position.Number % 100 == 0) log.Release(new LogPosition(position.Number - LagRecords));
                }
            })));
            var seconds = watch.Elapsed.TotalSeconds;
            process.Refresh();
            var cpu = process.TotalProcessorTime - cpuBefore;
            var all = waits.SelectMany(wait => wait).Order().ToArray();
            var gigabytes = all.Length * (double)bytes / 1e9;
            Figures.Note($"payload log, {senders} senders of {bytes} bytes", $"{gigabytes * 1e3 / seconds:N0} MB/s, wait {all[all.Length / 2]:0.00} ms median, {all[all.Length * 99 / 100]:0.00} ms p99");
            return string.Create(CultureInfo.InvariantCulture,
                $"| {senders} | {bytes} | {gigabytes * 1e3 / seconds:N0} | {all.Length / seconds:N0} | {all[all.Length / 2]:0.00} | {all[all.Length * 99 / 100]:0.00} | {cpu.TotalMilliseconds / gigabytes:N0} |");
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }
}
