using System.Globalization;
using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Query.Language;
using Apm.Query.Metrics;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>The query that the fields of a signal mean, and the fields that a query can be written with. Pure.</summary>
public static class SignalQuery
{
    const string HostCheck = "datadog.agent.up";

    /// <summary>Windows offered; others can be typed as text.</summary>
    public static IReadOnlyList<string> Windows { get; } = ["1m", "5m", "10m", "15m", "30m", "1h", "2h", "4h", "1d", "2d", "1w", "1mo"];

    /// <summary>The type, as the API spells it.</summary>
    public static string TypeOf(MonitorForm form) => form.Kind switch
    {
        "traces" => MonitorTypes.Spans,
        "check" or "host" => MonitorTypes.ServiceCheck,
        "event" => MonitorTypes.Event,
        "composite" => MonitorTypes.Composite,
        "text" => form.Type,
        _ => MonitorTypes.Metric,
    };

    /// <summary>The text; what is left empty leaves a gap in it that its reader points at.</summary>
    public static string Of(MonitorForm form)
    {
        var condition = $"{form.Operator} {form.Alert}";
        var metric = form.Metric.Trim();
        return form.Kind switch
        {
            "metric" => $"{form.How}(last_{form.Window}):{metric} {condition}",
            "apm" => $"{Requests(form)} {condition}",
            "traces" => Found("trace-analytics", form, form.Method),
            "event" => Found("events", form, "count"),
            "change" => $"{form.Difference}({form.How}(last_{form.Window}),last_{form.Shift}):{metric} {condition}",
            "anomaly" => $"avg(last_{Context(form.AlertWindow)}):anomalies({metric}, '{form.Algorithm}', {form.Deviations}, direction='both', alert_window='last_{form.AlertWindow}', interval=60, count_default_zero='true') >= {form.Alert}",
            "outlier" => $"avg(last_{form.Window}):outliers({metric}, '{form.OutlierAlgorithm}', {form.Tolerance}) > 0",
            "forecast" => $"{(form.Operator.StartsWith('<') ? "min" : "max")}(next_{form.Ahead}):forecast({metric}, '{form.ForecastAlgorithm}', {form.Deviations}) {condition}",
            "check" => Runs(form, form.Check),
            "host" => Runs(form with { By = "host" }, HostCheck),
            "composite" => form.Parts,
            _ => form.Query,
        };
    }

    /// <summary>The fields of a rule's query; those of <c>text</c> when it says more than they can.</summary>
    public static MonitorForm FieldsOf(MonitorRule rule, MonitorQuery? query, MonitorForm form)
    {
        foreach (var candidate in Candidates(rule, query, form))
            if (Same(candidate, query)) return candidate;
        return form with { Kind = "text", Type = rule.Type, Query = rule.Query };
    }

    static bool Same(MonitorForm candidate, MonitorQuery? query)
    {
        try
        {
            return MonitorQueryParser.Parse(TypeOf(candidate), Of(candidate)).ToString() == query?.ToString();
        }
        catch (MonitorQueryException)
        {
            return false;
        }
    }

    static IEnumerable<MonitorForm> Candidates(MonitorRule rule, MonitorQuery? query, MonitorForm form)
    {
        switch (query)
        {
            case MetricMonitorQuery metric:
                foreach (var candidate in OfMetric(metric, form)) yield return candidate;
                break;
            case ServiceCheckMonitorQuery { IsPercent: false, Exclude.Count: 0 } check:
                var checks = form with { Kind = "check", Check = check.Check, Over = Listed(check.Over), By = Listed(check.By) };
                yield return checks with { Kind = "host" };
                yield return checks;
                break;
            case SearchMonitorQuery search:
                yield return form with { Kind = search.Source == SearchMonitorQuery.Events ? "event" : "traces", Search = search.Search, Method = search.Method, Measured = search.Measure, By = Listed(search.By), Window = search.Window.LengthText, Operator = search.Compared.Comparison.Sign, Alert = NumberText.Print(search.Compared.Threshold) };
                break;
            case CompositeMonitorQuery:
                yield return form with { Kind = "composite", Parts = rule.Query };
                break;
        }
    }

