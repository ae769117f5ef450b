using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Query.Language;

namespace Apm.Monitors.Rules;

/// <summary>What the API says of a rule by itself: its name when none was given, and its type as it answers it (metrics-monitors §4.12).</summary>
public static class RuleText
{
    /// <summary>Such as <c>**my_metric** over ***** was **> 800.0** on average during the **last 5m**.</c></summary>
    public static string NameOf(MonitorQuery query)
    {
        if (query is not MetricMonitorQuery { Query: MetricQuery metric, Change: null } asked) return query.ToString();
        var how = asked.Aggregator switch
        {
            TimeAggregator.Sum => "in total",
            TimeAggregator.Min => "at all times",
            TimeAggregator.Max => "at least once",
            TimeAggregator.Percentile => $"at {metric.Aggregator}",
            _ => "on average",
        };
        return $"**{metric.Metric}** over **{metric.ScopeText}** was **{asked.Compared.Comparison} {NumberText.PrintFloat(asked.Compared.Threshold)}** {how} during the **{asked.Window.ToString().Replace('_', ' ')}**.";
    }

    /// <summary>A threshold on one metric that was sent as a metric alert stays one; every other metric query is a query alert.</summary>
    public static string TypeOf(string sent, MonitorQuery query) => sent is MonitorTypes.Metric or MonitorTypes.Query ? (sent == MonitorTypes.Metric && query is MetricMonitorQuery { IsPlain: true } ? MonitorTypes.Metric : MonitorTypes.Query) : sent;

    /// <summary>Alert, Warn, No Data, OK, Unknown: as the API spells them.</summary>
    public static string Word(this MonitorState state) => state switch
    {
        MonitorState.Ok => "OK",
        MonitorState.NoData => "No Data",
        _ => state.ToString(),
    };

    /// <summary>The worst of some states: Alert, Warn, Unknown, No Data, OK; No Data of none.</summary>
    public static MonitorState Worst(IEnumerable<MonitorState> states) => states.Select(state => (MonitorState?)state).MaxBy(state => state!.Value.Gravity()) ?? MonitorState.NoData;

    /// <summary>How bad a state is, for lists that begin with the worst: Alert, Warn, Unknown, No Data, OK.</summary>
    public static int Gravity(this MonitorState state) => state switch { MonitorState.Alert => 4, MonitorState.Warn => 3, MonitorState.Unknown => 2, MonitorState.NoData => 1, _ => 0 };
}
