using Apm.Core.Monitors;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Evaluate;

/// <summary>How the states of monitors combine (metrics-monitors §6.8). Pure.</summary>
public static class CompositeRule
{
    /// <param name="stateOf">The state of a part.</param>
    public static MonitorState Of(CompositeNode node, Func<long, MonitorState> stateOf) => node switch
    {
        CompositePartNode part => stateOf(part.MonitorId),
        CompositeNot not => Not(Of(not.Inner, stateOf)),
        CompositeAnd and => And(Of(and.Left, stateOf), Of(and.Right, stateOf)),
        CompositeOr or => Or(Of(or.Left, stateOf), Of(or.Right, stateOf)),
        _ => throw new ArgumentOutOfRangeException(nameof(node)),
    };

    /// <summary>The less severe of two that are worth an alert; else OK.</summary>
    public static MonitorState And(MonitorState left, MonitorState right) => left != MonitorState.Ok && right != MonitorState.Ok ? (Severity(left) <= Severity(right) ? left : right) : MonitorState.Ok;

    /// <summary>The more severe.</summary>
    public static MonitorState Or(MonitorState left, MonitorState right) => Severity(left) >= Severity(right) ? left : right;

    public static MonitorState Not(MonitorState state) => state switch
    {
        MonitorState.NoData => MonitorState.NoData,
        MonitorState.Ok => MonitorState.Alert,
        _ => MonitorState.Ok,
    };

    static int Severity(MonitorState state) => state switch
    {
        MonitorState.Alert => 4,
        MonitorState.Warn => 3,
        MonitorState.NoData or MonitorState.Unknown => 2,
        _ => 1,
    };
}
