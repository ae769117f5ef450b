using Apm.ApmUi.Links;
using Apm.Core.Dashboards;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.ApmUi.Pages.Board;

/// <summary>A template variable and what it stands for now.</summary>
/// <param name="Values">Without the key; <c>*</c> for everything.</param>
/// <param name="IsUsed">Whether a query of the board speaks of it.</param>
public sealed record ChosenVariable(TemplateVariable Variable, IReadOnlyList<string> Values, bool IsUsed)
{
    /// <summary>Its parameter in the address, named as the original names it.</summary>
    public string Parameter => BoardVariables.Prefix + Variable.Name;

    /// <summary>As it stands in the address.</summary>
    public string Text => string.Join(',', Values);
}

/// <summary>The template variables of a board, with the values that the address says or the board itself.</summary>
public sealed record BoardVariables(IReadOnlyList<ChosenVariable> All)
{
    /// <summary>Most values offered for a variable; default 200. Others can be typed.</summary>
    public const int MaxChoices = 200;

    /// <summary>Before a variable's name in an address.</summary>
    public const string Prefix = "tpl_var_";

    /// <summary>Metrics of the board whose tags are looked at for values to offer.</summary>
    const int LookedAtMetrics = 12;

    /// <summary>Series of each of them.</summary>
    const int LookedAtSeries = 20_000;

    public static BoardVariables None { get; } = new([]);

    /// <summary>Reads the address.</summary>
    public static BoardVariables Of(Dashboard board, PageUrl url) => new(
    [
        .. (board.Variables ?? []).Select(variable =>
        {
            // The frame's choice of an environment holds for a variable of that key.
            var typed = url[Prefix + variable.Name] ?? (variable.Prefix == "env" ? url["env"] : null);
            var values = (typed is null ? variable.Defaults : typed.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Select(variable.ValueOf).ToList();
            return new ChosenVariable(variable, values.Count > 0 ? values : ["*"], ImportReport.IsUsed(board, variable));
        }),
    ]);

    /// <summary>What queries need to know.</summary>
    public QueryOptions Options() => new() { GivesHints = true, Variables = All.ToDictionary(one => one.Variable.Name, one => (IReadOnlyList<string>)[.. one.Values.Select(one.Variable.TagOf)], StringComparer.Ordinal) };

    /// <summary>A text with values in place of <c>$name</c> and <c>$name.value</c>: what is no query of metrics knows no tags there.</summary>
    public string ValueIn(string text)
    {
        foreach (var one in All.OrderByDescending(one => one.Variable.Name.Length)) // $host1 before $host.
            text = text.Replace($"${one.Variable.Name}.value", one.Values[0], StringComparison.Ordinal).Replace("$" + one.Variable.Name, one.Values[0], StringComparison.Ordinal);
        return text;
    }

    /// <summary>As parameters of an address.</summary>
    public IEnumerable<(string Name, string? Value)> Parameters() => All.Select(one => (one.Parameter, (string?)one.Text));

    /// <summary>Values that a variable may have: those that its board names, else those of its key in the metrics that the board draws.</summary>
    /// <exception cref="StoreUnavailableException">The metrics cannot be read. Safe to retry.</exception>
    public static IReadOnlyList<string> Choices(TemplateVariable variable, IEnumerable<string> queries, IMetricReader reader, TimeRange range)
    {
        if (variable.Available.Count > 0) return [.. variable.Available.Select(variable.ValueOf).Take(MaxChoices)];
        if (variable.Prefix is not { } key) return [];
        var values = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var metric in queries.SelectMany(MetricsIn).Distinct().Take(LookedAtMetrics))
            foreach (var series in reader.Series(metric, range.FromUnixNanos / UnixTime.NanosPerSecond).Take(LookedAtSeries))
                foreach (var value in series.Key.Tags.ValuesOf(key)) values.Add(value);
        return [.. values.Take(MaxChoices)];
    }

    static IEnumerable<string> MetricsIn(string query)
    {
        try
        {
            return [.. MetricQueryParser.Parse(query).Queries.SelectMany(one => one.MetricQueries).Select(one => one.Metric)];
        }
        catch (QueryTextException)
        {
            return []; // Its widget says so.
        }
    }
}
