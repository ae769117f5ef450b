using Apm.Core.Ports;

namespace Apm.Wire.DatadogMetrics;

/// <summary>The series of a submission: those that can be used, and what became of the others.</summary>
/// <param name="DroppedSeriesCount">Series that were wrong in themselves; their neighbours are kept.</param>
/// <param name="FirstReason">Which of them was the first and what is wrong with it; "" when none was.</param>
public sealed record SubmittedSeries(IReadOnlyList<IncomingSeries> Series, int DroppedSeriesCount, string FirstReason);
