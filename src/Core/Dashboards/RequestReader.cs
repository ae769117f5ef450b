using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Apm.Core.Dashboards;

/// <summary>Makes metric queries of a widget's request: <c>q</c> as it stands, or formulas with their queries put in.</summary>
static partial class RequestReader
{
    /// <summary>Requests about what is not numbers over time.</summary>
    static readonly string[] OfOtherProducts = ["log_query", "apm_query", "process_query", "rum_query", "network_query", "security_query", "event_query", "audit_query", "profile_metrics_query", "apm_stats_query"];

    /// <summary>Comparisons and orders of a change widget, whose present values are shown, and of lists, which are ordered by value.</summary>
    static readonly string[] Ordering = ["change_type", "order_dir", "compare_to", "increase_good", "order_by", "extra_col", "show_present", "order", "sort", "response_format", "request_type", "cell_display_mode", "on_right_yaxis"];

    /// <param name="ranks">Whether the widget orders and limits its rows itself; the queries of others keep no more series than a formula's limit.</param>
    public static IEnumerable<WidgetRequest> Read(BoardFields fields, bool ranks, List<WidgetNote> notes)
    {
        fields.Know(Ordering);
        var style = fields.Object("style");
        style.Know("order_by", "line_interpolation", "has_value_labels");
        var draw = fields.Text("display_type") is { Length: > 0 } type ? type : fields.Text("type"); // The old name.
        if (draw == "overlay") notes.Add(new WidgetNote(fields.PathOf("display_type"), true, "Drawn as lines."));
        fields.Know("stacked");
        var common = new WidgetRequest("")
        {
            Draw = draw is "area" or "bars" ? draw : "line",
            IsDashed = (style.Text("line_type") is { Length: > 0 } line ? line : style.Text("type")) is "dashed" or "dotted",
            LineWidth = (style.Text("line_width") is { Length: > 0 } width ? width : style.Text("width")) is var named && named is "thin" or "thick" ? named : "normal",
            Palette = style.Text("palette"),
            Aggregator = AggregatorOf(fields.Text("aggregator"), "avg"),
            Limit = CountOf(fields.Number("limit")),
            IsAscending = fields.Text("order") == "asc",
            Formats = FormatsOf(fields),
            Aliases = AliasesOf(fields),
        };
        foreach (var other in OfOtherProducts)
            if (fields.Any(other) is not null) notes.Add(new WidgetNote(fields.PathOf(other), false, "Only metric queries are drawn."));
        if (fields.Text("q") is { Length: > 0 } query) return [common with { Query = query }];
        var queries = fields.Objects("queries");
        return queries.Count == 0 ? [] : OfFormulas(fields, queries, common, ranks, notes);
    }

