using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Apm.Core.Checks;
using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Checks;

namespace Apm.Cli.Commands;

/// <summary>What the runs of one instance gave out, and how it stands after them.</summary>
sealed record CheckFindings
{
    readonly List<IncomingSeries> _series = [];
    readonly List<ServiceCheckRun> _answers = [];
    readonly List<EventRecord> _events = [];

    public CheckInstanceStatus Status { get; init; } = null!;
    public IReadOnlyList<IncomingSeries> Series => _series;
    public IReadOnlyList<ServiceCheckRun> Answers => _answers;
    public IReadOnlyList<EventRecord> Events => _events;

    /// <summary>Adds a run; points of a series that is there already are put behind its own.</summary>
    public void Add(CheckResult result)
    {
        foreach (var came in result.Series)
        {
            var at = _series.FindIndex(known => known.Metric == came.Metric && known.Type == came.Type && known.Tags.SequenceEqual(came.Tags));
            if (at < 0) _series.Add(came);
            else _series[at] = _series[at] with { Points = [.. _series[at].Points, .. came.Points], Sketches = [.. _series[at].Sketches, .. came.Sketches] };
        }
        _answers.AddRange(result.Run.Answers);
        _events.AddRange(result.Run.Events);
    }
}

/// <summary>The page that <c>apm check</c> prints, in the order and form of the Datadog agent's (metrics-monitors §9.9).</summary>
static class CheckText
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>All sections; one without content is left out.</summary>
    public static string Page(IReadOnlyList<CheckFindings> found)
    {
        var text = new StringBuilder();
        Section(text, "Series", Series(found));
        Section(text, "Sketches", Sketches(found));
        Section(text, "Service Checks", Answers(found));
        Section(text, "Events", Events(found));
        text.Append("=========\nCollector\n=========\n\n  Running Checks\n  ==============\n");
        foreach (var group in found.GroupBy(one => (one.Status.Check, one.Status.Version)))
        {
            var title = group.Key.Version.Length > 0 ? $"{group.Key.Check} ({group.Key.Version})" : group.Key.Check;
            text.Append(CultureInfo.InvariantCulture, $"    \n    {title}\n    {new string('-', title.Length)}\n");
            foreach (var one in group) Instance(text, one.Status);
        }
        return text.ToString();
    }

    /// <summary>The same as one document.</summary>
    public static string Json(IReadOnlyList<CheckFindings> found) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["series"] = Series(found), ["sketches"] = Sketches(found), ["service_checks"] = Answers(found), ["events"] = Events(found), ["instances"] = found.Select(one => one.Status).ToList(),
    }, Indented) + "\n";

    static void Section(StringBuilder text, string title, List<Dictionary<string, object>> items)
    {
        if (items.Count > 0) text.Append(CultureInfo.InvariantCulture, $"=== {title} ===\n{JsonSerializer.Serialize(items, Indented)}\n");
    }

    static List<Dictionary<string, object>> Series(IReadOnlyList<CheckFindings> found) =>
        [.. found.SelectMany(one => one.Series).Where(series => series.Type != MetricType.Distribution).Select(series => new Dictionary<string, object>
        {
            ["metric"] = series.Metric,
            ["points"] = series.Points.Select(point => new object[] { point.UnixSeconds, point.Value }).ToList(),
            ["tags"] = Without("host", series.Tags),
            ["host"] = ValueOf("host", series.Tags),
            ["type"] = series.Type.ToString().ToLowerInvariant(),
            ["interval"] = series.Type == MetricType.Gauge ? 0 : series.IntervalSeconds,
            ["source_type_name"] = "System",
        })];

    static List<Dictionary<string, object>> Sketches(IReadOnlyList<CheckFindings> found) =>
        [.. found.SelectMany(one => one.Series).Where(series => series.Type == MetricType.Distribution).Select(series => new Dictionary<string, object>
        {
            ["metric"] = series.Metric,
            ["points"] = series.Sketches.Select(point => new Dictionary<string, object> { ["ts"] = point.UnixSeconds, ["cnt"] = point.Sketch.Count, ["min"] = point.Sketch.Min, ["max"] = point.Sketch.Max, ["sum"] = point.Sketch.Sum }).ToList(),
            ["tags"] = Without("host", series.Tags),
            ["host"] = ValueOf("host", series.Tags),
        })];

    static List<Dictionary<string, object>> Answers(IReadOnlyList<CheckFindings> found) =>
        [.. found.SelectMany(one => one.Answers).Select(answer => new Dictionary<string, object>
        {
            ["check"] = answer.Check, ["host_name"] = answer.Host, ["timestamp"] = answer.UnixSeconds, ["status"] = (int)answer.Status, ["message"] = answer.Message, ["tags"] = answer.Tags,
        })];

    static List<Dictionary<string, object>> Events(IReadOnlyList<CheckFindings> found) =>
        [.. found.SelectMany(one => one.Events).Select(happened => new Dictionary<string, object>
        {
            ["msg_title"] = happened.Title, ["msg_text"] = happened.Text, ["timestamp"] = happened.UnixSeconds, ["priority"] = happened.Priority, ["host"] = happened.Host, ["tags"] = happened.Tags,
            ["alert_type"] = happened.AlertType, ["aggregation_key"] = happened.AggregationKey, ["source_type_name"] = happened.Source,
        })];

    static void Instance(StringBuilder text, CheckInstanceStatus status)
    {
        var culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"      Instance ID: {status.Id} [{status.Outcome.ToString().ToUpperInvariant()}]\n");
        text.Append(culture, $"      Configuration Source: {(status.Source == CheckPlan.BuiltIn ? status.Source : $"file:{status.Source}")}\n");
        text.Append(culture, $"      Total Runs: {status.RunCount}\n");
        text.Append(culture, $"      Metric Samples: Last Run: {status.Last.MetricSampleCount}, Total: {status.Total.MetricSampleCount}\n");
        text.Append(culture, $"      Events: Last Run: {status.Last.EventCount}, Total: {status.Total.EventCount}\n");
        text.Append(culture, $"      Service Checks: Last Run: {status.Last.ServiceCheckCount}, Total: {status.Total.ServiceCheckCount}\n");
        text.Append(culture, $"      Average Execution Time : {Duration(status.AverageDurationNanos)}\n");
        text.Append(culture, $"      Last Execution Date : {Date(status.LastRunUnixNanos)}\n");
        text.Append(culture, $"      Last Successful Execution Date : {(status.LastSuccessUnixNanos == 0 ? "Never" : Date(status.LastSuccessUnixNanos))}\n");
        if (status.Metadata.Count > 0)
        {
            text.Append("      metadata:\n");
            foreach (var (name, value) in status.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) text.Append(culture, $"        {name}: {value}\n");
        }
        if (status.Error.Length > 0) text.Append(culture, $"      Error: {status.Error}\n");
        foreach (var line in status.Traceback) text.Append(culture, $"      {line}\n");
        foreach (var warning in status.Warnings) text.Append(culture, $"      Warning: {warning}\n");
    }

    static string Date(long unixNanos) => string.Create(CultureInfo.InvariantCulture, $"{UnixTime.ToDateTime(unixNanos):yyyy-MM-dd HH:mm:ss} UTC ({unixNanos / UnixTime.NanosPerMillisecond})");

    static string Duration(long nanos) => nanos < UnixTime.NanosPerMillisecond ? "0s"
        : nanos < UnixTime.NanosPerSecond ? string.Create(CultureInfo.InvariantCulture, $"{nanos / UnixTime.NanosPerMillisecond}ms") : string.Create(CultureInfo.InvariantCulture, $"{nanos / 1e9:0.###}s");

    static List<string> Without(string key, IReadOnlyList<string> tags) => [.. tags.Where(tag => MetricTags.KeyIn(tag) != key)];

    static string ValueOf(string key, IReadOnlyList<string> tags) => tags.FirstOrDefault(tag => MetricTags.KeyIn(tag) == key) is { } tag ? MetricTags.ValueIn(tag) : "";
}
