using System.Diagnostics;
using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;
using Apm.Storage.Events;
using Apm.Storage.Files;
using Apm.Storage.InMemory;
using Apm.Storage.LiteDb;
using Apm.Storage.Metrics;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>
/// One round of monitors with 10,000 groups together, over the metric store and documents on disk: when nothing changes, and when every group
/// changes its state at once. <c>monitors</c> writes results/monitors.md.
/// </summary>
public static class MonitorsBenchmark
{
    const long Start = 1_795_564_800;
    const int Minutes = 20;

    /// <summary>Monitors and groups of each: many in one, and one in many.</summary>
    static readonly (int Monitors, int Groups)[] s_shapes = [(1, 10_000), (10, 1_000), (500, 20)];

    /// <summary>Entry of the runner.</summary>
    public static int Run()
    {
        var lines = s_shapes.Select(shape => Measure(shape.Monitors, shape.Groups)).ToList();
        var table = "| monitors | groups of each | a round without changes, s | a round in which all change, s |\n|---|---|---|---|\n" +
            string.Concat(lines.Zip(s_shapes).Select(pair => string.Create(CultureInfo.InvariantCulture, $"| {pair.Second.Monitors} | {pair.Second.Groups} | {pair.First.Calm:0.00} | {pair.First.AllChange:0.00} |\n")));
        Console.Write(table);
        Figures.Note("10,000 monitored groups: a round", $"{lines[0].Calm:0.00} s without changes, {lines[0].AllChange:0.00} s when all change", "5 s");
        Figures.WriteFile("monitors.md", $"""
            # Monitors

            `dotnet run -c Release --project tests/Benchmarks -- monitors`; {Figures.Machine()}.
            10,000 groups in all, each a gauge with a point every 15 s, `avg(last_5m):avg:m…{"{*}"} by {"{host}"}`; metrics and states on disk. The median of the
            rounds without changes; then all groups go from OK to Alert at once, each told to a teller that keeps nothing. Goal: 5 s.

            {table}
            """);
        return 0;
    }

    static (double Calm, double AllChange) Measure(int monitors, int groups)
    {
        var folder = Directory.CreateTempSubdirectory("apm-monitors-benchmark-").FullName;
        try
        {
            var clock = new FixedClock(Start * UnixTime.NanosPerSecond);
            var counters = new Counters();
            using var metrics = new SegmentMetricStore(Directory.CreateDirectory(Path.Combine(folder, "metrics")).FullName, new MetricStoreSettings { OnTrouble = Console.Error.WriteLine }, DiskFiles.Instance, clock, counters);
            using var documents = new LiteDbDocumentStore(Path.Combine(folder, "state.db"), new LiteDatabaseSettings(), DiskFiles.Instance, clock, counters);
            using var events = new InMemoryEventStore(new EventStoreSettings(), clock, counters);
            using var checks = new InMemoryServiceCheckStore(new EventStoreSettings(), counters);
            var rules = new MonitorRules(documents, clock);
            for (var i = 0; i < monitors; i++) rules.Add(new MonitorRule { Type = MonitorTypes.Query, Name = $"m{i}", Query = $"avg(last_5m):avg:m{i}{{*}} by {{host}} > 800" });
            var states = new MonitorStates(documents, rules);
            var history = new MonitorHistory(documents);
            var teller = new CountingTeller();
            var queries = new MetricQueries(metrics, NoHostTags.Instance, new TraceMetricUnits(), counters, clock);
            var readings = new MonitorReadings(new MetricReadings(queries), new ServiceCheckReadings(checks, NoHostTags.Instance, 0), new EventReadings(events), new SpanReadings(new InMemoryTraceStore(), clock));
            var evaluator = new MonitorEvaluator(readings, states, history, new NoDowntimes(), new MuteAllSwitch(documents, clock), teller, NoHostTags.Instance, new MissingReasons(metrics, checks), counters);
            using var schedule = new MonitorSchedule(rules, states, evaluator, history, documents, counters, new RecentProblems(), clock, new MonitorSettings { SettleFor = TimeSpan.Zero });
            var calm = new List<double>();
            for (var minute = 0; minute < Minutes; minute++)
            {
                var isLast = minute == Minutes - 1;
                Write(metrics, monitors, groups, minute, isLast ? 100_000 : 100);
                clock.Now = (Start + (minute + 1) * 60) * UnixTime.NanosPerSecond;
                var begun = Stopwatch.GetTimestamp();
                schedule.RunDue();
                var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
                if (isLast && teller.Count != monitors * groups) throw new InvalidOperationException($"{teller.Count} of {monitors * groups} groups alerted; {counters.Read("monitor_evaluations_failed")} evaluations failed.");
                if (isLast) return (calm[calm.Count / 2], seconds);
                if (minute >= 5) calm.Add(seconds); // Before, code is compiled and groups are new.
                calm.Sort();
            }
            throw new InvalidOperationException("No round was measured.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void Write(SegmentMetricStore store, int monitors, int groups, int minute, double value)
    {
        for (var monitor = 0; monitor < monitors; monitor++)
        {
            var name = $"m{monitor}";
            var points = Enumerable.Range(0, 4).Select(i => new MetricPoint(Start + minute * 60 + i * 15, value)).ToArray();
            store.WriteAsync([.. Enumerable.Range(0, groups).Select(group => new SeriesPoints(new SeriesKey(name, MetricTags.Of([$"host:box-{group}"])), MetricType.Gauge, 0, points))]).GetAwaiter().GetResult();
        }
    }

    sealed class CountingTeller : IAlertTeller
    {
        int _count;

        public int Count => _count;

        public void Tell(AlertTransition transition) => Interlocked.Increment(ref _count);
    }
}
