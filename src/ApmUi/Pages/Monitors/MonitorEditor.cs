using System.Globalization;
using Apm.ApmUi.Links;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Query.Metrics;
using Apm.Query.Services;
using Apm.Query.Text;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>What the editor of monitors knows: the fields to begin with, whether what is typed is a rule, and what that rule would have done.</summary>
/// <remarks>Any thread. The last replays are kept for a while, so that typing a message does not evaluate a week anew.</remarks>
public sealed class MonitorEditor(MonitorRules rules, MonitorReplay replay, IMetricReader metrics, ServiceQueries services, ServiceCatalogue catalogue, TimeProvider clock)
{
    /// <summary>Replays that are kept; default 16, each for a minute. The oldest goes, and is made anew when somebody asks.</summary>
    public const int MaxReplays = 16;

    /// <summary>Names offered in a field; default 300, the first. What is not among them can be typed.</summary>
    public const int MaxOffered = 300;

    readonly Lock _lock = new();
    readonly Dictionary<string, Remembered> _replays = [];

    long NowUnixSeconds => clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    /// <summary>The fields to begin with: of a monitor, of a copy of one (<c>copy</c>), or of what the address says (<c>q</c>, <c>type</c>, <c>service</c>, <c>name</c>, <c>resource</c>).</summary>
    /// <returns>Null when the address names a monitor that is not there.</returns>
    public MonitorForm? Begin(long? id, PageUrl url)
    {
        if (id is { } known) return rules.Find(known) is { } rule ? FormRule.FormOf(rule) : null;
        if (url["copy"] is { } copied)
            return long.TryParse(copied, out var original) && rules.Find(original) is { } source ? FormRule.FormOf(source) is var form ? form with { Id = 0, Name = form.Name + " (copy)" } : null : null;
        return WithThresholds(Completed(Prefilled(url)));
    }

    /// <summary>Latency of what was called lately: alerts at twice the p95 of the past day and warns at one and a half of it, so that there is something to see, and to correct, at once.</summary>
    MonitorForm WithThresholds(MonitorForm form)
    {
        if (form is not { Kind: "apm", Measure: "p95", Alert: "", Service.Length: > 0 }) return form;
        var now = clock.NowUnixNanos();
        try
        {
            var slowest = services.Endpoints(form.Service, form.Env.Length > 0 ? form.Env : null, new TimeRange(now - 24 * 3_600 * UnixTime.NanosPerSecond, now))
                .Where(endpoint => endpoint.Name == form.Operation && (form.Resource.Length == 0 || endpoint.Resource == form.Resource)).Max(endpoint => endpoint.P95Nanos);
            return slowest is { } p95 and > 0 ? form with { Alert = Rounded(2 * p95), Warning = Rounded(1.5 * p95) } : form;
        }
        catch (StoreUnavailableException)
        {
            return form;
        }
    }

