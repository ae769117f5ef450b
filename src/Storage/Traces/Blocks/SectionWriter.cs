using ZstdSharp;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Packs the parts of a block one after the other and remembers where each is.</summary>
/// <remarks>One thread; cleared for each block.</remarks>
sealed class SectionWriter : IDisposable
{
    readonly Compressor _zstd = new(BlockFormat.ZstdLevel);
    readonly List<Section> _sections = [];

    public ByteWriter Body { get; } = new(1 << 20);

    /// <summary>Offsets are from the body's first byte.</summary>
    public IReadOnlyList<Section> Sections => _sections;

    public void Clear()
    {
        _sections.Clear();
        Body.Clear();
    }

    /// <summary>Adds a part, packed when that makes it smaller. An empty one takes no room and is not listed.</summary>
    /// <param name="mayPack">False for what shall be read in pieces.</param>
    public void Add(SectionKind kind, ReadOnlySpan<byte> raw, int key = 0, int valueCount = 0, bool mayPack = true)
    {
        if (raw.Length == 0) return;
        var offset = Body.Count;
        var isCompressed = false;
        if (mayPack && raw.Length >= BlockFormat.MinBytesToCompress)
        {
            var packed = _zstd.Wrap(raw, Body.Free(Compressor.GetCompressBound(raw.Length)));
            isCompressed = packed < raw.Length;
            if (isCompressed) Body.Advance(packed);
        }
        if (!isCompressed) Body.Bytes(raw);
        var stored = Body.Count - offset;
        _sections.Add(new Section(kind, key, valueCount, isCompressed, offset, stored, raw.Length, Files.Checksum.Of(Body.Written[offset..])));
    }

    public void Dispose() => _zstd.Dispose();
}
