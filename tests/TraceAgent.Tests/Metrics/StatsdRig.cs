using System.Text;
using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Limits;
using Apm.Core.Time;
using Apm.TestKit;
using Apm.TraceAgent.Metrics;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>DogStatsD without sockets, on a clock that stands, with a store that remembers.</summary>
sealed class StatsdRig
{
    /// <summary>When tests begin: the start of a bucket.</summary>
    public const long Start = 1_700_000_000;

    readonly DogStatsDFlush _flush;
    readonly OpenBuckets? _open;

    public StatsdRig(DogStatsDSettings? settings = null, HistogramSettings? histograms = null, MemoryBudget? memory = null, string host = "box", MetricIntakeSettings? intake = null, string openBucketPath = "", int seed = 1)
    {
        var of = settings ?? new DogStatsDSettings();
        var histogramsOf = histograms ?? new HistogramSettings();
        Memory = (memory ?? MemoryBudget.None()).OpenWork("dogstatsd");
        Intake = new MetricIntake(new MetricSinks(Store, happened => Keep(happened), Checks.Add), intake ?? new MetricIntakeSettings(), Counters, Problems, Clock);
        var problems = new SparseProblems("dogstatsd", Problems, Clock);
        var names = new ContextNames(of, host, new MetricIntakeSettings().MaxTags, Counters);
        Aggregator = new DogStatsDAggregator(of, histogramsOf, names, Memory, Counters, problems, new Random(seed));
        Lines = new DogStatsDIntake(Aggregator, of, names, Memory, Counters, problems, Clock);
        _open = openBucketPath.Length == 0 ? null : new OpenBuckets(openBucketPath, Counters, problems);
        _flush = new DogStatsDFlush(Aggregator, Lines, of, histogramsOf, Intake, Memory, Counters, problems, Clock, _open);
    }

    public FixedClock Clock { get; } = new(Start * UnixTime.NanosPerSecond);
    public Counters Counters { get; } = new();
    public RecentProblems Problems { get; } = new();
    public RecordingMetricStore Store { get; } = new();
    public List<EventRecord> Events { get; } = [];
    public List<ServiceCheckRun> Checks { get; } = [];
    public MemoryAccount Memory { get; }
    public MetricIntake Intake { get; }
    public DogStatsDAggregator Aggregator { get; }
    public DogStatsDIntake Lines { get; }

    public void Send(params string[] lines) => Lines.Take(Encoding.UTF8.GetBytes(string.Join('\n', lines)), "udp");

    /// <summary>Lets time pass, then flushes; gives what was written.</summary>
    public async Task<string> After(int seconds)
    {
        Clock.Now += seconds * UnixTime.NanosPerSecond;
        await _flush.FlushAsync();
        return Store.TakeDrawn();
    }

    /// <summary>As at a start: goes on with what an earlier life kept, at a time so many seconds after <see cref="Start"/>.</summary>
    public void Resume(int seconds)
    {
        Clock.Now = (Start + seconds) * UnixTime.NanosPerSecond;
        if (_open!.Read(Start + seconds) is { } open) Aggregator.Resume(open, Start + seconds);
    }

    public async Task<string> End()
    {
        await _flush.FlushAsync(isLast: true);
        return Store.TakeDrawn();
    }

    EventRecord Keep(EventRecord happened)
    {
        var kept = happened with { Id = Events.Count + 1 };
        Events.Add(kept);
        return kept;
    }
}
