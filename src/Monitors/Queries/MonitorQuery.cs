using Apm.Query.Language;

namespace Apm.Monitors.Queries;

/// <summary>What a monitor asks, as a tree. It prints itself as text that reads back as the same.</summary>
/// <remarks>Immutable.</remarks>
public abstract record MonitorQuery
{
    /// <summary>Tag keys that make its groups; empty for one state.</summary>
    public abstract IReadOnlyList<string> GroupKeys { get; }

    /// <summary>Whether each group has a state of its own. Of a composite its parts decide.</summary>
    public virtual bool IsMulti => GroupKeys.Count > 0;

    /// <summary>How often it is evaluated, in seconds.</summary>
    public virtual int PeriodSeconds => 60;

    /// <summary>How long it looks back, in seconds; 0 when it looks at what is newest.</summary>
    public virtual long WindowSeconds => 0;

    /// <summary>What values are compared with; null when the kind has no such thing.</summary>
    public virtual QueryCondition? Condition => null;

    /// <summary>Whether it counts: then what does not come is 0, and no missing data.</summary>
    public virtual bool IsCount => false;

    /// <summary>As it is written.</summary>
    public sealed override string ToString() => Print();

    /// <summary>The text.</summary>
    protected abstract string Print();
}

/// <summary>What stands behind a query: an operator and a number.</summary>
public sealed record QueryCondition(ThresholdComparison Comparison, double Threshold)
{
    public override string ToString() => $"{Comparison} {NumberText.Print(Threshold)}";
}

/// <summary>How the points of a window become the value that is compared.</summary>
public enum TimeAggregator
{
    Avg,
    Sum,
    Min,
    Max,

    /// <summary>The query's own percentile, of all values of the window together.</summary>
    Percentile,
}

/// <summary>A value against the same value some time before.</summary>
/// <param name="IsPercent">Relative, in percent of the earlier value.</param>
/// <param name="ShiftText">As it is written: <c>last_30m</c> or <c>30m_ago</c>.</param>
public sealed record ChangeOver(bool IsPercent, long ShiftSeconds, string ShiftText);

/// <summary>A metric query over a window: <c>avg(last_5m):avg:my_metric{*} > 800</c> (metrics-monitors §6.2).</summary>
/// <param name="ShiftSeconds">How much earlier the window lies; 0 for none.</param>
/// <param name="ShiftText">As it is written; "" for none.</param>
/// <param name="Change">Null when the value itself is compared.</param>
public sealed record MetricMonitorQuery(TimeAggregator Aggregator, MonitorWindow Window, long ShiftSeconds, string ShiftText, ChangeOver? Change, QueryNode Query, QueryCondition Compared) : MonitorQuery
{
    public override IReadOnlyList<string> GroupKeys { get; } = KeysOf(Query);

    public override int PeriodSeconds => Window.PeriodSeconds;

    public override long WindowSeconds => Window.LengthSeconds;

    public override QueryCondition Condition => Compared;

    /// <summary>The function around it that judges points itself: <c>anomalies</c>, <c>outliers</c>, <c>forecast</c>; null for none.</summary>
    public CallNode? Algorithm => Query is CallNode { Name: "anomalies" or "outliers" or "forecast" } call ? call : null;

    /// <summary>A threshold on one metric without groups, what Datadog calls a metric alert.</summary>
    public bool IsPlain => Query is MetricQuery { By.Count: 0 } && Change is null;

    protected override string Print()
    {
        var aggregator = Aggregator.ToString().ToLowerInvariant();
        var window = Change is { } change ? $"{(change.IsPercent ? "pct_change" : "change")}({aggregator}({Window}),{change.ShiftText})"
            : ShiftText.Length > 0 ? $"{aggregator}({Window},{ShiftText})"
            : $"{aggregator}({Window})";
        return $"{window}:{Query} {Compared}";
    }

