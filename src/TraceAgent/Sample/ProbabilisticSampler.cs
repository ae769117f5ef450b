using System.Buffers.Binary;

namespace Apm.TraceAgent.Sample;

/// <summary>Keeps a share of all trace ids by their hash, as OpenTelemetry's collector does (trace-intake §4.5).</summary>
/// <remarks>Thread-safe.</remarks>
sealed class ProbabilisticSampler(ProbabilisticSamplerSettings settings, bool fullTraceId)
{
    const uint BucketMask = 0x3FFF;
    const double BucketsPerPercent = 163.84;
    readonly uint _below = (uint)Math.Floor(Math.Clamp(settings.SamplingPercentage, 0, 100) * BucketsPerPercent);

    /// <summary>The share that is kept.</summary>
    public double Rate => settings.SamplingPercentage / 100;

    public bool Keeps(ulong traceIdHigh, ulong traceIdLow) => (Hash(traceIdHigh, traceIdLow) & BucketMask) < _below;

    /// <summary>The hash of an id. Unless told otherwise its lower half stands first and zeros follow.</summary>
    public uint Hash(ulong traceIdHigh, ulong traceIdLow)
    {
        Span<byte> bytes = stackalloc byte[20];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, settings.HashSeed);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[4..], fullTraceId ? traceIdHigh : traceIdLow);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[12..], fullTraceId ? traceIdLow : 0);
        return Fnv1a.Add(Fnv1a.Empty, bytes);
    }
}
