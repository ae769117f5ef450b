using Apm.Core.Checks;
using Apm.Core.Events;
using Apm.Core.Metrics;

namespace Apm.Core.Ports;

/// <summary>
/// The one way by which numbers, events and answers of checks come in, whoever sent them: DogStatsD, the HTTP API, OTLP, our own checks.
/// Names and tags are normalised here, what cannot be kept is dropped and counted with its reason.
/// </summary>
/// <remarks>Any thread may call anything.</remarks>
public interface IMetricIntake
{
    /// <summary>Takes points; they are durable when the task ends.</summary>
    /// <param name="series">Names and tags as they came; the host as a tag <c>host:NAME</c>.</param>
    /// <exception cref="StoreUnavailableException">Nothing was kept; the same points may be offered again.</exception>
    Task<MetricWriteResult> TakeAsync(IReadOnlyList<IncomingSeries> series, CancellationToken cancel = default);

    /// <summary>Takes an event.</summary>
    /// <returns>As it was kept, with its id.</returns>
    /// <exception cref="StoreUnavailableException">It was not kept.</exception>
    EventRecord Take(EventRecord happened);

    /// <summary>Takes the answer of a check.</summary>
    void Take(ServiceCheckRun run);
}

/// <summary>Points of a series as they came: nothing is normalised yet.</summary>
/// <param name="Tags">As they came; the host as <c>host:NAME</c>, a device as <c>device:NAME</c>.</param>
/// <param name="IntervalSeconds">Of counts, rates and distributions, how long a point lasts; 0 when that is not known.</param>
public sealed record IncomingSeries(string Metric, IReadOnlyList<string> Tags, MetricType Type, int IntervalSeconds, IReadOnlyList<MetricPoint> Points)
{
    /// <summary>Of distributions; empty for others.</summary>
    public IReadOnlyList<SketchPoint> Sketches { get; init; } = [];

    /// <summary>Such as <c>millisecond</c>; "" when none came.</summary>
    public string Unit { get; init; } = "";
}
