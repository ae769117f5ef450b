namespace Apm.TraceAgent.Sample;

/// <summary>The 32-bit FNV-1a hash: what Datadog's samplers call a signature is made of it.</summary>
static class Fnv1a
{
    /// <summary>The hash of nothing.</summary>
    public const uint Empty = 2_166_136_261;
    const uint Prime = 16_777_619;

    /// <summary>Goes on with a hash.</summary>
    public static uint Add(uint hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes) hash = Add(hash, one);
        return hash;
    }

    /// <summary>Goes on with a hash.</summary>
    public static uint Add(uint hash, byte one) => unchecked((hash ^ one) * Prime);
}
