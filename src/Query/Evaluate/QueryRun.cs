using Apm.Core.Ports;
using Apm.Query.Frames;
using Apm.Query.Functions;
using Apm.Query.Language;
using Apm.Query.Metrics;

namespace Apm.Query.Evaluate;

/// <summary>Evaluates one query: its tree from the metrics up. Not thread-safe; one per evaluation.</summary>
sealed class QueryRun(IMetricReader reader, IHostTags hosts, IMetricUnits units, ReadBudget budget, long nowUnixSeconds, CancellationToken cancel) : IFrameSource
{
    /// <summary>Results that are known already, as those of the queries of a formula that were reduced to one value each.</summary>
    readonly Dictionary<QueryNode, SeriesFrame> _given = [];
    readonly List<string> _warnings = [];
    readonly LastRead _last = new();
    string? _conversion;
    bool _isJudged;

    public CancellationToken Cancel => cancel;

    public long NowUnixSeconds => nowUnixSeconds;

    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>See <see cref="MetricLeaf.JoinsWindow"/>.</summary>
    public bool JoinsWindow { get; init; }

    /// <summary>Metric queries that found no series.</summary>
    public List<MetricQuery> Empty { get; } = [];

    /// <summary>Keys that a query is grouped by and none of its series has.</summary>
    public List<(MetricQuery Query, GroupKey Key)> KeysOfNone { get; } = [];

    /// <summary>How long the points of the metrics last at least; buckets should not be narrower. 0 when that is not known.</summary>
    public int PointSeconds { get; private set; }

    public void Give(QueryNode node, SeriesFrame frame) => _given[node] = frame;

    public void Warn(string sentence)
    {
        if (!_warnings.Contains(sentence)) _warnings.Add(sentence);
    }

    public SeriesFrame Evaluate(QueryNode node, TimeGrid grid)
    {
        cancel.ThrowIfCancellationRequested();
        if (_given.TryGetValue(node, out var given)) return given;
        return node switch
        {
            NumberNode number => SeriesFrame.Of(number.Value, grid),
            NegateNode negate => Negate(Evaluate(negate.Inner, grid)),
            BinaryNode binary => Combine(binary, grid),
            MetricQuery query => Leaf(query, grid, []),
            CallNode call => Call(call, grid),
            _ => throw new InvalidOperationException($"A query has a node that nobody evaluates: {node.GetType().Name}."),
        };
    }

    static SeriesFrame Negate(SeriesFrame frame) => frame.Number is { } number ? SeriesFrame.Of(-number, frame.Grid) : frame.MapValues(value => -value);

    SeriesFrame Combine(BinaryNode binary, TimeGrid grid)
    {
        var (left, right) = (Evaluate(binary.Left, grid), Evaluate(binary.Right, grid));
        var hasNumber = left.Number is not null || right.Number is not null;
        return binary.Sign switch
        {
            '+' => FramePairs.Combine(left, right, static (a, b) => a + b, binary.At),
            '-' => FramePairs.Combine(left, right, static (a, b) => a - b, binary.At),
            '*' => FramePairs.Combine(left, right, static (a, b) => a * b, binary.At, keepsUnit: hasNumber),
            _ => FramePairs.Combine(left, right, static (a, b) => a / b, binary.At, keepsUnit: right.Number is not null),
        };
    }

    SeriesFrame Leaf(MetricQuery query, TimeGrid grid, IReadOnlyList<QueryFunction> perSeries)
    {
        var leaf = new MetricLeaf(query, _conversion, perSeries, reader, hosts, _last) { JoinsWindow = JoinsWindow, NowUnixSeconds = nowUnixSeconds };
        var frame = leaf.Evaluate(grid, units, cancel);
        budget.Take((long)leaf.SeriesCount * grid.Count);
        if (leaf.SeriesCount == 0 && !Empty.Contains(query)) Empty.Add(query);
        for (var i = 0; i < query.By.Count; i++)
            if (frame.Lines.Count > 0 && frame.Lines.All(line => line.Group[i] == FrameLine.NoValue) && !KeysOfNone.Contains((query, query.By[i]))) KeysOfNone.Add((query, query.By[i]));
        PointSeconds = Math.Max(PointSeconds, _isJudged ? leaf.SampledSeconds : leaf.PointSeconds);
        return frame;
    }

    SeriesFrame Call(CallNode call, TimeGrid grid)
    {
        var around = _conversion;
        _conversion = call.Modifiers.FirstOrDefault(modifier => modifier.Name is Modifier.AsCount or Modifier.AsRate)?.Name ?? around;
        try
        {
            var frame = call.Modifiers.FirstOrDefault(modifier => modifier is { Name: Modifier.Rollup, Seconds: not null }) is { } rollup && rollup.Seconds > grid.StepSeconds
                ? RollupFunctions.Rollup((fine, _) => Apply(call, fine), grid, Reducer.Of(rollup.Method ?? "avg")!.Value, rollup.Seconds.Value)
                : Apply(call, grid);
            return call.Modifiers.FirstOrDefault(modifier => modifier.Name == Modifier.Fill) is { } fill ? Filled(frame, MetricLeaf.RuleOf(fill)) : frame;
        }
        finally
        {
            _conversion = around;
        }
    }

    SeriesFrame Apply(CallNode call, TimeGrid grid)
    {
        var function = QueryFunctions.Of(call);
        var isJudged = _isJudged;
        _isJudged |= function.JudgesPoints;
        try
        {
            return PerSeries(call, grid) ?? function.Apply(new FunctionCall(call, FunctionArguments.Bind(function, call), grid, this));
        }
        finally
        {
            _isJudged = isJudged;
        }
    }

    /// <summary>Functions of single series, one around the other, directly around a metric: they are worked out before its series are joined.</summary>
    SeriesFrame? PerSeries(CallNode call, TimeGrid grid)
    {
        var functions = new List<QueryFunction>();
        QueryNode node = call;
        while (node is CallNode inner && QueryFunctions.Of(inner) is { PerSeries: not null } function && (node == call || inner.Modifiers.Count == 0))
        {
            functions.Insert(0, function);
            node = inner.Children.First();
        }
        return functions.Count > 0 && node is MetricQuery query && !_given.ContainsKey(query) ? Leaf(query, grid, functions) : null;
    }

    static SeriesFrame Filled(SeriesFrame frame, FillRule rule)
    {
        var filled = frame.Map(values =>
        {
            double[] copy = [.. values];
            rule.Apply(copy, frame.Grid.StepSeconds);
            return copy;
        });
        return new SeriesFrame(filled.Grid, filled.Keys, filled.Lines) { Number = frame.Number, Fill = rule, IsCount = frame.IsCount, Unit = frame.Unit, PerUnit = frame.PerUnit };
    }
}