    /// <summary>The keys that come out of a query: those of a second aggregation, or of the metrics beneath.</summary>
    static IReadOnlyList<string> KeysOf(QueryNode node)
    {
        if (node is MetricQuery metric) return [.. metric.By.Select(key => key.Key)];
        if (node is CallNode call && call.Arguments.OfType<KeysArgument>().FirstOrDefault() is { } keys) return keys.Keys;
        IReadOnlyList<string> longest = [];
        foreach (var child in node.Children)
            if (KeysOf(child) is var found && found.Count > longest.Count) longest = found;
        return longest;
    }
}

/// <summary>Runs of a service check: <c>"mysql.can_connect".over("*").by("host").last(4).count_by_status()</c> (metrics-monitors §6.3).</summary>
/// <param name="Over">Tags of which all must hold; <c>*</c> for all runs.</param>
/// <param name="Exclude">Tags of which none may hold.</param>
/// <param name="By">Keys of the groups; <c>*</c> for one group of each set of tags.</param>
/// <param name="Last">How many of the newest runs are looked at.</param>
/// <param name="IsPercent">Whether thresholds are percentages of the members of a group, as with <c>pct_by_status()</c>.</param>
public sealed record ServiceCheckMonitorQuery(string Check, IReadOnlyList<string> Over, IReadOnlyList<string> Exclude, IReadOnlyList<string> By, int Last, bool IsPercent) : MonitorQuery
{
    /// <summary>Most runs that a query may ask for; Datadog's figure.</summary>
    public const int MaxLast = 100;

    public override IReadOnlyList<string> GroupKeys => By;

    public override bool IsMulti => By.Count > 0 && !IsPercent;

    protected override string Print()
    {
        var text = $"{CallChain.Quoted(Check)}.over({Join(Over)})";
        if (Exclude.Count > 0) text += $".exclude({Join(Exclude)})";
        if (By.Count > 0) text += $".by({Join(By)})";
        return text + $".last({NumberText.Print(Last)}).{(IsPercent ? "pct_by_status" : "count_by_status")}()";
    }

    static string Join(IEnumerable<string> texts) => string.Join(",", texts.Select(CallChain.Quoted));
}

/// <summary>Events or spans, counted or computed: <c>events("source:deploy").rollup("count").by("env").last("5m") > 0</c> (metrics-monitors §6.1).</summary>
/// <param name="Source"><c>events</c> or <c>trace-analytics</c>.</param>
/// <param name="Search">In the words of the source.</param>
/// <param name="Method"><c>count</c>, <c>cardinality</c>, <c>avg</c>, <c>sum</c>, <c>min</c>, <c>max</c>, <c>median</c>, or <c>pc</c> and a percentage.</param>
/// <param name="Measure">What is computed with; "" for none.</param>
public sealed record SearchMonitorQuery(string Source, string Search, string Method, string Measure, IReadOnlyList<string> By, MonitorWindow Window, QueryCondition Compared) : MonitorQuery
{
    public const string Events = "events";
    public const string Spans = "trace-analytics";

    public override IReadOnlyList<string> GroupKeys => By;

    public override int PeriodSeconds => Window.PeriodSeconds;

    public override long WindowSeconds => Window.LengthSeconds;

    public override QueryCondition Condition => Compared;

    public override bool IsCount => Method is "count" or "cardinality";

    protected override string Print()
    {
        var measure = Measure.Length > 0 ? ", " + CallChain.Quoted(Measure) : "";
        var by = By.Count > 0 ? $".by({CallChain.Quoted(string.Join(",", By))})" : "";
        return $"{Source}({CallChain.Quoted(Search)}).rollup({CallChain.Quoted(Method)}{measure}){by}.last({CallChain.Quoted(Window.LengthText)}) {Compared}";
    }
}

/// <summary>States of other monitors: <c>123 &amp;&amp; ( !456 || 789 )</c> (metrics-monitors §6.8).</summary>
public sealed record CompositeMonitorQuery(CompositeNode Root) : MonitorQuery
{
    /// <summary>Most monitors in one; Datadog's figure.</summary>
    public const int MaxParts = 10;

    /// <summary>Its monitors, each once, in the order of the text; the first is called a, the second b, and so on.</summary>
    public IReadOnlyList<long> Parts { get; } = [.. Root.Parts.Distinct()];

    public override IReadOnlyList<string> GroupKeys => [];

    protected override string Print() => Root.ToString();
}
