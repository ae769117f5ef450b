namespace Apm.ApmUi.Pages.Board;

/// <summary>How much the widgets that the server draws show; each says how much more there is.</summary>
public static class WidgetLimits
{
    /// <summary>Most rows of a top list; default 50, those with the highest values.</summary>
    public const int MaxToplistRows = 50;

    /// <summary>Most rows of a table; default 100, those with the highest first value.</summary>
    public const int MaxTableRows = 100;

    /// <summary>Most monitors listed; default 50, the worst.</summary>
    public const int MaxMonitorRows = 50;
}
