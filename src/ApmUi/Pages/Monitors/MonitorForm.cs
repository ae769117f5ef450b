namespace Apm.ApmUi.Pages.Monitors;

/// <summary>The fields by which a monitor is made and changed, as they are typed. Immutable; texts are "" when empty.</summary>
/// <remarks><see cref="SignalQuery"/> makes the query of them, <see cref="FormRule"/> the rule.</remarks>
public sealed record MonitorForm
{
    /// <summary>0 for a new monitor.</summary>
    public long Id { get; init; }

    /// <summary>One of <see cref="Kinds"/>.</summary>
    public string Kind { get; init; } = "metric";

    public string Metric { get; init; } = "";

    /// <summary>How a window becomes one value: <c>avg</c>, <c>sum</c>, <c>min</c>, <c>max</c>.</summary>
    public string How { get; init; } = "avg";

    /// <summary>Without the word before it: <c>5m</c>.</summary>
    public string Window { get; init; } = "5m";

    public string Service { get; init; } = "";
    public string Operation { get; init; } = "";
    public string Resource { get; init; } = "";
    public string Env { get; init; } = "";

    /// <summary>One of <see cref="Measures"/>.</summary>
    public string Measure { get; init; } = "p95";

    /// <summary>Of traces and events.</summary>
    public string Search { get; init; } = "";
    public string Method { get; init; } = "count";
    public string Measured { get; init; } = "";
    public string By { get; init; } = "";

    /// <summary><c>change</c> or <c>pct_change</c>.</summary>
    public string Difference { get; init; } = "change";
    public string Shift { get; init; } = "30m";

    /// <summary>Of anomalies, outliers and forecasts, each its own.</summary>
    public string Algorithm { get; init; } = "agile";
    public string Deviations { get; init; } = "2";
    public string AlertWindow { get; init; } = "15m";
    public string OutlierAlgorithm { get; init; } = "dbscan";
    public string Tolerance { get; init; } = "3";
    public string ForecastAlgorithm { get; init; } = "linear";
    public string Ahead { get; init; } = "1w";

    public string Check { get; init; } = "";
    public string Over { get; init; } = "";

    /// <summary>Ids of a composite: <c>1 &amp;&amp; !2</c>.</summary>
    public string Parts { get; init; } = "";

    /// <summary>Of <c>text</c>: the whole query, and the type that it is of.</summary>
    public string Query { get; init; } = "";
    public string Type { get; init; } = "query alert";

    public string Operator { get; init; } = ">";
    public string Alert { get; init; } = "";
    public string Warning { get; init; } = "";
    public string AlertRecovery { get; init; } = "";
    public string WarningRecovery { get; init; } = "";

    /// <summary>Of service checks: how often in a row it must be well, and unknown.</summary>
    public string Ok { get; init; } = "";
    public string Unknown { get; init; } = "";

    /// <summary><c>keep</c>, <c>notify</c>, or a value of <c>on_missing_data</c>.</summary>
    public string Missing { get; init; } = "keep";
    public string NoDataMinutes { get; init; } = "";
    public string TimeoutHours { get; init; } = "";
    public string DelaySeconds { get; init; } = "";
    public string GroupDelaySeconds { get; init; } = "";
    public bool NeedsFullWindow { get; init; }

    /// <summary>A rule of RFC 5545: it is evaluated at those times only; "" for every minute.</summary>
    public string ScheduleRule { get; init; } = "";

    /// <summary>Where the rule begins, on the wall clock, as <c>datetime-local</c> has it; "" for long ago, at midnight.</summary>
    public string ScheduleStart { get; init; } = "";
    public string ScheduleZone { get; init; } = "UTC";

    /// <summary>Rules of its own that the fields cannot hold, as they are several; they are kept.</summary>
    public int KeptScheduleRules { get; init; }

    public string RepeatMinutes { get; init; } = "";
    public string RepeatTimes { get; init; } = "";

    /// <summary><c>alert</c>, <c>warn</c>, <c>no data</c>; none for the usual ones.</summary>
    public IReadOnlyList<string> RepeatStates { get; init; } = [];
    public string Escalation { get; init; } = "";

    public string Name { get; init; } = "";
    public string Message { get; init; } = "";

    /// <summary>Handles and addresses with blanks or commas between; an address needs no <c>@</c> before it.</summary>
    public string Recipients { get; init; } = "";
    public string Tags { get; init; } = "";
    public string Priority { get; init; } = "";
    public bool HasGroupInTitle { get; init; } = true;

