using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Downtimes;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Messages;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Slos;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;
using Apm.Query.Scripts;

namespace Apm.Monitors.Scripts;

/// <summary>Something that was told while a script ran.</summary>
sealed record ScriptNotice(long AtUnixSeconds, AlertTransition Transition, NoticeText Text)
{
    public string Kind => AlertWords.KindOf(Transition);
}

/// <summary>All that monitors stand on, in memory, with a clock that a script turns.</summary>
sealed class ScriptWorld : IHostTags, IAlertTeller, IDisposable
{
    /// <summary>Longest time of a script, in days. A longer one is refused.</summary>
    const int MostDays = 100;

    const int MinuteSeconds = 60;
    const string Site = "http://localhost:8127";

    static readonly Dictionary<string, CheckStatus> s_statuses = new(StringComparer.OrdinalIgnoreCase) { ["ok"] = CheckStatus.Ok, ["warning"] = CheckStatus.Warning, ["critical"] = CheckStatus.Critical, ["unknown"] = CheckStatus.Unknown };

    readonly ScriptNeeds _needs;
    readonly ScriptClock _clock = new() { UnixSeconds = QueryScript.StartUnixSeconds };
    readonly ScriptSeries _series;
    readonly MonitorRules _rules;
    readonly DowntimeBook _downtimes;
    readonly MonitorSchedule _schedule;
    readonly RecentProblems _problems = new();
    readonly Dictionary<string, string[]> _hosts = new(StringComparer.Ordinal);
    readonly List<ServiceCheckRun> _runs = [];
    readonly List<(long UnixSeconds, Downtime Downtime)> _cancels = [];
    readonly List<ScriptNotice> _told = [];
    readonly ScriptMails _mails = new();
    readonly ScriptHappenings _happenings;
    readonly IEventStore _events;
    readonly SloBook _slos;
    long _startUnixSeconds = QueryScript.StartUnixSeconds;
    int _nextUuid;
    bool _hasBegun;

