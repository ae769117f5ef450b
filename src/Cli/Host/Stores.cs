using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Storage;
using Apm.Storage.Fates;
using Apm.Storage.Files;
using Apm.Storage.LiteDb;
using Apm.Storage.Log;
using Apm.Storage.Metrics;
using Apm.Storage.Pictures;
using Apm.Storage.Stats;
using Apm.Storage.Traces;

namespace Apm.Cli.Host;

/// <summary>The concrete stores, opened in one data folder. The only place that names them.</summary>
public sealed class Stores : IDisposable
{
    readonly Stack<IDisposable> _opened = new();

    Stores(IPayloadLog log, ITraceStore traces, IStatsStore stats, IDocumentStore documents, IDiskGuard disk, StorageBudget budget, IFateStore fates, SegmentMetricStore metrics, LiteDbEventDatabase events, IPictureStore pictures)
    {
        Pictures = pictures;
        (Events, ServiceChecks) = (events.Events, events.Checks);
        (Metrics, MetricSeriesCount) = (metrics, () => metrics.SeriesCount);
        Fates = fates;
        Disk = disk;
        Budget = budget;
        Log = log;
        Traces = traces;
        Stats = stats;
        Documents = documents;
    }

    public IPayloadLog Log { get; }
    public ITraceStore Traces { get; }
    public IStatsStore Stats { get; }
    public IDocumentStore Documents { get; }
    public IDiskGuard Disk { get; }
    public IFateStore Fates { get; }
    public IMetricStore Metrics { get; }

    /// <summary>Series of metrics that are in memory now.</summary>
    public Func<int> MetricSeriesCount { get; }

    public IEventStore Events { get; }
    public IServiceCheckStore ServiceChecks { get; }
    public IPictureStore Pictures { get; }

    /// <summary>What the folder may take: what was asked for, or what the disk can keep of it.</summary>
    public StorageBudget Budget { get; }

    /// <summary>Opens everything, or nothing.</summary>
    /// <param name="settings">Where, and how much.</param>
    /// <param name="evictedForRoom">Told when traces go to make room for new ones.</param>
    /// <exception cref="StoreUnavailableException">The folder cannot be used, or another process has it; the message says which.</exception>
    public static Stores Open(HostSettings settings, MemoryBudget memory, TimeProvider clock, Counters counters, RecentProblems problems, Action<long> evictedForRoom)
    {
        void Note(string sentence) => problems.Add("data folder", sentence, clock.NowUnixNanos());
        var files = DiskFiles.Instance;
        var opened = new Stack<IDisposable>();
        try
        {
            var data = Opened(DataFolder.Open(settings.DataFolder));
            var guard = new DiskGuard(data.Path, new DiskGuardSettings { StopBelowBytes = settings.StopBelowFreeBytes, OnChange = Note }, files, clock, counters);
            var budget = BudgetOf(settings, data, guard, Note);
            var database = new LiteDatabaseSettings { OnSlowCall = Note, OnTrouble = Note, MaxLogPages = budget.DatabaseLogPages };
            var fates = Opened(new FileFateStore(data.FatesPath, new FateStoreSettings { OnTrouble = Note, Memory = memory }, files, clock, counters));
            var traces = Opened(new SegmentTraceStore(data.TracesPath, clock, counters, settings.Traces with
            {
                MaxBytes = budget.TraceBytes(FolderSize.Measure(data).SmallBytes),
                OnTrouble = Note,
                OnEvicted = slice =>
                {
                    fates.Evicted(slice);
                    if (slice.Reason == EvictionReason.Bytes) evictedForRoom(slice.EvictedUnixNanos);
                },
                HasRoomFor = guard.HasRoomFor,
                Catalogue = database,
                Memory = memory,
            }));
            var stats = Opened(new FileStatsStore(
                data.StatsPath, settings.Stats with { MaxBytes = budget.StatsBytes, CoveredWhenCheckpointIsLost = traces.StoredUpTo, OnTrouble = Note, Memory = memory }, files, clock, counters));
            var log = Opened(new FilePayloadLog(data.LogPath, new PayloadLogSettings
            {
                MaxBytes = budget.LogBytes - budget.LogSegmentBytes,
                SegmentBytes = budget.LogSegmentBytes,
                MaxRecordBytes = budget.LogRecordBytes,
                OnMessage = Note,
                NumbersAfter = Newest(traces.StoredUpTo, stats.ReadCheckpoint()?.Covered ?? LogPosition.Start),
            }, files, counters));
            var documents = Opened(new LiteDbDocumentStore(data.StatePath, database, files, clock, counters));
            var metrics = Opened(new SegmentMetricStore(
                data.MetricsPath, settings.Metrics with { MaxBytes = budget.MetricsBytes - budget.MetricsLogBytes, MaxLogBytes = budget.MetricsLogBytes, OnTrouble = Note, Memory = memory }, files, clock, counters));
            var events = Opened(new LiteDbEventDatabase(data.EventsPath, settings.Events with { Memory = memory }, database, files, clock, counters));
            Opened(new StorageKeeper(data, budget, guard, traces, clock, counters, Note)).Start();
            var stores = new Stores(log, traces, stats, documents, guard, budget, fates, metrics, events, new PictureFolder(data.SnapshotsPath, files));
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

    static StorageBudget BudgetOf(HostSettings settings, DataFolder data, DiskGuard guard, Action<string> note)
    {
        var asked = new StorageBudget(settings.MaxDiskBytes);
        var kept = asked.Within(FolderSize.Measure(data).TotalBytes, guard.FreeBytes, guard.ResumeAtBytes);
        if (kept.MaxBytes < asked.MaxBytes)
            note(string.Create(CultureInfo.InvariantCulture,
                $"The storage budget is {asked.MaxBytes / 1_000_000} MB, but the disk of {data.Path} has room for {kept.MaxBytes / 1_000_000} MB of it: older data goes once that is used. Free some space and start again, or move the folder with --data DIR."));
        return kept;
    }
}
