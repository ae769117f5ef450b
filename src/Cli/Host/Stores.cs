using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Storage;
using Apm.Storage.Files;
using Apm.Storage.LiteDb;
using Apm.Storage.Log;
using Apm.Storage.Stats;
using Apm.Storage.Traces;

namespace Apm.Cli.Host;

/// <summary>The concrete stores, opened in one data folder. The only place that names them.</summary>
public sealed class Stores : IDisposable
{
    /// <summary>How often slices are looked at for being too old or too many; default 1 min.</summary>
    static readonly TimeSpan RetentionEvery = TimeSpan.FromMinutes(1);

    readonly Stack<IDisposable> _opened = new();

    Stores(IPayloadLog log, ITraceStore traces, IStatsStore stats, IDocumentStore documents)
    {
        Log = log;
        Traces = traces;
        Stats = stats;
        Documents = documents;
    }

    public IPayloadLog Log { get; }
    public ITraceStore Traces { get; }
    public IStatsStore Stats { get; }
    public IDocumentStore Documents { get; }

    /// <summary>Opens everything, or nothing.</summary>
    /// <exception cref="StoreUnavailableException">The folder cannot be used, or another process has it; the message says which.</exception>
    public static Stores Open(HostSettings settings, MemoryBudget memory, TimeProvider clock, Counters counters, RecentProblems problems)
    {
        void Note(string sentence) => problems.Add("data folder", sentence, clock.NowUnixNanos());
        var opened = new Stack<IDisposable>();
        try
        {
            var data = Opened(DataFolder.Open(settings.DataFolder));
            var traces = Opened(new SegmentTraceStore(data.TracesPath, clock, counters, new TraceStoreSettings { OnTrouble = Note, Memory = memory }));
            var stats = Opened(new FileStatsStore(data.StatsPath, new StatsStoreSettings { Memory = memory }, DiskFiles.Instance, clock, counters));
            var log = Opened(new FilePayloadLog(data.LogPath, new PayloadLogSettings { OnMessage = Note, NumbersAfter = Newest(traces.StoredUpTo, stats.ReadCheckpoint()?.Covered ?? LogPosition.Start) }, DiskFiles.Instance, counters));
            var documents = Opened(new LiteDbDocumentStore(data.StatePath, new LiteDatabaseSettings { OnSlowCall = Note }, DiskFiles.Instance, clock, counters));
            var retention = Opened(clock.CreateTimer(_ => Retain(traces, clock, problems), null, RetentionEvery, RetentionEvery));
            var stores = new Stores(log, traces, stats, documents);
            foreach (var part in opened.Reverse()) stores._opened.Push(part);
            return stores;
        }
        catch
        {
            while (opened.TryPop(out var part)) part.Dispose();
            throw;
        }

        T Opened<T>(T part) where T : IDisposable
        {
            opened.Push(part);
            return part;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_opened.TryPop(out var part)) part.Dispose();
    }

    static LogPosition Newest(LogPosition left, LogPosition right) => left > right ? left : right;

    /// <summary>Drops what is too old or too much, and joins the small blocks of one closed slice.</summary>
    static void Retain(SegmentTraceStore traces, TimeProvider clock, RecentProblems problems)
    {
        try
        {
            traces.EnforceRetention(clock.NowUnixNanos());
            traces.RewriteSmallBlocks(CancellationToken.None);
        }
        catch (StoreUnavailableException problem)
        {
            problems.Add("retention", problem.Message, clock.NowUnixNanos());
        }
        catch (ObjectDisposedException)
        {
            // The last tick met the end.
        }
    }
}
