namespace Apm.Wire.OpenMetrics;

/// <summary>What a family says of itself in its <c># TYPE</c> line.</summary>
public enum FamilyType
{
    /// <summary>No line, <c>untyped</c> or <c>unknown</c>.</summary>
    Unknown,
    Counter,
    Gauge,
    Histogram,
    Summary,
    GaugeHistogram,
    Info,
    StateSet,
}

/// <summary>The samples that belong together under one name.</summary>
/// <param name="Name">As the text has it: a counter of the old format keeps its <c>_total</c>, one of OpenMetrics has none.</param>
/// <param name="Help">"" for none.</param>
/// <param name="Unit">"" for none.</param>
public sealed record ExpositionFamily(string Name, FamilyType Type, string Help, string Unit, IReadOnlyList<ExpositionSample> Samples);

/// <summary>One line with a value.</summary>
/// <param name="Name">With its suffix: <c>http_seconds_bucket</c>.</param>
/// <param name="Labels">In the text's order; a name stands once.</param>
/// <param name="Value">Infinities and NaN are values of the format.</param>
public readonly record struct ExpositionSample(string Name, IReadOnlyList<KeyValuePair<string, string>> Labels, double Value)
{
    /// <summary>A label's value; null when the sample has no such label.</summary>
    public string? LabelOf(string name)
    {
        foreach (var (key, value) in Labels) if (key == name) return value;
        return null;
    }
}
