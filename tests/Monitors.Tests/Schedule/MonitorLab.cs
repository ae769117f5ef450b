using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Slos;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;
using Apm.Storage.Events;
using Apm.Storage.InMemory;
using Apm.TestKit;

namespace Apm.Monitors.Tests.Schedule;

/// <summary>Monitors over stores in memory and a clock that a test moves; minute 0 is a whole hour.</summary>
sealed class MonitorLab : IDisposable
{
    public const long Start = 1_795_564_800;

    readonly BreakableDocuments _documents = new(new InMemoryDocumentStore());
    readonly InMemoryMetricStore _metrics = new();
    readonly InMemoryEventStore _events;
    readonly InMemoryServiceCheckStore _checks;

    public MonitorLab()
    {
        Clock = new FixedClock(Start * UnixTime.NanosPerSecond);
        _events = new InMemoryEventStore(new EventStoreSettings(), Clock, new Counters());
        _checks = new InMemoryServiceCheckStore(new EventStoreSettings(), new Counters());
        Restart();
    }

    public FixedClock Clock { get; }
    public Counters Counters { get; private set; } = new();
    public MonitorRules Rules { get; private set; } = null!;
    public MonitorStates States { get; private set; } = null!;
    public MonitorHistory History { get; private set; } = null!;
    public MonitorSchedule Schedule { get; private set; } = null!;
    public MuteAllSwitch MuteAll { get; private set; } = null!;
    public UptimeBook Uptime { get; private set; } = null!;
    public SloBook Slos { get; private set; } = null!;
    public SloReader SloReader { get; private set; } = null!;
    public InMemoryTraceStore Traces { get; } = new();
    public Teller Told { get; } = new();
    public Downtimes Book { get; } = new();

    /// <summary>Over the same data as the schedule.</summary>
    public MonitorReplay Replay => ReplayBy(Clock);

    /// <param name="clock">By which it is told how long the work takes.</param>
    public MonitorReplay ReplayBy(TimeProvider clock) => new(new ReplaySources(_metrics, new TraceMetricUnits(), _checks, _events, Traces, NoHostTags.Instance), Book, Rules, Counters, clock, new ReplayedObjectives(Slos, Uptime));

    public InMemoryMetricStore Metrics => _metrics;

    /// <summary>Where everything is kept.</summary>
    public BreakableDocuments Documents => _documents;

    public void Dispose()
    {
        Schedule.Dispose();
        _documents.Dispose();
        _metrics.Dispose();
        _events.Dispose();
        _checks.Dispose();
    }

    /// <summary>As if the process had ended and begun again: everything comes from the documents.</summary>
    public void Restart()
    {
        Counters = new Counters();
        Rules = new MonitorRules(_documents, Clock);
        States = new MonitorStates(_documents, Rules);
        History = new MonitorHistory(_documents);
        var queries = new MetricQueries(_metrics, NoHostTags.Instance, new TraceMetricUnits(), Counters, Clock);
        Uptime = new UptimeBook(_documents);
        Slos = new SloBook(_documents, Rules, new SloGroups(Uptime, new MonitorGroups(States, History)), Clock, Guid.NewGuid);
        SloReader = new SloReader(queries, Uptime, Slos);
        var readings = new MonitorReadings(new MetricReadings(queries), new ServiceCheckReadings(_checks, NoHostTags.Instance, Clock.Now / UnixTime.NanosPerSecond), new EventReadings(_events), new SpanReadings(Traces, Clock), new SloReadings(Slos, SloReader, Uptime));
        MuteAll = new MuteAllSwitch(_documents, Clock, Rules.Mutes);
        var evaluator = new MonitorEvaluator(readings, States, History, Book, MuteAll, Told, NoHostTags.Instance, new MissingReasons(_metrics, _checks), Counters, Uptime);
        Schedule = new MonitorSchedule(Rules, States, evaluator, History, _documents, Counters, new RecentProblems(), Clock, new MonitorSettings { SettleFor = TimeSpan.Zero }, Uptime);
    }

    public MonitorRule Add(string type, string query, MonitorOptions? options = null) => Rules.Add(new MonitorRule { Type = type, Query = query, Name = $"Monitor of {query}", Options = options ?? new() }).Rule;

