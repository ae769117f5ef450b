namespace Apm.Core.Descriptions;

/// <summary>What somebody, or its sender, says of a metric (metrics-monitors §4.8). Stored as a document; what is null was not said.</summary>
public sealed record MetricDescription
{
    /// <summary>The metric's normalised name.</summary>
    public required string Metric { get; init; }

    /// <summary><c>gauge</c>, <c>count</c>, <c>rate</c> or <c>distribution</c>; null: as it is sent.</summary>
    public string? Type { get; init; }
    public string? Description { get; init; }
    public string? ShortName { get; init; }

    /// <summary>Such as <c>byte</c>.</summary>
    public string? Unit { get; init; }

    /// <summary>Such as <c>second</c>, for bytes per second.</summary>
    public string? PerUnit { get; init; }

    /// <summary>How long a point of a count or rate lasts, in seconds.</summary>
    public int? StatsdIntervalSeconds { get; init; }

    /// <summary>Which integration it belongs to, such as <c>mysql</c>.</summary>
    public string? Integration { get; init; }
}
