using System.Globalization;
using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>Functions that keep some of the series, ordered by what they come to.</summary>
public static class RankFunctions
{
    /// <summary>What a series can be ranked by.</summary>
    public static readonly string[] Ranks = ["max", "mean", "min", "sum", "last", "l2norm", "area"];

    static readonly string[] s_suffixes = ["", "_mean", "_min", "_max", "_last", "_area", "_l2norm"];
    static readonly int[] s_limits = [5, 10, 15, 20];
    static readonly FunctionParameter s_limit = new("limit", ParameterKind.Number, "how many series are kept") { Least = 1, Most = 10_000 };
    static readonly FunctionParameter s_by = new("by", ParameterKind.Text, "what they are ranked by") { Choices = Ranks };
    static readonly FunctionParameter s_order = new("order", ParameterKind.Text, "'desc' keeps the largest, 'asc' the smallest") { Choices = ["desc", "asc"] };

    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        new()
        {
            Name = "top", Group = FunctionGroup.Rank, Parameters = [FunctionParameter.OfQuery, s_limit, s_by, s_order], Summary = "the series with the largest or smallest rank, in that order", Example = "top(avg:system.cpu.user{*} by {host}, 10, 'mean', 'desc')",
            Apply = call => Keep(call.Query(), 0, (int)call.Number("limit"), call.Text("by"), call.Text("order") == "desc"),
        },
        new()
        {
            Name = "top_offset", Group = FunctionGroup.Rank, Parameters = [FunctionParameter.OfQuery, s_limit, s_by, s_order, new("offset", ParameterKind.Number, "how many of the first are passed over") { Least = 0, Most = 10_000 }],
            Summary = "as top, without the first ones", Example = "top_offset(avg:system.cpu.user{*} by {host}, 5, 'max', 'desc', 5)",
            Apply = call => Keep(call.Query(), (int)call.Number("offset"), (int)call.Number("limit"), call.Text("by"), call.Text("order") == "desc"),
        },
        .. Shorthands("top", isDescending: true), .. Shorthands("bottom", isDescending: false),
    ];

    /// <summary><c>top5</c> … <c>bottom20_l2norm</c>.</summary>
    static IEnumerable<QueryFunction> Shorthands(string side, bool isDescending) =>
        from rank in s_suffixes
        from limit in s_limits
        let name = side + limit.ToString(CultureInfo.InvariantCulture) + rank
        let rankedBy = rank.Length == 0 ? "mean" : rank[1..]
        select new QueryFunction
        {
            Name = name, Family = $"{side}5 … {side}20_l2norm", Group = FunctionGroup.Rank, Parameters = [FunctionParameter.OfQuery], Summary = $"the {limit} series with the {(isDescending ? "largest" : "smallest")} {rankedBy}", Example = $"{name}(avg:system.cpu.user{{*}} by {{host}})",
            Apply = call => Keep(call.Query(), 0, limit, rankedBy, isDescending),
        };

    /// <summary>Of equal rank comes first what came first.</summary>
    public static SeriesFrame Keep(SeriesFrame frame, int offset, int limit, string by, bool isDescending)
    {
        var ranked = frame.Lines.Select(line => (Line: line, Rank: RankOf(line.Values, by, frame.Grid.StepSeconds))).Where(entry => !double.IsNaN(entry.Rank));
        var ordered = isDescending ? ranked.OrderByDescending(entry => entry.Rank) : ranked.OrderBy(entry => entry.Rank);
        return frame.With([.. ordered.Skip(offset).Take(limit).Select(entry => entry.Line)]);
    }

    /// <summary>What a series comes to; NaN when it is empty.</summary>
    public static double RankOf(ReadOnlySpan<double> values, string by, int stepSeconds)
    {
        switch (by)
        {
            case "last":
                for (var i = values.Length - 1; i >= 0; i--) if (!double.IsNaN(values[i])) return values[i];
                return double.NaN;
            case "area":
                return new Reducer(BucketMethod.Sum).Of(values) * stepSeconds;
            case "l2norm":
                var (squares, count) = (0.0, 0);
                foreach (var value in values)
                {
                    if (double.IsNaN(value)) continue;
                    squares += value * value;
                    count++;
                }
                return count == 0 ? double.NaN : Math.Sqrt(squares);
            default:
                return Reducer.Of(by)!.Value.Of(values);
        }
    }
}
