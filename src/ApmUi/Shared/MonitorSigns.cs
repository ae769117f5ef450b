using Apm.Core.Monitors;
using Apm.Monitors.Evaluate;

namespace Apm.ApmUi.Shared;

/// <summary>How states and groups of monitors look wherever they are shown.</summary>
public static class MonitorSigns
{
    /// <summary>A state as the <c>Kind</c> of a <c>StateDot</c>.</summary>
    public static string KindOf(MonitorState state) => state switch { MonitorState.Alert => "error", MonitorState.Warn => "warn", MonitorState.Ok => "ok", _ => "none" };

    /// <summary>A group behind the name of its monitor; "" for a monitor as a whole.</summary>
    public static string Behind(string group) => group is GroupState.Whole or "" ? "" : $" ({group})";
}
