using System.Globalization;
using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Query.Language;

namespace Apm.Monitors.Rules;

/// <summary>What thresholds and windows of monitors of anomalies must be (metrics-monitors §6.4): shares of points, and windows that fit each other. Pure.</summary>
static class AnomalyCheck
{
    const int MinuteSeconds = 60;

    /// <exception cref="MonitorRuleException">Something is wrong; the sentence says what.</exception>
    public static void Check(MetricMonitorQuery query, MonitorOptions options)
    {
        if (query.Algorithm is not { Name: "anomalies" }) return;
        foreach (var (name, value) in ((string, double?)[])[("critical", options.Thresholds.Critical), ("warning", options.Thresholds.Warning), ("critical_recovery", options.Thresholds.CriticalRecovery), ("warning_recovery", options.Thresholds.WarningRecovery)])
            if (value is < 0 or > 1) throw Wrong($"The threshold '{name}' of anomalies ({NumberText.PrintFloat(value.Value)}) is a share of the points: from 0 for none to 1 for all of the alert window.");
        var ofQuery = query.Algorithm.Arguments.OfType<TextArgument>().FirstOrDefault(argument => argument.Name == "alert_window")?.Text;
        if (options.TriggerWindow is { } said && ofQuery is not null && said != ofQuery) throw Wrong($"The option 'threshold_windows.trigger_window' is \"{said}\", the query's alert_window \"{ofQuery}\"; they must be the same.");
        if (MonitorWindow.Of(options.TriggerWindow ?? ofQuery ?? "") is not { } trigger || options.RecoveryWindow is not { } text || MonitorWindow.Of(text) is not { } recovery) return;
        var least = Math.Min(trigger.LengthSeconds, (long)Math.Ceiling(trigger.LengthSeconds * (1 - options.Thresholds.Critical!.Value)) + MinuteSeconds);
        if (recovery.LengthSeconds > trigger.LengthSeconds || recovery.LengthSeconds < least)
            throw Wrong(string.Create(CultureInfo.InvariantCulture, $"The option 'threshold_windows.recovery_window' is \"{text}\"; with this threshold and alert window it must be from last_{(least + MinuteSeconds - 1) / MinuteSeconds}m to {trigger}: in a shorter one it could recover while it alerts."));
    }

    static MonitorRuleException Wrong(string sentence) => new(RuleRefusal.Wrong, sentence);
}