    /// <summary>Seconds with two digits that count.</summary>
    static string Rounded(double nanos) => decimal.Parse((nanos / 1e9).ToString("G2", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);

    /// <summary>All is there but the threshold of the alert, which stands behind the query: nothing of what is typed is wrong.</summary>
    public bool LacksOnlyThreshold(MonitorForm form) => string.IsNullOrWhiteSpace(form.Alert) && MonitorTypes.All.Contains(SignalQuery.TypeOf(form)) && WrongIn(form) is not null && WrongIn(form with { Alert = "0" }) is null;

    /// <summary>What is to be said first, while nothing is watched yet; null when it is said.</summary>
    public static string? FirstWanted(MonitorForm form) => form.Kind switch
    {
        "metric" or "change" or "anomaly" or "outlier" or "forecast" when form.Metric.Trim().Length == 0 => "Write a metric, such as avg:system.load.1{*} by {host}; what the monitor does is said here.",
        "apm" when form.Service.Trim().Length == 0 => "Name a service; what the monitor does is said here.",
        "check" when form.Check.Trim().Length == 0 => "Name a check, such as mysql.can_connect; what the monitor does is said here.",
        "composite" when form.Parts.Trim().Length == 0 => "Write monitors by their numbers, such as 1 && !2; what the monitor does is said here.",
        "text" when form.Query.Trim().Length == 0 => "Write a query, such as avg(last_5m):avg:system.load.1{*} > 4; what the monitor does is said here.",
        _ => null,
    };

    static MonitorForm Prefilled(PageUrl url)
    {
        var form = new MonitorForm { Env = url["service"] is null ? "" : url["env"] ?? "", Name = url["title"] ?? "" };
        var (type, query) = (url["type"] ?? "", (url["q"] ?? "").Trim());
        if (url["service"] is { } service) return form with { Kind = "apm", Service = service, Resource = url["resource"] ?? "", Operation = url["name"] ?? "", Measure = url["measure"] ?? "p95", Env = url["env"] ?? "" };
        if (MonitorTypes.All.Contains(type) && Whole(type, query) is { } typed) return SignalQuery.FieldsOf(typed.Rule, typed.Query, form);
        if (Whole(MonitorTypes.Query, query) is { } metric) return SignalQuery.FieldsOf(metric.Rule, metric.Query, form);
        return type switch
        {
            "traces" or MonitorTypes.Spans => form with { Kind = "traces", Search = query },
            "event" or "events" or MonitorTypes.Event => form with { Kind = "event", Search = query, Alert = "0" },
            "check" or MonitorTypes.ServiceCheck => form with { Kind = "check", Check = query, Alert = "1" },
            "host" => form with { Kind = "host", Over = query, Alert = "1", Missing = "notify", NoDataMinutes = "2" },
            _ when MonitorForm.Kinds.Any(kind => kind.Kind == type) => form with { Kind = type, Metric = query },
            _ => form with { Metric = query },
        };
    }

    /// <summary>A text that is a monitor's query already; null when it is not.</summary>
    static KnownRule? Whole(string type, string query)
    {
        try
        {
            return new KnownRule(new MonitorRule { Type = type, Query = query, Name = "" }, MonitorQueryParser.Parse(type, query));
        }
        catch (MonitorQueryException)
        {
            return null;
        }
    }

    /// <summary>The fields with what follows from them: the operation of a service, which people rarely know by heart.</summary>
    public MonitorForm Completed(MonitorForm form)
    {
        if (form is not { Kind: "apm", Operation: "", Service.Length: > 0 }) return form;
        var now = clock.NowUnixNanos();
        try
        {
            var endpoints = services.Endpoints(form.Service, form.Env.Length > 0 ? form.Env : null, new TimeRange(now - 24 * 3_600 * UnixTime.NanosPerSecond, now));
            return form with { Operation = (endpoints.FirstOrDefault(endpoint => endpoint.Resource == form.Resource && endpoint.Name.Length > 0) ?? endpoints.Where(endpoint => endpoint.Name.Length > 0).MaxBy(endpoint => endpoint.HitCount))?.Name ?? "" };
        }
        catch (StoreUnavailableException)
        {
            return form; // The query then shows the gap.
        }
    }

    /// <summary>Reads what is typed.</summary>
    /// <exception cref="MonitorRuleException">It is no rule; the sentences say why.</exception>
    public KnownRule Check(MonitorForm form) => Named(form, rules.Check(FormRule.Of(Completed(form), form.Id > 0 ? rules.Find(form.Id)?.Rule : null, NowUnixSeconds)));

    /// <summary>Keeps what is typed.</summary>
    /// <returns>The id of the monitor.</returns>
    /// <exception cref="MonitorRuleException">It is no rule, there is none such any more, or there are too many.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public long Save(MonitorForm form, string creator)
    {
        form = Completed(form);
        if (form.Id == 0) return rules.Add(Check(form).Rule with { Creator = creator }).Rule.Id;
        return rules.Change(form.Id, before => Named(form, rules.Check(FormRule.Of(form, before, NowUnixSeconds))).Rule).Rule.Id;
    }

    /// <summary>A name that was made of the query is Datadog's Markdown; on the screen it is plain.</summary>
    static KnownRule Named(MonitorForm form, KnownRule known) => form.Name.Length > 0 ? known : known with { Rule = known.Rule with { Name = known.Rule.Name.Replace("**", "", StringComparison.Ordinal).TrimEnd('.') } };

    /// <summary>Where the query that is typed is wrong; null when it is not.</summary>
    public (string Query, QueryTextException Error)? WrongIn(MonitorForm form)
    {
        var (type, query) = (SignalQuery.TypeOf(form), SignalQuery.Of(Completed(form)).Trim());
        if (!MonitorTypes.All.Contains(type)) return null; // A type that nobody offered: the rule is refused for it.
        try
        {
            MonitorQueryParser.Parse(type, query);
            return null;
        }
        catch (MonitorQueryException wrong)
        {
            return (query, new QueryTextException(wrong.Message, wrong.At, wrong.Suggestion));
        }
    }

    /// <summary>What the rule would have done up to this minute.</summary>
    public ReplayResult Replay(KnownRule known, CancellationToken cancel)
    {
        var minute = clock.NowUnixNanos() / UnixTime.NanosPerSecond / 60 * 60;
        // Neither name nor message changes what is evaluated; told transitions get the rule of now.
        var asked = known.Rule with { Name = "", Message = "", CreatedUnixMillis = 0, ModifiedUnixMillis = 0 };
        var key = $"{asked.Id}\n{asked.Type}\n{asked.Query}\n{string.Join(',', asked.Tags)}\n{System.Text.Json.JsonSerializer.Serialize(asked.Options)}";
        lock (_lock) if (_replays.TryGetValue(key, out var remembered) && remembered.Minute == minute) return remembered.Result;
        var result = replay.Latest(known, minute, cancel);
        lock (_lock)
        {
            foreach (var old in _replays.Where(pair => pair.Value.Minute != minute).Select(pair => pair.Key).ToList()) _replays.Remove(old);
            while (_replays.Count >= MaxReplays) _replays.Remove(_replays.MinBy(pair => pair.Value.Order).Key);
            _replays[key] = new Remembered(minute, clock.GetTimestamp(), result);
        }
        return result;
    }

    /// <summary>How far apart the points of its first metric are; null when that is not known.</summary>
    public int? DataSeconds(KnownRule known, CancellationToken cancel) =>
        known.Query is MetricMonitorQuery { Query: var query } && query.MetricQueries.FirstOrDefault() is { } metric && TraceMetricName.Of(metric.Metric) is null
            ? DataInterval.SecondsOf(metrics, metric.Metric, clock.NowUnixNanos() / UnixTime.NanosPerSecond, cancel) : null;

    /// <summary>Names for fields, as far as there are: services and metrics.</summary>
    public (IReadOnlyList<string> Services, IReadOnlyList<string> Metrics) Offered()
    {
        var since = clock.NowUnixNanos() / UnixTime.NanosPerSecond - 24 * 3_600;
        return ([.. catalogue.Services().Select(service => service.Name).Take(MaxOffered)], [.. metrics.Metrics(since).Where(metric => TraceMetricName.Of(metric.Name) is null).Take(MaxOffered).Select(metric => metric.Type == Core.Metrics.MetricType.Count ? $"sum:{metric.Name}{{*}}.as_count()" : $"avg:{metric.Name}{{*}}")]);
    }

    sealed record Remembered(long Minute, long Order, ReplayResult Result);
}
