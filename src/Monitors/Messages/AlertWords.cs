using Apm.Core.Monitors;

namespace Apm.Monitors.Messages;

/// <summary>Titles, kinds and states in words (metrics-monitors §7.5).</summary>
public static class AlertWords
{
    public static string StateOf(MonitorState state) => state switch { MonitorState.Ok => "OK", MonitorState.NoData => "No Data", _ => state.ToString() };

    /// <summary>Such as <c>Triggered</c> or <c>Re-Triggered</c>.</summary>
    public static string KindOf(AlertTransition transition) => transition.Kind switch
    {
        AlertKind.NoData => "No Data",
        AlertKind.Repeated => transition.To switch { MonitorState.Warn => "Re-Warn", MonitorState.NoData => "Re-No Data", _ => "Re-Triggered" },
        var kind => kind.ToString(),
    };

    /// <summary><c>{host:box-1}</c>; "" when the monitor is not grouped or keeps its group out of titles.</summary>
    public static string GroupOf(AlertTransition transition) =>
        transition.Group.Length > 0 && transition.Group != "*" && transition.Rule.Options.IncludeTags ? $"{{{transition.Group}}}" : "";

    /// <summary><c>[P2] [Triggered on {host:box-1}] My metric high</c>.</summary>
    /// <param name="priority">1 to 5; null for none.</param>
    public static string TitleOf(AlertTransition transition, int? priority)
    {
        var group = GroupOf(transition);
        return $"{(priority is { } p ? $"[P{p}] " : "")}[{KindOf(transition)}{(group.Length > 0 ? $" on {group}" : "")}] {(transition.IsTest ? "[TEST] " : "")}{transition.Rule.Name}";
    }

    /// <summary><c>[Monitor Alert] Triggered on {host:box-1}: My metric high</c>.</summary>
    public static string SubjectOf(AlertTransition transition, int? priority)
    {
        var group = GroupOf(transition);
        var kind = transition.Kind == AlertKind.NoData ? "No data" : KindOf(transition);
        return $"[Monitor Alert] {(priority is { } p ? $"[P{p}] " : "")}{kind}{(group.Length > 0 ? $" on {group}" : "")}: {(transition.IsTest ? "[TEST] " : "")}{transition.Rule.Name}";
    }

    /// <summary>How an event of it is coloured.</summary>
    public static string AlertTypeOf(AlertTransition transition) => transition.To switch { MonitorState.Ok => "success", MonitorState.Warn or MonitorState.Unknown => "warning", _ => "error" };
}
