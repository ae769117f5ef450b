using System.Runtime.InteropServices;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Where a part of a block is.</summary>
/// <param name="Key">For tags: index of the key among the block's base strings; otherwise 0.</param>
/// <param name="ValueCount">For tags: how many spans have it; otherwise 0.</param>
/// <param name="IsCompressed">A zstd frame, or the bytes as they are.</param>
/// <param name="Offset">From the block's first byte.</param>
/// <param name="StoredBytes">In the file.</param>
/// <param name="RawBytes">Unpacked.</param>
/// <param name="Checksum">CRC-32C of the stored bytes.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Section(
    SectionKind Kind, int Key, int ValueCount, bool IsCompressed, int Offset, int StoredBytes, int RawBytes, uint Checksum);
