using System.Diagnostics;
using System.Globalization;
using Apm.Core.Time;
using Apm.Endurance.Running;

namespace Apm.Endurance.Load;

/// <summary>One run of <see cref="SoakCommand"/> on a data folder of its own.</summary>
/// <param name="Mode">Value of <c>sampling.mode</c>.</param>
/// <param name="KeepFor">Value of <c>sampling.keep_for</c>.</param>
/// <param name="SpansPerSecond">What the sender tries.</param>
sealed record SoakRun(string Mode, string KeepFor, long BudgetBytes, long Times, long SpansPerSecond)
{
    /// <summary>Longest, however slow the machine.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(60);

    /// <summary>Sends until so many times the budget came in, as it would be stored.</summary>
    public async Task<SoakResult> Run(HttpClient http)
    {
        var folder = Path.Combine(Path.GetTempPath(), "apm-soak-" + Guid.NewGuid().ToString("N")[..8]);
        await using var agent = await AgentProcess.Start(folder, http, AgentProcess.FreePorts(), ("APM_STORAGE_MAX_BYTES", BudgetBytes.ToString(CultureInfo.InvariantCulture)), ("APM_SAMPLING_MODE", Mode), ("APM_SAMPLING_KEEP_FOR", KeepFor));
        try
        {
            return await Run(agent, folder, http);
        }
        finally
        {
            await agent.Kill();
            Directory.Delete(folder, recursive: true);
        }
    }

    async Task<SoakResult> Run(AgentProcess agent, string folder, HttpClient http)
    {
        var sender = new LoadSender(agent, http, ShopPayload.Make(64, TimeProvider.System.NowUnixNanos()), SpansPerSecond);
        using var end = new CancellationTokenSource();
        var sending = sender.Run(end.Token);
        var (clock, mostDisk, mostMemory, bytesPerSpan) = (Stopwatch.StartNew(), 0L, 0L, 0.0);
        string? thinned = null;
        for (var second = 0; sender.AcknowledgedSpans * bytesPerSpan < BudgetBytes * Times && clock.Elapsed < Patience; second++)
        {
            await Task.WhenAny(sending, Task.Delay(1_000));
            if (sending.IsFaulted) await sending;
            if (agent.HasExited) throw new InvalidOperationException("The agent ended.");
            (mostDisk, mostMemory) = (Math.Max(mostDisk, Machine.BytesOf(folder)), Math.Max(mostMemory, agent.Memory("VmRSS")));
            if (second % 10 != 9) continue;
            var status = (await agent.Get("/api/status"))!.Value;
            var traces = status.GetProperty("traces");
            var (spans, bytes) = (traces.GetProperty("spanCount").GetInt64(), traces.GetProperty("byteCount").GetInt64());
            if (spans > 0 && bytes > 0) bytesPerSpan = (double)bytes / spans;
            var sampling = status.GetProperty("sampling");
            if (sampling.GetProperty("mode").GetString() == "budget") thinned ??= sampling.GetProperty("sentence").GetString();
            Console.WriteLine($"{clock.Elapsed:mm\\:ss} {sender.AcknowledgedSpans} spans, {bytesPerSpan:F1} bytes each, {spans} in the store; most on disk {mostDisk >> 20} MiB, most memory {mostMemory >> 20} MiB, {sender.RefusedPayloads} refused, {sampling.GetProperty("mode").GetString()}");
        }
        var took = clock.Elapsed;
        await end.CancelAsync();
        await sending;
        await Task.Delay(5_000); // What is queued is written.
        var last = (await agent.Get("/api/status"))!.Value.GetProperty("sampling").GetProperty("chunksInLastMinute");
        return new SoakResult(this)
        {
            Took = took,
            AcknowledgedSpans = sender.AcknowledgedSpans,
            SentBytes = sender.SentBytes,
            RefusedPayloads = sender.RefusedPayloads,
            BytesPerSpan = bytesPerSpan,
            LeftSpans = await agent.Traces("spanCount"),
            MostDiskBytes = mostDisk,
            MostMemoryBytes = mostMemory,
            ThinnedSentence = thinned,
            ChunksInLastMinute = last.EnumerateObject().ToDictionary(verdict => verdict.Name, verdict => verdict.Value.GetInt64()),
            Ledger = await LedgerTotals.Read(agent),
            Fates = await FatesOf(agent, sender),
        };
    }

    /// <summary>How many of the sampled ids have which state.</summary>
    static async Task<IReadOnlyDictionary<string, int>> FatesOf(AgentProcess agent, LoadSender sender)
    {
        var states = new List<string>();
        foreach (var id in sender.SampleTraceIds) states.Add((await agent.Get($"/api/traces/{id}/fate"))!.Value.GetProperty("state").GetString()!);
        return states.CountBy(state => state).OrderByDescending(state => state.Value).ToDictionary();
    }
}
