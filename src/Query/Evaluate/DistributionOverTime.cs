using Apm.Core.Metrics;
using Apm.Query.Metrics;

namespace Apm.Query.Evaluate;

/// <summary>The values of a distribution, bucket by bucket; those without a value are left out.</summary>
/// <param name="Columns">Start of each bucket, Unix seconds, ascending, and what is in it; never empty.</param>
/// <param name="StepSeconds">Width of a bucket.</param>
public sealed record DistributionOverTime(IReadOnlyList<(long UnixSeconds, IValueSketch Values)> Columns, int StepSeconds, MetricUnit Unit);
