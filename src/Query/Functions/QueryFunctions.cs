using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.Query.Functions;

/// <summary>All functions there are, and the check that a query uses them as they are meant.</summary>
public static class QueryFunctions
{
    static readonly Dictionary<string, QueryFunction> s_byName;

    static QueryFunctions()
    {
        QueryFunction[] all =
        [
            .. ValueFunctions.All, .. RateFunctions.All, .. SmoothingFunctions.All, .. RankFunctions.All, .. CountFunctions.All, .. TimeshiftFunctions.All,
            .. RegressionFunctions.All, .. RollupFunctions.All, .. AggregationFunctions.All, .. AlgorithmFunctions.All,
        ];
        All = [.. all.Select(function => function.Family.Length > 0 ? function : function with { Family = function.Name })];
        s_byName = All.ToDictionary(function => function.Name, StringComparer.Ordinal);
    }

    /// <summary>In the order of the documentation.</summary>
    public static IReadOnlyList<QueryFunction> All { get; }

    /// <summary>Null when there is none of that name.</summary>
    public static QueryFunction? Find(string name) => s_byName.GetValueOrDefault(name);

    /// <summary>Looks at every function of a query.</summary>
    /// <exception cref="QueryTextException">There is no such function, or an argument does not fit.</exception>
    public static void Check(QueryNode node)
    {
        if (node is CallNode call)
        {
            FunctionArguments.Bind(Of(call), call);
            if (call.Name == "anomalies") RefuseInAnomalies(call);
        }
        foreach (var child in node.Children) Check(child);
    }

    /// <exception cref="QueryTextException">There is no such function.</exception>
    public static QueryFunction Of(CallNode call)
    {
        if (Find(call.Name) is { } function) return function;
        var nearest = NearestWord.Find(call.Name, s_byName.Keys);
        throw new QueryTextException(
            $"Unknown function \"{call.Name}\" at column {call.NameAt.Column}." + (nearest is null ? $" There are: {string.Join(", ", All.Select(known => known.Family).Distinct())}." : $" Did you mean \"{nearest}\"?"),
            call.NameAt, nearest);
    }

    /// <summary>Functions whose points depend on the whole window cannot be judged point by point.</summary>
    static readonly string[] s_notInAnomalies = ["cumsum", "integral", "outliers", "piecewise_constant", "robust_trend", "trend_line"];

    static void RefuseInAnomalies(QueryNode node)
    {
        foreach (var child in node.Children)
        {
            if (child is CallNode call && s_notInAnomalies.Contains(call.Name))
                throw new QueryTextException($"\"{call.Name}\" at column {call.NameAt.Column} cannot stand inside anomalies: its points depend on the whole window.", call.NameAt);
            RefuseInAnomalies(child);
        }
    }
}
