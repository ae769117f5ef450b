using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Intake;

namespace Apm.TraceAgent.Metrics;

/// <summary>What <see cref="DogStatsD"/> stands on. The host makes and disposes it.</summary>
public sealed record DogStatsDParts(IMetricIntake Intake, MemoryBudget Memory, Counters Counters, RecentProblems Problems, TimeProvider Clock)
{
    /// <summary>Of samples that name no host; "" for none.</summary>
    public string Host { get; init; } = "";

    /// <summary>File in which the open bucket is kept over a restart; "" keeps none.</summary>
    public string OpenBucketPath { get; init; } = "";

    /// <summary>Seeds the hashes that contexts are looked up by.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>Most tags of a series.</summary>
    public int MaxTags { get; init; } = new MetricIntakeSettings().MaxTags;
}

/// <summary>DogStatsD as a whole: sockets, reader, aggregator, and the flush every second (metrics-monitors §2).</summary>
/// <remarks><see cref="Intake"/> by any thread. On disposing, what is summed up is handed on, the open bucket too, and its sums are kept for who starts within the same bucket.</remarks>
public sealed class DogStatsD : IAsyncDisposable
{
    static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(1);

    readonly DogStatsDParts _parts;
    readonly DogStatsDAggregator _aggregator;
    readonly DogStatsDFlush _flush;
    readonly SparseProblems _problems;
    readonly CancellationTokenSource _stop = new();
    readonly Task _loop;
    DogStatsDServer? _server;

    DogStatsD(DogStatsDSettings settings, HistogramSettings histograms, DogStatsDParts parts)
    {
        _parts = parts;
        var memory = parts.Memory.OpenWork("dogstatsd");
        _problems = new SparseProblems("dogstatsd", parts.Problems, parts.Clock);
        var names = new ContextNames(settings, parts.Host, parts.MaxTags, parts.Counters);
        _aggregator = new DogStatsDAggregator(settings, histograms, names, memory, parts.Counters, _problems, parts.Random);
        var intake = new DogStatsDIntake(_aggregator, settings, names, memory, parts.Counters, _problems, parts.Clock);
        var openBuckets = parts.OpenBucketPath.Length > 0 ? new OpenBuckets(parts.OpenBucketPath, parts.Counters, _problems) : null;
        var now = parts.Clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        if (openBuckets?.Read(now) is { } open) _aggregator.Resume(open, now);
        _flush = new DogStatsDFlush(_aggregator, intake, settings, histograms, parts.Intake, memory, parts.Counters, _problems, parts.Clock, openBuckets);
        Intake = intake;
        Settings = settings;
        _loop = FlushUntilTheEnd();
    }

    public DogStatsDSettings Settings { get; }

    /// <summary>Takes lines that came another way.</summary>
    public IDogStatsDIntake Intake { get; }

    /// <summary>The UDP port that is open; null when there is none.</summary>
    public int? Port => _server?.Port;

    /// <summary>Contexts (metric, host and tags) known now.</summary>
    public int ContextCount => _aggregator.ContextCount;

    /// <summary>Opens the sockets and begins.</summary>
    /// <param name="warn">Told in a sentence what could not be opened; the rest works.</param>
    public static DogStatsD Start(DogStatsDSettings settings, HistogramSettings histograms, DogStatsDParts parts, Action<string> warn)
    {
        var started = new DogStatsD(settings, histograms, parts);
        started._server = DogStatsDServer.Start(settings, (DogStatsDIntake)started.Intake, parts.Counters, started._problems, sentence =>
        {
            parts.Problems.Add("dogstatsd", sentence, parts.Clock.NowUnixNanos()); // The terminal is closed when somebody asks why nothing comes.
            warn(sentence);
        });
        return started;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        await _stop.CancelAsync();
        await _loop;
        await FlushOnce(isLast: true);
        _stop.Dispose();
    }

    async Task FlushUntilTheEnd()
    {
        using var timer = new PeriodicTimer(FlushEvery, _parts.Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token)) await FlushOnce(isLast: false);
        }
        catch (OperationCanceledException)
        {
            // The last flush is made by whoever ends us.
        }
    }

    async Task FlushOnce(bool isLast)
    {
        try
        {
            await _flush.FlushAsync(isLast);
        }
        catch (Exception problem)
        {
            _parts.Counters.Add("dogstatsd_flush_failures");
            _problems.Add(() => $"A flush failed, which is a fault of Apm: {problem.GetType().Name}: {problem.Message} Its points are lost; please report it.");
        }
    }
}