    static IEnumerable<MonitorForm> OfMetric(MetricMonitorQuery metric, MonitorForm form)
    {
        form = form with { Operator = metric.Compared.Comparison.Sign, Alert = NumberText.Print(metric.Compared.Threshold), How = metric.Aggregator.ToString().ToLowerInvariant() };
        if (metric.Window.Kind == WindowKind.Last) form = form with { Window = metric.Window.LengthText };
        if (metric.Algorithm is { Arguments: [NodeArgument inner, ..] } algorithm)
        {
            form = form with { Metric = inner.Node.ToString() };
            var words = algorithm.Arguments.OfType<TextArgument>().ToList();
            var numbers = algorithm.Arguments.OfType<NodeArgument>().Skip(1).Select(argument => argument.Node.ToString()).ToList();
            var (name, number) = (words.FirstOrDefault(word => word.Name is null)?.Text ?? "", numbers.FirstOrDefault() ?? "");
            yield return algorithm.Name switch
            {
                "anomalies" => form with { Kind = "anomaly", Algorithm = name, Deviations = number, AlertWindow = (words.Find(word => word.Name == "alert_window")?.Text ?? "").Replace("last_", "", StringComparison.Ordinal) },
                "outliers" => form with { Kind = "outlier", OutlierAlgorithm = name, Tolerance = number },
                _ => form with { Kind = "forecast", ForecastAlgorithm = name, Deviations = number, Ahead = metric.Window.LengthText },
            };
            yield break;
        }
        form = form with { Metric = metric.Query.ToString() };
        if (metric.Change is { } change)
        {
            yield return form with { Kind = "change", Difference = change.IsPercent ? "pct_change" : "change", Shift = change.ShiftText.Replace("last_", "", StringComparison.Ordinal) };
            yield break;
        }
        if (RequestsIn(metric.Query) is { } requests)
            foreach (var (measure, _, _) in MonitorForm.Measures) yield return form with { Kind = "apm", Measure = measure, Operation = requests.Operation, Service = requests.Service, Resource = requests.Resource, Env = requests.Env };
        yield return form with { Kind = "metric" };
    }

    /// <summary>Of which requests the first metric of a query is; null when it is of none, or of others besides.</summary>
    static (string Operation, string Service, string Resource, string Env)? RequestsIn(QueryNode query)
    {
        if (query.MetricQueries.FirstOrDefault() is not { By.Count: 0 } metric || TraceMetricName.Of(metric.Metric) is not { } name) return null;
        IEnumerable<ScopeTag> tags = metric.Scope switch { ScopeAnd all => all.Children.OfType<ScopeTag>(), ScopeTag one => [one], _ => [] };
        string Of(string key) => tags.FirstOrDefault(tag => tag.Key == key)?.Value is { HasStar: false } value ? value.Text : "";
        return (name.Operation, Of("service"), Of("resource_name"), Of("env"));
    }

    static string Requests(MonitorForm form)
    {
        var scope = string.Join(',', (((string, string)[])[("env", form.Env), ("service", form.Service), ("resource_name", form.Resource)]).Where(tag => tag.Item2.Length > 0).Select(tag => $"{tag.Item1}:{Valued(tag.Item2)}"));
        var (metric, window) = ($"trace.{form.Operation}", $"(last_{form.Window})");
        if (scope.Length == 0) scope = "*";
        return form.Measure switch
        {
            "avg" => $"avg{window}:avg:{metric}{{{scope}}}",
            "rate" => $"sum{window}:100 * sum:{metric}.errors{{{scope}}}.as_count() / sum:{metric}.hits{{{scope}}}.as_count()",
            "errors" => $"sum{window}:sum:{metric}.errors{{{scope}}}.as_count()",
            "hits" => $"sum{window}:sum:{metric}.hits{{{scope}}}.as_count()",
            "persecond" => $"avg{window}:sum:{metric}.hits{{{scope}}}.as_rate()",
            var percentile => $"percentile{window}:{percentile}:{metric}{{{scope}}}",
        };
    }

    static string Found(string source, MonitorForm form, string method)
    {
        var measured = method == "count" || form.Measured.Length == 0 ? "" : ", " + Quoted(form.Measured);
        var by = Keys(form.By) is { Length: > 0 } keys ? $".by({Quoted(keys)})" : "";
        return $"{source}({Quoted(form.Search.Length == 0 ? "*" : form.Search)}).rollup({Quoted(method)}{measured}){by}.last({Quoted(form.Window)}) {form.Operator} {form.Alert}";
    }

    static string Runs(MonitorForm form, string check)
    {
        var over = Keys(form.Over) is { Length: > 0 } tags ? string.Join(',', tags.Split(',').Select(Quoted)) : "\"*\"";
        var by = Keys(form.By) is { Length: > 0 } keys ? $".by({string.Join(',', keys.Split(',').Select(Quoted))})" : "";
        return $"{Quoted(check)}.over({over}){by}.last({MostRuns(form) + 1}).count_by_status()";
    }

    /// <summary>The most runs in a row that a threshold counts.</summary>
    static int MostRuns(MonitorForm form) =>
        ((string[])[form.Alert, form.Warning, form.Ok, form.Unknown]).Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var runs) ? Math.Min(runs, ServiceCheckMonitorQuery.MaxLast - 1) : 1).Max();

    /// <summary>What is drawn of an anomaly: about five alert windows, and no fewer.</summary>
    static string Context(string alertWindow) => MonitorWindow.Of("last_" + alertWindow) is not { } window ? alertWindow : window.LengthSeconds switch { <= 900 => "4h", <= 3_600 => "12h", <= 14_400 => "1d", <= 86_400 => "1w", _ => "1mo" };

    /// <summary>A tag's value as a scope takes it: in quotes when something in it would end it.</summary>
    static string Valued(string value) => value.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':') ? value : Quoted(value);

    static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    static string Listed(IReadOnlyList<string> keys) => keys is ["*"] ? "" : string.Join(", ", keys);

    static string Keys(string typed) => string.Join(',', typed.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries));
}