    /// <summary>Keys of groups that are told in one; <c>*</c> for one of all; "" for one each.</summary>
    public string Together { get; init; } = "";

    /// <summary>A name of <c>NotificationPreset</c>.</summary>
    public string Preset { get; init; } = "show_all";

    /// <summary>The kinds of signals that there are fields for, with what they are called.</summary>
    public static IReadOnlyList<(string Kind, string Name)> Kinds { get; } =
    [
        ("metric", "Metric"), ("apm", "Requests of a service or endpoint"), ("traces", "Traces found by a search"), ("change", "Change of a metric"), ("anomaly", "Anomaly of a metric"), ("outlier", "Outlier among groups"),
        ("forecast", "Forecast of a metric"), ("check", "Service check"), ("host", "Host alive"), ("event", "Events"), ("composite", "Other monitors together"), ("text", "Query as text"),
    ];

    /// <summary>What is watched of the requests of a service, with its unit.</summary>
    public static IReadOnlyList<(string Measure, string Name, string Unit)> Measures { get; } =
    [
        ("p50", "p50 latency", "s"), ("p75", "p75 latency", "s"), ("p90", "p90 latency", "s"), ("p95", "p95 latency", "s"), ("p99", "p99 latency", "s"), ("avg", "average latency", "s"),
        ("rate", "error rate", "%"), ("errors", "errors in the window", ""), ("hits", "requests in the window", ""), ("persecond", "requests per second", "/s"),
    ];

    /// <summary>Whether it is about answers of checks, whose thresholds count runs.</summary>
    public bool CountsRuns => Kind is "check" or "host";

    /// <summary>Reads what was sent. Fields that are not there keep their default.</summary>
    public static MonitorForm Read(Func<string, Microsoft.Extensions.Primitives.StringValues> field)
    {
        var usual = new MonitorForm();
        string Text(string name, string otherwise = "") => field(name) is { Count: > 0 } sent ? sent[0]!.Trim() : otherwise;
        return new MonitorForm
        {
            Id = long.TryParse(Text("id"), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id) ? id : 0,
            Kind = Kinds.Any(known => known.Kind == Text("kind")) ? Text("kind") : usual.Kind,
            Metric = Text("metric"), How = Text("how", usual.How), Window = Text("window", usual.Window),
            Service = Text("service"), Operation = Text("operation"), Resource = Text("resource"), Env = Text("environment"), Measure = Text("measure", usual.Measure),
            Search = Text("search"), Method = Text("method", usual.Method), Measured = Text("measured"), By = Text("by"),
            Difference = Text("difference", usual.Difference), Shift = Text("shift", usual.Shift),
            Algorithm = Text("algorithm", usual.Algorithm), Deviations = Text("deviations", usual.Deviations), AlertWindow = Text("alert_window", usual.AlertWindow),
            OutlierAlgorithm = Text("outlier", usual.OutlierAlgorithm), Tolerance = Text("tolerance", usual.Tolerance), ForecastAlgorithm = Text("forecast", usual.ForecastAlgorithm), Ahead = Text("ahead", usual.Ahead),
            Check = Text("check"), Over = Text("over"), Parts = Text("parts"), Query = Text("query"), Type = Text("type", usual.Type),
            Operator = Text("operator", usual.Operator), Alert = Text("alert"), Warning = Text("warning"), AlertRecovery = Text("alert_recovery"), WarningRecovery = Text("warning_recovery"), Ok = Text("ok"), Unknown = Text("unknown"),
            Missing = Text("missing", usual.Missing), NoDataMinutes = Text("no_data_minutes"), TimeoutHours = Text("timeout"), DelaySeconds = Text("delay"), GroupDelaySeconds = Text("group_delay"), NeedsFullWindow = Text("full") == "1",
            ScheduleRule = Text("schedule_rule"), ScheduleStart = Text("schedule_start"), ScheduleZone = Text("schedule_zone", usual.ScheduleZone),
            RepeatMinutes = Text("repeat"), RepeatTimes = Text("repeat_times"), RepeatStates = [.. field("repeat_states").OfType<string>()], Escalation = Text("escalation"),
            Name = Text("name"), Message = (field("message") is { Count: > 0 } message ? message[0]! : "").ReplaceLineEndings("\n"), Recipients = Text("recipients"), Tags = Text("tags"), Priority = Text("priority"),
            HasGroupInTitle = Text("group_in_title", "") == "1", Together = Text("together"), Preset = Text("preset", usual.Preset),
        };
    }
}
