using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Endpoints;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Query.Tail;
using Apm.TraceAgent.Aggregate;
using Apm.TraceAgent.Doctor.Witness;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Sample;

namespace Apm.TraceAgent.Intake;

/// <summary>What the pipeline stands on. The host makes and disposes them.</summary>
public sealed record PipelineParts
{
    public required IPayloadLog Log { get; init; }
    public required ITraceStore Traces { get; init; }
    public required IStatsStore Stats { get; init; }
    public required ServiceCatalogue Catalogue { get; init; }

    /// <summary>Names of endpoints; null leaves paths in resources as they come.</summary>
    public EndpointNames? Endpoints { get; init; }
    public required Counters Counters { get; init; }
    public required RecentProblems Problems { get; init; }
    public required TimeProvider Clock { get; init; }

    /// <summary>What the pipeline and the receivers take their memory from; default one without a ceiling.</summary>
    public MemoryBudget Memory { get; init; } = MemoryBudget.None();

    /// <summary>Keeps what issues are and what was decided about them; null keeps it in memory only.</summary>
    public IDocumentStore? Documents { get; init; }

    /// <summary>Stops the intake before the disk is full; null when nobody watches it.</summary>
    public IDiskGuard? Disk { get; init; }

    /// <summary>Hears of each batch once it can be searched; null when nobody looks on.</summary>
    public TraceTail? Tail { get; init; }

    /// <summary>Takes DogStatsD lines that come over HTTP; null answers them without taking them.</summary>
    public IDogStatsDIntake? DogStatsD { get; init; }

    /// <summary>Takes the metrics that come over OTLP; null counts them only.</summary>
    public IOtlpMetricIntake? OtlpMetrics { get; init; }

    /// <summary>Remembers what became of traces that are not stored; null when nothing shall.</summary>
    public IFateStore? Fates { get; init; }

    /// <summary>Hears what the receivers see, for the doctor; null when nobody asks.</summary>
    public FactBook? Facts { get; init; }
}

/// <summary>Limits and times of the pipeline.</summary>
public sealed record PipelineSettings
{
    /// <summary>
    /// Most spans (and groups of client statistics) that may wait between the log and the store; default 500 000, about 200 MB.
    /// Beyond it payloads are answered 429 and counted in the ledger as rejected (<c>overloaded</c>).
    /// </summary>
    public long MaxQueuedSpans { get; init; } = 500_000;

    /// <summary>
    /// Most spans held in memory while the trace store cannot be written; default 500 000. Beyond it payloads are answered
    /// 503 and counted in the ledger as rejected (<c>store_unavailable</c>), until the store takes blocks again.
    /// </summary>
    public long MaxUnwrittenSpans { get; init; } = 500_000;

    /// <summary>How often blocks are looked at for being due; default 1 s.</summary>
    public TimeSpan TickEvery { get; init; } = TimeSpan.FromSeconds(1);

    public NormalizeSettings Normalize { get; init; } = new();

    public SamplerSettings Sampler { get; init; } = new();

    public CountSettings Counting { get; init; } = new();
}

/// <summary>More came than can be worked off; nothing was kept. Retry after a second.</summary>
public sealed class OverloadedException(string message, string reason = OverloadedException.TooFast) : Exception(message)
{
    /// <summary>More came than is worked off.</summary>
    public const string TooFast = "overloaded";

    /// <summary>The process has no memory left to give.</summary>
    public const string NoMemory = "memory";

    /// <summary>What it counts as: <see cref="TooFast"/> or <see cref="NoMemory"/>.</summary>
    public string Reason { get; } = reason;

    /// <summary>Says that the memory budget refused.</summary>
    public static OverloadedException OutOfMemory(MemoryBudget budget) => new(
        $"Apm has no memory left for this: {budget.WorkBytes / 1_048_576} MB of payloads are being worked on, below a ceiling of {budget.CeilingBytes / 1_048_576} MB for the whole process (memory.max_bytes). Nothing of it was kept; retry in a second.",
        NoMemory);
}
