namespace Apm.Core.Metrics;

/// <summary>What a point of a series means. The numbers are stored.</summary>
#pragma warning disable CA1028 // One byte in the file.
public enum MetricType : byte
#pragma warning restore CA1028
{
    /// <summary>A value as it was at that time.</summary>
    Gauge = 0,

    /// <summary>How many during the interval that begins at the point's time.</summary>
    Count = 1,

    /// <summary>How many per second during the interval that begins at the point's time.</summary>
    Rate = 2,

    /// <summary>All values of the interval that begins at the point's time, as a sketch.</summary>
    Distribution = 3,
}
