using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Traces;

namespace Apm.Storage;

/// <summary>
/// Keeps the data folder within its budget and in order, beside the work: looks at the disk, gives traces what the rest leaves,
/// drops what is too old, and rewrites closed slices of small blocks, one at a time.
/// </summary>
/// <remarks>Works on a timer's thread, from <see cref="Start"/> until it is disposed of, which ends a rewriting that is under way.</remarks>
public sealed class StorageKeeper : IDisposable
{
    /// <summary>How often the disk is looked at while nothing comes in; default 1 s.</summary>
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Looks between two measurements of the folder: 10 s.</summary>
    const int LooksPerMeasurement = 10;

    /// <summary>Looks between two runs of retention by age and of tidying: a minute.</summary>
    const int LooksPerTidying = 60;

    readonly DataFolder _folder;
    readonly StorageBudget _budget;
    readonly DiskGuard _guard;
    readonly SegmentTraceStore _traces;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly Action<string> _tell;
    readonly CancellationTokenSource _stop = new();
    readonly Lock _working = new();
    ITimer? _timer;
    long _looks;

    /// <param name="budget">What the disk can keep of the budget that was asked for.</param>
    /// <param name="tell">Told in a sentence what a person should know.</param>
    public StorageKeeper(DataFolder folder, StorageBudget budget, DiskGuard guard, SegmentTraceStore traces, TimeProvider clock, Counters counters, Action<string> tell)
    {
        (_folder, _budget, _guard, _traces, _clock, _counters, _tell) = (folder, budget, guard, traces, clock, counters, tell);
        Measure();
    }

    /// <summary>Bytes of the whole folder at the last measurement.</summary>
    public long FolderBytes { get; private set; }

    /// <summary>Begins to work.</summary>
    public void Start() => _timer = _clock.CreateTimer(_ => Work(), null, LookEvery, LookEvery);

    void Work()
    {
        if (!_working.TryEnter()) return; // The last round is not done yet.
        try
        {
            if (_stop.IsCancellationRequested) return;
            _guard.Look();
            _looks++;
            if (_looks % LooksPerMeasurement == 0) Measure();
            if (_looks % LooksPerTidying == 0) Tidy();
        }
        finally
        {
            _working.Exit();
        }
    }

    /// <summary>Measures the folder and gives traces what the rest leaves.</summary>
    public void Measure() => Try(() =>
    {
        var size = FolderSize.Measure(_folder);
        FolderBytes = size.TotalBytes;
        if (DeleteSetAside() > 0) size = FolderSize.Measure(_folder);
        _traces.MaxBytes = _budget.TraceBytes(size.SmallBytes);
    });

    /// <summary>Drops what is too old or too much, rewrites one slice when one is worth it, and indexes those that are closed.</summary>
    public void Tidy() => Try(() =>
    {
        _traces.EnforceRetention(_clock.NowUnixNanos());
        _traces.RewriteSmallBlocks(_stop.Token);
        while (_traces.IndexTraces(_stop.Token)) { }
    });

    /// <summary>Files that were set aside may be looked at by people, but not for ever.</summary>
    int DeleteSetAside()
    {
        var deleted = 0;
        var aside = new DirectoryInfo(_folder.Path).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => file.Extension is SetAside.Suffix or ".damaged").OrderByDescending(file => file.LastWriteTimeUtc).ToList();
        var bytes = 0L;
        foreach (var file in aside)
        {
            bytes += file.Length;
            if (bytes <= _budget.SetAsideBytes) continue;
            file.Delete();
            deleted++;
            _counters.Add("set_aside_files_deleted");
            _tell(string.Create(CultureInfo.InvariantCulture,
                $"The damaged file {file.FullName}, which had been set aside, was deleted: such files may take {_budget.SetAsideBytes / 1_048_576} MiB of the storage budget."));
        }
        return deleted;
    }

    void Try(Action work)
    {
        try
        {
            work();
        }
        catch (Exception problem) when (problem is StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            _counters.Add("storage_keeping_failures");
            _tell(problem.Message);
        }
        catch (Exception problem) when (problem is OperationCanceledException or ObjectDisposedException)
        {
            // The end came meanwhile.
        }
    }

    /// <summary>Ends what is under way and waits for it.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _timer?.Dispose();
        lock (_working) _stop.Dispose();
    }
}
