namespace Apm.Monitors.Queries;

/// <summary>How an objective fares: <c>burn_rate("id").over("30d").long_window("1h").short_window("5m") > 14.4</c> (metrics-monitors §6.1).</summary>
/// <param name="Kind"><see cref="BurnRate"/> or <see cref="ErrorBudget"/>.</param>
/// <param name="SloId">The objective.</param>
/// <param name="Days">Of its target: 7, 30 or 90.</param>
/// <param name="LongWindow">Of burn rates; null for budgets.</param>
/// <param name="ShortWindow">Of burn rates; null for budgets.</param>
public sealed record SloMonitorQuery(string Kind, string SloId, int Days, MonitorWindow? LongWindow, MonitorWindow? ShortWindow, QueryCondition Compared) : MonitorQuery
{
    /// <summary>Compares how fast the budget is spent: the slower of both windows.</summary>
    public const string BurnRate = "burn_rate";

    /// <summary>Compares how much of the budget is spent, in percent.</summary>
    public const string ErrorBudget = "error_budget";

    /// <summary>How often a budget is looked at, in seconds: it is read over days, and changes slowly.</summary>
    const int BudgetPeriodSeconds = 300;

    const long DaySeconds = 86_400;

    public override IReadOnlyList<string> GroupKeys => [];

    public override int PeriodSeconds => LongWindow?.PeriodSeconds ?? BudgetPeriodSeconds;

    public override long WindowSeconds => LongWindow?.LengthSeconds ?? Days * DaySeconds;

    public override QueryCondition Condition => Compared;

    protected override string Print()
    {
        var windows = LongWindow is { } longer && ShortWindow is { } shorter ? $".long_window(\"{longer.LengthText}\").short_window(\"{shorter.LengthText}\")" : "";
        return $"{Kind}({CallChain.Quoted(SloId)}).over(\"{Days}d\"){windows} {Compared}";
    }
}
