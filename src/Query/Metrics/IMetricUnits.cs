namespace Apm.Query.Metrics;

/// <summary>Knows what values are measured in.</summary>
/// <remarks>Any thread.</remarks>
public interface IMetricUnits
{
    /// <summary>The unit of a metric's values, such as <c>byte</c> per <c>second</c>.</summary>
    MetricUnit UnitOf(string metric);
}

/// <param name="Unit">In the singular; "" when it is not known.</param>
/// <param name="PerUnit">"" for nothing.</param>
public readonly record struct MetricUnit(string Unit, string PerUnit)
{
    public static MetricUnit None { get; } = new("", "");
}

/// <summary>Units of the metrics of traces, whose durations are seconds, of the machine, and of the checks that are ours; of others it asks further, and first.</summary>
/// <param name="others">Null when nothing else is known.</param>
public sealed class TraceMetricUnits(IMetricUnits? others = null) : IMetricUnits
{
    public MetricUnit UnitOf(string metric)
    {
        if (others?.UnitOf(metric) is { Unit.Length: > 0 } known) return known;
        if (SystemUnits.Of(metric) is { Unit.Length: > 0 } system) return system;
        if (IntegrationUnits.Of(metric) is { Unit.Length: > 0 } ofCheck) return ofCheck;
        return TraceMetricName.Of(metric) switch
        {
            { Measure: TraceMeasure.Durations or TraceMeasure.TotalSeconds } => new MetricUnit("second", ""),
            _ => MetricUnit.None,
        };
    }
}
