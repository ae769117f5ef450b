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

    /// <summary>Most objectives of a list; default 50, the worst.</summary>
    public const int MaxObjectives = 50;

    /// <summary>Most groups or monitors of one objective; default 20, the worst.</summary>
    public const int MaxObjectiveParts = 20;

    /// <summary>Most hexagons of a host map; default 500, those with the highest values.</summary>
    public const int MaxHexagons = 500;

    /// <summary>Most points of a scatter plot; default 500.</summary>
    public const int MaxPoints = 500;

    /// <summary>Most lines of a check's status; default 50, the worst.</summary>
    public const int MaxCheckRows = 50;
}