    public ScriptWorld(ScriptNeeds needs)
    {
        _needs = needs;
        var counters = new Counters();
        _series = new ScriptSeries(() => NowUnixSeconds);
        _rules = new MonitorRules(needs.Documents, _clock);
        _downtimes = new DowntimeBook(needs.Documents, _ => null, counters, _clock, () => new Guid(++_nextUuid, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]));
        var states = new MonitorStates(needs.Documents, _rules);
        var history = new MonitorHistory(needs.Documents);
        var queries = new MetricQueries(_series, this, new TraceMetricUnits(), counters, _clock);
        var uptime = new UptimeBook(needs.Documents);
        _events = needs.Events(_clock);
        _happenings = new ScriptHappenings(_events, needs.Traces);
        _slos = new SloBook(needs.Documents, _rules, new SloGroups(uptime, new MonitorGroups(states, history)), _clock, () => new Guid(++_nextUuid, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]));
        var readings = new MonitorReadings(
            new MetricReadings(queries), new ServiceCheckReadings(needs.Checks, this, 0), new EventReadings(_events), new SpanReadings(needs.Traces, _clock), new SloReadings(_slos, new SloReader(queries, uptime, _slos), uptime));
        var evaluator = new MonitorEvaluator(readings, states, history, _downtimes, new MuteAllSwitch(needs.Documents, _clock), this, this, new MissingReasons(_series, needs.Checks), counters, uptime);
        _schedule = new MonitorSchedule(_rules, states, evaluator, history, needs.Documents, counters, _problems, _clock, new MonitorSettings { SettleFor = TimeSpan.Zero, MaxConcurrentEvaluations = 1 }, uptime);
    }

    public long NowUnixSeconds => _clock.UnixSeconds;

    /// <summary>Whether monitors are told apart in what is expected.</summary>
    public bool HasSeveralMonitors => _rules.All().Count > 1;

    /// <summary>Sets the time of the script's start.</summary>
    public void Begin(TextPlace at, long unixSeconds)
    {
        if (_hasBegun) throw new MonitorScriptException(at, "\"start\" comes first, before anything that has a time.");
        if (unixSeconds % MinuteSeconds != 0) throw new MonitorScriptException(at, "A script starts at a whole minute, as monitors are evaluated then.");
        _clock.UnixSeconds = _startUnixSeconds = unixSeconds;
    }

    public long TimeOf(TextPlace at, string text) => ScriptTimes.Of(at, text, _startUnixSeconds);

    /// <summary>A time as the script counts it, and by the clock.</summary>
    public string Print(long unixSeconds) => ScriptTimes.Print(unixSeconds - _startUnixSeconds);

    /// <summary>What went out to whom.</summary>
    public IReadOnlyList<ScriptMail> Mails => _mails.All;

    /// <summary>Adds a monitor. One that watches an objective names it by the name that it has in the script.</summary>
    /// <exception cref="MonitorRuleException">It is wrong.</exception>
    public void Add(MonitorRule rule)
    {
        if (rule.Type == MonitorTypes.Slo) rule = rule with { Query = _slos.All().Aggregate(rule.Query, (query, slo) => query.Replace($"(\"{slo.Name}\")", $"(\"{slo.Id}\")", StringComparison.Ordinal)) };
        _rules.Add(rule);
    }

    /// <exception cref="SloException">It is wrong.</exception>
    public void Add(Slo slo) => _slos.Add(slo);

    /// <param name="cancelledUnixSeconds">When somebody ends it; null for never.</param>
    /// <exception cref="DowntimeException">It can never hold.</exception>
    public void Add(Downtime downtime, long? cancelledUnixSeconds)
    {
        var added = _downtimes.Add(downtime);
        if (cancelledUnixSeconds is { } at) _cancels.Add((at, added));
    }

    public void AddHost(string host, IEnumerable<string> tags) => _hosts[host] = [.. tags.Select(tag => MetricNames.Tag(tag) ?? throw new FormatException($"\"{tag}\" is no tag."))];

    /// <exception cref="FormatException">The line is no such series.</exception>
    public void Load(string what, int step, string line)
    {
        _hasBegun = true;
        var given = ScriptLine.Read(line);
        if (what is "check")
        {
            var host = given.Tags.FirstOrDefault(tag => tag.StartsWith("host:", StringComparison.Ordinal))?[5..] ?? "";
            foreach (var (unixSeconds, text) in given.Present(step, _startUnixSeconds))
                _runs.Add(new ServiceCheckRun(given.Name, s_statuses.TryGetValue(text, out var status) ? status : throw new FormatException($"\"{text}\" is no answer of a check. There are: ok, warning, critical, unknown."), unixSeconds, host, [.. given.Tags.Where(tag => !tag.StartsWith("host:", StringComparison.Ordinal))], ""));
            return;
        }
        if (what is "spans") _happenings.AddSpans(given, step, _startUnixSeconds);
        else if (what is "events") _happenings.AddEvents(given, step, _startUnixSeconds);
        else _series.Add(given.Series(what, step, _startUnixSeconds));
    }

    /// <summary>Turns the clock minute by minute.</summary>
    /// <returns>What was told on the way.</returns>
    public IReadOnlyList<ScriptNotice> RunTo(TextPlace at, long unixSeconds)
    {
        if (unixSeconds - _startUnixSeconds > MostDays * 86_400L) throw new MonitorScriptException(at, $"A script goes over {MostDays} days at most.");
        _hasBegun = true;
        var before = _told.Count;
        while (_clock.UnixSeconds + MinuteSeconds <= unixSeconds)
        {
            var now = _clock.UnixSeconds += MinuteSeconds;
            foreach (var run in _runs.Where(run => run.UnixSeconds < now && run.UnixSeconds >= now - MinuteSeconds).OrderBy(run => run.UnixSeconds)) _needs.Checks.Add(run);
            foreach (var (when, downtime) in _cancels) if (when > now - MinuteSeconds && when <= now) _downtimes.Cancel(downtime);
            _schedule.RunDue();
        }
        if (_problems.ReadAll() is [var problem, ..]) throw new MonitorScriptException(at, problem.Sentence);
        _clock.UnixSeconds = Math.Max(_clock.UnixSeconds, unixSeconds);
        return _told.GetRange(before, _told.Count - before);
    }

    public IReadOnlyList<string> TagsOf(string host) => _hosts.GetValueOrDefault(host, []);

    void IAlertTeller.Tell(AlertTransition transition)
    {
        var notice = new ScriptNotice(transition.AtUnixSeconds, transition, new NoticeText(transition, new AlertLinks(Site), _ => null));
        _told.Add(notice);
        _mails.Enter(notice);
    }

    public void Dispose()
    {
        _schedule.Dispose();
        _events.Dispose();
    }

    sealed class ScriptClock : TimeProvider
    {
        public long UnixSeconds { get; set; }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(UnixSeconds);
    }
}