    public MonitorRule Add(string query, MonitorOptions? options = null) => Add(MonitorTypes.Metric, query, options);

    /// <summary>A point of a gauge every 15 s over some minutes.</summary>
    public void Feed(double fromMinute, double toMinute, double value, string metric = "my_metric", params string[] tags) =>
        Write(metric, MetricType.Gauge, 0, [.. Enumerable.Range(0, (int)((toMinute - fromMinute) * 4)).Select(i => new MetricPoint(At(fromMinute) + i * 15, value))], tags);

    public void Write(string metric, MetricType type, int intervalSeconds, IReadOnlyList<MetricPoint> points, params string[] tags) =>
        _metrics.WriteAsync([new SeriesPoints(new SeriesKey(metric, MetricTags.Of(tags)), type, intervalSeconds, points)]).GetAwaiter().GetResult();

    public void Run(string check, CheckStatus status, double minute, string host = "box-1", string message = "") => _checks.Add(new ServiceCheckRun(check, status, At(minute), host, [], message));

    public void Happen(string title, double minute, params string[] tags) => _events.Add(new EventRecord { Title = title, UnixSeconds = At(minute), Tags = tags });

    public void Happen(EventRecord happened) => _events.Add(happened);

    public static long At(double minute) => Start + (long)(minute * 60);

    public int EvaluateAt(double minute)
    {
        Clock.Now = At(minute) * UnixTime.NanosPerSecond;
        return Schedule.RunDue();
    }

    /// <summary>Evaluates at each minute, both included.</summary>
    public void Evaluate(int fromMinute, int toMinute)
    {
        for (var minute = fromMinute; minute <= toMinute; minute++) EvaluateAt(minute);
    }

    public GroupState State(long id, string group = GroupState.Whole) => States.Find(id)!.Groups.Single(one => one.Group == group);

    /// <summary>What was told, as lines: <c>9 Warn</c>.</summary>
    public string[] Lines => [.. Told.All.Select(told => $"{(told.AtUnixSeconds - Start) / 60} {(told.IsRepeat ? "Re-" + told.To : told.Kind)}{(told.Group == GroupState.Whole ? "" : " " + told.Group)}")];

    /// <summary>Takes each id once, as the port asks; refuses when it is told to.</summary>
    public sealed class Teller : IAlertTeller
    {
        readonly HashSet<string> _ids = [];

        public List<AlertTransition> All { get; } = [];

        /// <summary>How often something was offered that was told already.</summary>
        public int OfferedAgain { get; private set; }

        public Func<bool> Refuses { get; set; } = () => false;

        public void Tell(AlertTransition transition)
        {
            lock (_ids)
            {
                if (Refuses()) throw new StoreUnavailableException("The teller refuses.");
                if (_ids.Add(transition.Id)) All.Add(transition);
                else OfferedAgain++;
            }
        }
    }

    /// <summary>Downtimes of all groups, from one minute to another.</summary>
    public sealed class Downtimes : IDowntimeBook
    {
        public List<(double From, double To, bool MutesRecovery, MonitorState[] Tells)> All { get; } = [];

        public void Add(double from, double to, bool mutesRecovery = false, MonitorState[]? tells = null) => All.Add((from, to, mutesRecovery, tells ?? [MonitorState.Alert, MonitorState.Warn, MonitorState.NoData]));

        public Muting For(MonitorRule rule, IReadOnlyList<string> groupTags, long unixSeconds)
        {
            var holding = All.Where(one => unixSeconds >= At(one.From) && unixSeconds < At(one.To)).ToList();
            return holding.Count == 0 ? Muting.None : new Muting(true, holding.Max(one => At(one.To)), holding.Exists(one => one.MutesRecovery), ["1"]);
        }

        public IReadOnlyList<DowntimeEnd> Ended(MonitorRule rule, IReadOnlyList<string> groupTags, long afterUnixSeconds, long upToUnixSeconds) =>
            [.. All.Where(one => At(one.To) > afterUnixSeconds && At(one.To) <= upToUnixSeconds).OrderBy(one => one.To).Select(one => new DowntimeEnd("1", At(one.From), At(one.To), one.Tells))];
    }
}
