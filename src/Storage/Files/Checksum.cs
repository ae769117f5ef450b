using System.Numerics;
using System.Runtime.InteropServices;

namespace Apm.Storage.Files;

/// <summary>CRC-32C (Castagnoli), the checksum of everything we write; the processor has an instruction for it.</summary>
public static class Checksum
{
    const uint Seed = uint.MaxValue;

    /// <summary>Checksum of some bytes. That of no bytes is 0, and that of zeros is not.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Run(Seed, bytes);

    /// <summary>Checksum of parts one after the other: <c>Then(Of(a), b) == Of(a + b)</c>.</summary>
    public static uint Then(uint checksum, ReadOnlySpan<byte> bytes) => ~Run(~checksum, bytes);

    static uint Run(uint state, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes); // Unaligned reads are fine wherever .NET runs.
        foreach (var word in words) state = BitOperations.Crc32C(state, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..]) state = BitOperations.Crc32C(state, rest);
        return state;
    }
}
