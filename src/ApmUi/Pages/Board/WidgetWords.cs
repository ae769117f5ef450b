using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Apm.Core.Dashboards;
using Apm.Query.Filters;
using Apm.Query.Language;
using Apm.Query.Metrics;
using Apm.Query.Text;

namespace Apm.ApmUi.Pages.Board;

/// <summary>Words and links about a widget.</summary>
public static class WidgetWords
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What stands over a widget without a title.</summary>
    public static string TitleFor(WidgetContent content) => content.Kind switch
    {
        WidgetKind.ServiceSummary => content.Service,
        WidgetKind.TraceList => "Traces",
        WidgetKind.MonitorState => "Monitors",
        WidgetKind.EventList => "Events",
        WidgetKind.CheckStatus => content.Subject,
        WidgetKind.Objectives => content.Type == "slo" ? "Service level objective" : "Service level objectives",
        WidgetKind.Unknown => content.Type.Length > 0 ? content.Type : "Not drawn",
        _ => content.Requests is [var first, ..] ? first.Query : content.Type,
    };

    /// <summary>Its queries as one text, with the variables' values in place of their names.</summary>
    public static string QueryFor(WidgetContent content, BoardVariables variables)
    {
        var text = string.Join(", ", content.Queries);
        foreach (var one in variables.All.OrderByDescending(one => one.Variable.Name.Length)) // $host1 before $host.
        {
            var value = one.Values.Contains("*") ? "*" : string.Join(" OR ", one.Values.Select(one.Variable.TagOf)) is var tags && one.Values.Count > 1 ? $"({tags})" : tags;
            text = text.Replace($"${one.Variable.Name}.value", one.Values[0], StringComparison.Ordinal).Replace("$" + one.Variable.Name, value, StringComparison.Ordinal);
        }
        return text;
    }

    /// <summary>A query in a few words, for the head of a column: of one metric its aggregator and name; else the whole.</summary>
    public static string ShortOf(string query)
    {
        try
        {
            return MetricQueryParser.Parse(query).Queries is [MetricQuery one] ? $"{one.Aggregator?.Name ?? "avg"} {one.Metric}" : query;
        }
        catch (QueryTextException)
        {
            return query;
        }
    }

    /// <summary>A search of the traces that its first metric of traces is made from: their operation, and the service when one is asked for. Null when it draws none.</summary>
    public static string? TracesBehind(WidgetContent content, BoardVariables variables)
    {
        foreach (var metric in MetricsIn(QueryFor(content, variables)))
        {
            if (TraceMetricName.Of(metric.Metric) is not { } name) continue;
            var filter = TraceFilter.Empty.With("operation_name", name.Operation);
            var conditions = metric.Scope is ScopeAnd all ? all.Children : metric.Scope is { } one ? [one] : [];
            if (conditions.OfType<ScopeTag>().FirstOrDefault(tag => tag.Key == "service")?.Value is { HasStar: false } service) filter = filter.With("service", service.Text);
            if (name.Measure == TraceMeasure.Errors) filter = filter.With("status", "error");
            return filter.ToString();
        }
        return null;
    }

    /// <summary>JSON with a member a line.</summary>
    public static string Pretty(string json) => Pretty(JsonNode.Parse(json)!);

    /// <inheritdoc cref="Pretty(string)"/>
    public static string Pretty(JsonNode json) => json.ToJsonString(Indented);

    static IEnumerable<MetricQuery> MetricsIn(string query)
    {
        try
        {
            return [.. MetricQueryParser.Parse(query).Queries.SelectMany(one => one.MetricQueries)];
        }
        catch (QueryTextException)
        {
            return [];
        }
    }
}