    static IEnumerable<WidgetRequest> OfFormulas(BoardFields fields, IReadOnlyList<BoardFields> queries, WidgetRequest common, bool ranks, List<WidgetNote> notes)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var aggregator = common.Aggregator;
        foreach (var query in queries)
        {
            query.Know("semantic_mode", "cross_org_uuids");
            var name = query.Text("name");
            if (query.Text("data_source") is not ("metrics" or "" or "cloud_cost"))
            {
                notes.Add(new WidgetNote(query.PathOf("data_source"), false, $"Only metric queries are drawn, so nothing is drawn that needs \"{name}\"."));
                continue;
            }
            texts[name] = query.Text("query");
            aggregator = AggregatorOf(query.Text("aggregator"), aggregator);
        }
        common = common with { Aggregator = aggregator };
        var formulas = fields.Objects("formulas");
        if (formulas.Count == 0)
        {
            foreach (var text in texts.Values) yield return common with { Query = text };
            yield break;
        }
        var (sorted, sortCount, isSortedUp) = ranks ? SortOf(fields) : (-1, null, false);
        // Of a scatter plot the one across comes first, however they are written.
        foreach (var (i, formula) in formulas.Index().OrderBy(formula => formula.Item.Text("dimension") == "y"))
        {
            formula.Know("style", "number_format", "cell_display_mode", "cell_display_mode_options");
            var limit = formula.Object("limit");
            var (count, isAscending) = (CountOf(limit.Number("count")), limit.Text("order") == "asc");
            if (count is null && i == sorted) (count, isAscending) = (sortCount, isSortedUp);
            if (Filled(formula.Text("formula"), texts) is not { } filled) continue;
            var alias = formula.Text("alias");
            yield return common with
            {
                Query = !ranks && count is { } most ? string.Create(CultureInfo.InvariantCulture, $"top({filled}, {most}, '{RankOf(aggregator)}', '{(isAscending ? "asc" : "desc")}')") : filled,
                Limit = count ?? common.Limit,
                IsAscending = count is null && i != sorted ? common.IsAscending : isAscending,
                Aliases = alias.Length > 0 ? new Dictionary<string, string> { [""] = alias } : common.Aliases,
                Formats = common.Formats.Count > 0 ? common.Formats : FormatsOf(formula),
            };
        }
    }

    /// <summary>The newer way to say a list's order: by which formula, how many rows, and whether the smallest come first; -1 when it is not by a formula.</summary>
    static (int Formula, int? Count, bool IsAscending) SortOf(BoardFields fields)
    {
        var sort = fields.Object("sort");
        return sort.Objects("order_by") is [var first, ..] && first.Text("type") == "formula" ? ((int)(first.Number("index") ?? 0), CountOf(sort.Number("count")), first.Text("order") == "asc") : (-1, null, false);
    }

    static int? CountOf(double? given) => given is { } count ? (int)Math.Clamp(count, 1, 1000) : null;

    /// <summary>By what series are ranked that become one value so.</summary>
    static string RankOf(string aggregator) => aggregator switch { "avg" or "percentile" => "mean", _ => aggregator };

    /// <summary>The formula with each query's text in place of its name; null when it needs one that is not drawn.</summary>
    static string? Filled(string formula, Dictionary<string, string> queries)
    {
        if (queries.TryGetValue(formula.Trim(), out var alone)) return alone;
        var isMissing = false;
        var filled = Names().Replace(formula, match =>
        {
            if (queries.TryGetValue(match.Value, out var query)) return $"({query})";
            // A function is followed by its bracket; other words may be named arguments, or in quotes.
            isMissing |= QueryName().IsMatch(match.Value);
            return match.Value;
        });
        return isMissing ? null : filled;
    }

    static string AggregatorOf(string written, string otherwise) => written switch { "avg" or "sum" or "min" or "max" or "last" => written, "percentile" or "area" or "l2norm" => written, _ => otherwise };

    static List<ValueFormat> FormatsOf(BoardFields fields) =>
    [
        .. from format in fields.Objects("conditional_formats")
           let tone = ToneOf(Known(format).Text("palette"))
           let value = format.Number("value")
           where value is not null
           select new ValueFormat(format.Text("comparator"), value.Value, tone),
    ];

    static BoardFields Known(BoardFields format)
    {
        format.Know("custom_fg_color", "custom_bg_color", "image_url", "hide_value", "metric", "timeframe", "invert");
        return format;
    }

    static string ToneOf(string palette) => palette.Contains("red", StringComparison.Ordinal) ? "error"
        : palette.Contains("yellow", StringComparison.Ordinal) || palette.Contains("orange", StringComparison.Ordinal) ? "warn"
        : palette.Contains("green", StringComparison.Ordinal) ? "ok" : "none";

    /// <summary>A list of <c>{expression, alias_name}</c>, or in old boards a map of the expression to <c>{alias}</c>.</summary>
    static Dictionary<string, string> AliasesOf(BoardFields fields)
    {
        var aliases = new Dictionary<string, string>(StringComparer.Ordinal);
        switch (fields.Any("metadata"))
        {
            case { ValueKind: JsonValueKind.Array }:
                foreach (var item in fields.Objects("metadata"))
                    if (item.Text("alias_name") is { Length: > 0 } alias) aliases[item.Text("expression")] = alias;
                break;
            case { ValueKind: JsonValueKind.Object } map:
                foreach (var member in map.EnumerateObject())
                    if (new BoardFields(member.Value, "").Text("alias") is { Length: > 0 } alias) aliases[member.Name] = alias;
                break;
        }
        return aliases;
    }

    [GeneratedRegex(@"(?<![\w.'""])[A-Za-z_]\w*(?![\w.'""(]|\s*[(=])")]
    private static partial Regex Names();

    /// <summary>What queries are named by the usual editors: <c>a</c>, <c>query1</c>.</summary>
    [GeneratedRegex(@"^(?:[a-z]|query\d+)$")]
    private static partial Regex QueryName();
}
