using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Slos;
using Apm.Monitors.Queries;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>A monitor that the page of an objective offers to make.</summary>
/// <param name="SpentRatio">Of burn rates: the part of the budget that is gone after the long window at that rate.</param>
/// <param name="LongHours">Of burn rates; 0 for budgets. The short window is a twelfth of it.</param>
public sealed record SloOffer(string Name, double SpentRatio, int LongHours)
{
    /// <summary>Percent of the budget at which a budget monitor alerts.</summary>
    const int SpentPercent = 75;

    /// <summary>2 % of the budget in an hour, 5 % in six, as is usual for pages and for tickets; or the budget itself.</summary>
    public static IReadOnlyList<SloOffer> All { get; } = [new("fast", 0.02, 1), new("slow", 0.05, 6), new("budget", 0, 0)];

    bool IsBurnRate => LongHours > 0;

    /// <summary>How many times as fast as allowed that is.</summary>
    double Rate(SloTarget target) => Math.Round(SpentRatio * target.Days * 24 / LongHours, 2);

    public string Sentence(SloTarget target) => IsBurnRate
        ? $"{(SpentRatio * 100).ToString(CultureInfo.InvariantCulture)} % of the budget gone in {LongHours} h ({Text(Rate(target))} times too fast)"
        : $"{SpentPercent} % of the budget gone";

    /// <summary>The monitor.</summary>
    public MonitorRule RuleFor(Slo slo, SloTarget target, string message) => new()
    {
        Type = MonitorTypes.Slo,
        Name = IsBurnRate ? $"{slo.Name}: budget goes {(LongHours == 1 ? "fast" : "steadily")}" : $"{slo.Name}: {SpentPercent} % of the budget is gone",
        Query = IsBurnRate
            ? $"burn_rate(\"{slo.Id}\").over(\"{target.Timeframe()}\").long_window(\"{LongHours}h\").short_window(\"{LongHours * 5}m\") > {Text(Rate(target))}"
            : $"error_budget(\"{slo.Id}\").over(\"{target.Timeframe()}\") > {SpentPercent}",
        Message = message,
        Tags = slo.Tags,
    };

    static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
