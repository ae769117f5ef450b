using Apm.Query.Frames;
using Apm.Query.Text;

namespace Apm.Query.Functions;

/// <summary>A second aggregation over series, and the smaller and larger of two.</summary>
static class AggregationFunctions
{
    static readonly FunctionParameter s_keys = new("keys", ParameterKind.Keys, "what stays apart, such as {env}; nothing joins all") { Default = "" };

    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        OverSeries("sum", "the sum of the series that are alike in the keys", BucketMethod.Sum),
        OverSeries("avg", "the mean of the series that are alike in the keys", BucketMethod.Avg),
        OverSeries("count", "how many of the series that are alike in the keys have a value", BucketMethod.Count),
        new()
        {
            Name = "percentile", Group = FunctionGroup.Aggregation, Example = "percentile(avg:system.load.1{*} by {host,env}, 'p95', {env})",
            Parameters = [FunctionParameter.OfQuery, new("percentile", ParameterKind.Text, "such as 'p95'"), s_keys],
            Summary = "the percentile over the series that are alike in the keys",
            Apply = call => Regroup(call.Query(), call.Keys("keys"), Percentile(call)),
        },
        Two("min", "the smaller of two", BucketMethod.Min), Two("max", "the larger of two", BucketMethod.Max),
    ];

    static QueryFunction OverSeries(string name, string summary, BucketMethod method) => new()
    {
        Name = name, Group = FunctionGroup.Aggregation, Parameters = [FunctionParameter.OfQuery, s_keys], Summary = summary, Example = $"{name}(avg:system.load.1{{*}} by {{host,env}}, {{env}})",
        Apply = call => Regroup(call.Query(), call.Keys("keys"), new Reducer(method)),
    };

    static QueryFunction Two(string name, string summary, BucketMethod method) => new()
    {
        Name = name, Group = FunctionGroup.Aggregation, Example = $"{name}(avg:system.load.1{{*}}, 5)",
        Parameters = [new("query", ParameterKind.Operand, "a query or a number"), new("other", ParameterKind.OperandOrKeys, "a query or a number to compare with, or keys for a second aggregation over series") { Default = "" }],
        Summary = $"{summary}, bucket by bucket; with tag keys in braces the {name} of the series that are alike in them",
        Apply = call => call.HasKeys("other")
            ? Regroup(call.Query(), call.Keys("other"), new Reducer(method))
            : FramePairs.Combine(call.Query(), call.Query("other"), method == BucketMethod.Min ? Math.Min : Math.Max, call.Node.At),
    };

    static Reducer Percentile(FunctionCall call)
    {
        if (Reducer.Of(call.Text("percentile")) is { Method: BucketMethod.Quantile } reducer) return reducer;
        throw new QueryTextException($"\"{call.Text("percentile")}\" of percentile at column {call.Node.NameAt.Column} is none. Write p and a number between 0 and 100, such as 'p95'.", call.Node.NameAt);
    }

    static SeriesFrame Regroup(SeriesFrame frame, IReadOnlyList<string> keys, Reducer reducer)
    {
        if (frame.Number is { } number) return SeriesFrame.Of(number, frame.Grid);
        var places = keys.Select(key => IndexOf(frame.Keys, key)).ToArray();
        var groups = new Dictionary<string, (string[] Group, List<FrameLine> Lines)>(StringComparer.Ordinal);
        foreach (var line in frame.Lines)
        {
            string[] group = [.. places.Select(place => place < 0 ? FrameLine.NoValue : line.Group[place])];
            var name = string.Join('\0', group);
            if (!groups.TryGetValue(name, out var entry)) groups.Add(name, entry = (group, []));
            entry.Lines.Add(line);
        }
        var grid = frame.Grid;
        return frame.With(grid, keys, [.. groups.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new FrameLine(pair.Value.Group, Join(pair.Value.Lines, frame.Fill, grid, reducer)))]);
    }

    static double[] Join(List<FrameLine> lines, FillRule fill, TimeGrid grid, Reducer reducer)
    {
        var columns = lines.Select(line =>
        {
            double[] values = [.. line.Values];
            if (lines.Count > 1 || fill.IsAsked) fill.Apply(values, grid.StepSeconds);
            return values;
        }).ToArray();
        var joined = new double[grid.Count];
        var bucket = new double[columns.Length];
        for (var i = 0; i < joined.Length; i++)
        {
            for (var series = 0; series < columns.Length; series++) bucket[series] = columns[series][i];
            joined[i] = reducer.Of(bucket);
        }
        return joined;
    }

    static int IndexOf(IReadOnlyList<string> keys, string key)
    {
        for (var i = 0; i < keys.Count; i++) if (keys[i] == key) return i;
        return -1;
    }
}
