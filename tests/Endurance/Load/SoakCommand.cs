using System.Diagnostics;
using System.Globalization;
using Apm.Core.Time;
using Apm.Endurance.Running;

namespace Apm.Endurance.Load;

/// <summary><c>soak --budget-mb 256 --times 5</c>: sends as fast as it goes until so many times the disk budget were stored; disk and memory must stay inside their ceilings the whole time.</summary>
static class SoakCommand
{
    const long MaxMemoryBytes = 512L << 20;

    /// <summary>Longest, however slow the machine.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(60);

    public static async Task<int> Run(Options options)
    {
        var (budget, times, rate) = (options.Number("budget-mb", 256) << 20, options.Number("times", 5), options.Number("rate", 1_000_000));
        var folder = Path.Combine(Path.GetTempPath(), "apm-soak-" + Guid.NewGuid().ToString("N")[..8]);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await using var agent = await AgentProcess.Start(folder, http, AgentProcess.FreePorts(), ("APM_STORAGE_MAX_BYTES", budget.ToString(CultureInfo.InvariantCulture)));
        try
        {
            var sender = new LoadSender(agent, http, ShopPayload.Make(64, TimeProvider.System.NowUnixNanos()), rate);
            using var end = new CancellationTokenSource();
            var sending = sender.Run(end.Token);
            var (clock, mostDisk, mostMemory, bytesPerSpan) = (Stopwatch.StartNew(), 0L, 0L, 0.0);
            for (var second = 0; sender.AcknowledgedSpans * bytesPerSpan < budget * times && clock.Elapsed < Patience; second++)
            {
                await Task.WhenAny(sending, Task.Delay(1_000));
                if (sending.IsFaulted) await sending;
                if (agent.HasExited) throw new InvalidOperationException("The agent ended.");
                (mostDisk, mostMemory) = (Math.Max(mostDisk, Machine.BytesOf(folder)), Math.Max(mostMemory, agent.Memory("VmRSS")));
                if (second % 10 != 9) continue;
                var (spans, bytes) = (await agent.Traces("spanCount"), await agent.Traces("byteCount"));
                if (spans > 0 && bytes > 0) bytesPerSpan = (double)bytes / spans;
                Console.WriteLine($"{clock.Elapsed:mm\\:ss} {sender.AcknowledgedSpans} spans, {bytesPerSpan:F1} bytes each, {spans} in the store; most on disk {mostDisk >> 20} MiB, most memory {mostMemory >> 20} MiB, {sender.RefusedPayloads} refused");
            }
            await end.CancelAsync();
            await sending;
            var left = await agent.Traces("spanCount");
            var ledger = await LedgerTotals.Read(agent);
            var isGood = mostDisk <= budget && mostMemory <= MaxMemoryBytes && left < sender.AcknowledgedSpans && sender.AcknowledgedSpans * bytesPerSpan >= budget * times && Sums(ledger);
            var text = string.Create(CultureInfo.InvariantCulture, $"""
                # A disk budget filled {times} times

                `dotnet run -c Release --project tests/Endurance -- soak --budget-mb {budget >> 20} --times {times}`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}: {Machine.Facts()}; the sender on the same machine, as fast as it goes.

                | | result | ceiling |
                |---|---|---|
                | took | {clock.Elapsed.TotalMinutes:F1} min, {sender.AcknowledgedSpans / clock.Elapsed.TotalSeconds:N0} spans/s | |
                | spans acknowledged | {sender.AcknowledgedSpans:N0}, {sender.SentBytes / 1e9:F1} GB of bodies, {sender.AcknowledgedSpans * bytesPerSpan / (1 << 20):N0} MiB as stored | at least {(budget * times) >> 20} MiB |
                | payloads refused (429, 503) | {sender.RefusedPayloads:N0} | |
                | spans still in the store: the oldest went | {left:N0} | |
                | most on disk, looked at each second | {mostDisk / 1e6:F1} MB | {budget / 1e6:F1} MB |
                | most memory | {mostMemory >> 20} MiB | {MaxMemoryBytes >> 20} MiB |
                | the ledger | {(ledger is null ? "is not there in this build" : $"{(Sums(ledger) ? "sums" : "DOES NOT SUM")}: {ledger.Received:N0} received, {ledger.Stored:N0} stored, {ledger.Rejected:N0} rejected, {ledger.SampledOut:N0} sampled out, {ledger.Dropped:N0} dropped")} | sums |
                | **{(isGood ? "inside" : "NOT inside")} the ceilings** | | |

                """);
            Console.Write(text);
            options.WriteResult("soak.md", text);
            return isGood ? 0 : 1;
        }
        finally
        {
            await agent.Kill();
            Directory.Delete(folder, recursive: true);
        }
    }

    static bool Sums(LedgerTotals? ledger) => ledger is null or { Balances: true };
}
