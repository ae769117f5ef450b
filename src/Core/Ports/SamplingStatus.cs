namespace Apm.Core.Ports;

/// <summary>How traces are sampled at present, for <c>GET /api/status</c> and the screens.</summary>
public sealed record SamplingStatus
{
    /// <summary><c>keep_all</c>, <c>budget</c> (the storage budget thins), or <c>datadog</c> (samplers as configured).</summary>
    public required string Mode { get; init; }

    /// <summary>Since when, Unix nanoseconds.</summary>
    public required long SinceUnixNanos { get; init; }

    /// <summary>The same for a reader, one sentence.</summary>
    public required string Sentence { get; init; }

    /// <summary>The share of traces that fits into the budget, 0 to 1; 1 when all are kept.</summary>
    public required double KeptShare { get; init; }

    /// <summary>Traces per second that are aimed at; null when all are kept.</summary>
    public double? TargetTracesPerSecond { get; init; }

    /// <summary>What tracers are told, by <c>service:…,env:…</c>.</summary>
    public required IReadOnlyDictionary<string, double> Rates { get; init; }

    /// <summary>The version of the rates.</summary>
    public required string RatesVersion { get; init; }

    /// <summary>Chunks in the last full minute, by the verdict's word; the kept and the dropped.</summary>
    public required IReadOnlyDictionary<string, long> ChunksInLastMinute { get; init; }

    /// <summary>Bytes that the memory of decisions takes.</summary>
    public required long MemoryByteCount { get; init; }
}
