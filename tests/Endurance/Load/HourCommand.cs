using System.Diagnostics;
using System.Globalization;
using System.Text;
using Apm.Core.Time;
using Apm.Endurance.Running;

namespace Apm.Endurance.Load;

/// <summary><c>hour --minutes 60 --rate 50000</c>: a steady load, memory by the minute; writes results/hour.md and fails beyond a ceiling.</summary>
static class HourCommand
{
    /// <summary>The goal: 300 MB.</summary>
    const long MaxMemoryBytes = 300_000_000;

    /// <summary>"Flat": the last quarter's mean is at most so much above the second quarter's.</summary>
    const long MaxGrowthBytes = 16L << 20;

    public static async Task<int> Run(Options options)
    {
        var (minutes, rate) = (options.Number("minutes", 60), options.Number("rate", 50_000));
        var folder = options.Text("data", Path.Combine(Path.GetTempPath(), "apm-hour-" + Guid.NewGuid().ToString("N")[..8]));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await using var agent = await AgentProcess.Start(folder, http, AgentProcess.FreePorts());
        try
        {
            var sender = new LoadSender(agent, http, ShopPayload.Make(64, TimeProvider.System.NowUnixNanos()), rate);
            using var end = new CancellationTokenSource();
            var sending = sender.Run(end.Token);
            var samples = await Watch(agent, sender, sending, folder, minutes);
            await end.CancelAsync();
            await sending;
            var text = Report(samples, agent, sender, minutes, rate, await agent.Stored(), out var isGood);
            Console.Write(text);
            options.WriteResult("hour.md", text);
            return isGood ? 0 : 1;
        }
        finally
        {
            await agent.Kill();
            if (options.Text("data", "").Length == 0) Directory.Delete(folder, recursive: true);
        }
    }

    static async Task<List<Sample>> Watch(AgentProcess agent, LoadSender sender, Task sending, string folder, long minutes)
    {
        var samples = new List<Sample>();
        var clock = Stopwatch.StartNew();
        var most = 0L;
        while (clock.Elapsed < TimeSpan.FromMinutes(minutes))
        {
            await Task.WhenAny(sending, Task.Delay(1_000));
            if (sending.IsFaulted) await sending;
            if (agent.HasExited) throw new InvalidOperationException("The agent ended.");
            most = Math.Max(most, agent.Memory("VmRSS"));
            if (clock.Elapsed.TotalMinutes < samples.Count + 1) continue;
            var sample = new Sample(samples.Count + 1, agent.Memory("VmRSS"), agent.Memory("RssAnon"), most, agent.ProcessorTime, Machine.BytesOf(folder), sender.AcknowledgedSpans);
            samples.Add(sample);
            Console.WriteLine(sample);
            most = 0;
        }
        return samples;
    }

    static string Report(List<Sample> samples, AgentProcess agent, LoadSender sender, long minutes, long rate, long stored, out bool isGood)
    {
        var quarter = Math.Max(1, samples.Count / 4);
        var growth = samples.TakeLast(quarter).Average(sample => sample.MemoryBytes) - samples.Skip(quarter).Take(quarter).DefaultIfEmpty(samples[0]).Average(sample => sample.MemoryBytes);
        var most = samples.Max(sample => sample.MostBytes);
        isGood = most <= MaxMemoryBytes && growth <= MaxGrowthBytes && sender.RefusedPayloads == 0;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            # {minutes} minutes at {rate:N0} spans a second

            `dotnet run -c Release --project tests/Endurance -- hour --minutes {minutes} --rate {rate}`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}: {Machine.Facts()}; the sender on the same machine.
            v0.4, about 8 spans a trace with 12 tags and 3 numbers each, ids new each time, all kept.

            | | result | ceiling |
            |---|---|---|
            | spans acknowledged; stored | {sender.AcknowledgedSpans:N0}; {stored:N0} | |
            | payloads refused | {sender.RefusedPayloads} | 0 |
            | most memory (VmRSS, looked at each second) | {most / 1e6:F0} MB | {MaxMemoryBytes / 1e6:F0} MB |
            | last quarter's mean above the second quarter's | {growth / (1 << 20):F1} MiB | {MaxGrowthBytes / (1 << 20)} MiB |
            | cores of the agent | {samples[^1].ProcessorTime.TotalSeconds / (60.0 * samples[^1].Minute):F2} | |
            | **{(isGood ? "inside" : "NOT inside")} the ceilings** | | |

            | minute | memory, MiB | of it not files, MiB | most in the minute, MiB | processor, s | data folder, MB | spans |
            |---|---|---|---|---|---|---|
            """);
        var before = TimeSpan.Zero;
        foreach (var sample in samples)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {sample.Minute} | {sample.MemoryBytes >> 20} | {sample.AnonymousBytes >> 20} | {sample.MostBytes >> 20} | {(sample.ProcessorTime - before).TotalSeconds:F1} | {sample.DiskBytes / 1e6:F0} | {sample.Spans:N0} |");
            before = sample.ProcessorTime;
        }
        return text.ToString();
    }

    sealed record Sample(int Minute, long MemoryBytes, long AnonymousBytes, long MostBytes, TimeSpan ProcessorTime, long DiskBytes, long Spans)
    {
        public override string ToString() => $"minute {Minute}: {MemoryBytes >> 20} MiB ({AnonymousBytes >> 20} not files, most {MostBytes >> 20}), {ProcessorTime.TotalSeconds:F1} s of processor, {DiskBytes / 1_000_000} MB on disk, {Spans} spans";
    }
}
