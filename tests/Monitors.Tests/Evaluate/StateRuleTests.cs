using Apm.Core.Monitors;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Tests.Evaluate;

public class StateRuleTests
{
    [Theory]
    //          sign  critical warning  recovers warning recovers  before               value  to
    [InlineData(">", 800.0, 500.0, null, null, MonitorState.Ok, 450.0, MonitorState.Ok)]
    [InlineData(">", 800.0, 500.0, null, null, MonitorState.Ok, 500.0, MonitorState.Ok)]
    [InlineData(">", 800.0, 500.0, null, null, MonitorState.Ok, 500.1, MonitorState.Warn)]
    [InlineData(">", 800.0, 500.0, null, null, MonitorState.Alert, 800.0, MonitorState.Warn)]
    [InlineData(">", 800.0, 500.0, null, null, MonitorState.Warn, 800.1, MonitorState.Alert)]
    [InlineData(">", 800.0, 500.0, 700.0, 400.0, MonitorState.Alert, 700.1, MonitorState.Alert)]
    [InlineData(">", 800.0, 500.0, 700.0, 400.0, MonitorState.Alert, 700.0, MonitorState.Warn)]
    [InlineData(">", 800.0, 500.0, 700.0, 400.0, MonitorState.Warn, 750.0, MonitorState.Warn)]
    [InlineData(">", 800.0, 500.0, 700.0, 400.0, MonitorState.Warn, 400.1, MonitorState.Warn)]
    [InlineData(">", 800.0, 500.0, 700.0, 400.0, MonitorState.Alert, 450.0, MonitorState.Warn)]
    [InlineData(">", 800.0, 500.0, 700.0, 400.0, MonitorState.Warn, 400.0, MonitorState.Ok)]
    [InlineData(">", 800.0, 500.0, 700.0, 400.0, MonitorState.Ok, 450.0, MonitorState.Ok)]
    [InlineData(">=", 1.0, null, null, null, MonitorState.Ok, 1.0, MonitorState.Alert)]
    [InlineData(">=", 10.0, null, 5.0, null, MonitorState.Alert, 5.0, MonitorState.Alert)]
    [InlineData(">=", 10.0, null, 5.0, null, MonitorState.Alert, 4.9, MonitorState.Ok)]
    [InlineData("<", 10.0, 20.0, null, null, MonitorState.Ok, 15.0, MonitorState.Warn)]
    [InlineData("<", 10.0, 20.0, 12.0, null, MonitorState.Alert, 11.9, MonitorState.Alert)]
    [InlineData("<", 10.0, 20.0, 12.0, null, MonitorState.Alert, 12.0, MonitorState.Warn)]
    [InlineData("<=", 10.0, null, null, null, MonitorState.Ok, 10.0, MonitorState.Alert)]
    [InlineData("==", 3.0, null, null, null, MonitorState.Ok, 3.0, MonitorState.Alert)]
    [InlineData("!=", 3.0, null, null, null, MonitorState.Alert, 3.0, MonitorState.Ok)]
    public void Moves(string sign, double critical, double? warning, double? criticalRecovery, double? warningRecovery, MonitorState before, double value, MonitorState to)
    {
        var thresholds = new MonitorThresholds { Critical = critical, Warning = warning, CriticalRecovery = criticalRecovery, WarningRecovery = warningRecovery };

        Assert.Equal(to, StateRule.Of(value, value, new QueryCondition(new ThresholdComparison(sign), critical), thresholds, before));
    }

    [Theory]
    [InlineData(0.5, MonitorState.Alert)]
    [InlineData(0.0, MonitorState.Ok)]
    public void Anomalies_recover_by_the_recovery_window_at_the_threshold_itself(double recoveryShare, MonitorState to)
    {
        var thresholds = new MonitorThresholds { Critical = 1, CriticalRecovery = 0 };

        Assert.Equal(to, StateRule.Of(0.2, recoveryShare, new QueryCondition(new ThresholdComparison(">="), 1), thresholds, MonitorState.Alert, recoversAtThreshold: true));
    }

    [Theory]
    [InlineData(MonitorState.Alert, MonitorState.Warn, MonitorState.Warn, MonitorState.Alert)]
    [InlineData(MonitorState.Alert, MonitorState.Ok, MonitorState.Ok, MonitorState.Alert)]
    [InlineData(MonitorState.Warn, MonitorState.Ok, MonitorState.Ok, MonitorState.Warn)]
    [InlineData(MonitorState.NoData, MonitorState.Warn, MonitorState.NoData, MonitorState.Warn)]
    [InlineData(MonitorState.NoData, MonitorState.Ok, MonitorState.Ok, MonitorState.NoData)]
    [InlineData(MonitorState.NoData, MonitorState.NoData, MonitorState.NoData, MonitorState.NoData)]
    [InlineData(MonitorState.Alert, MonitorState.NoData, MonitorState.NoData, MonitorState.Alert)]
    [InlineData(MonitorState.Ok, MonitorState.Ok, MonitorState.Ok, MonitorState.Ok)]
    public void Composites_combine(MonitorState left, MonitorState right, MonitorState and, MonitorState or)
    {
        Assert.Equal((and, or), (CompositeRule.And(left, right), CompositeRule.Or(left, right)));
        Assert.Equal((and, or), (CompositeRule.And(right, left), CompositeRule.Or(right, left)));
    }

    [Theory]
    [InlineData(MonitorState.NoData, MonitorState.NoData)]
    [InlineData(MonitorState.Alert, MonitorState.Ok)]
    [InlineData(MonitorState.Warn, MonitorState.Ok)]
    [InlineData(MonitorState.Ok, MonitorState.Alert)]
    public void Composites_negate(MonitorState state, MonitorState not) => Assert.Equal(not, CompositeRule.Not(state));
}
