namespace Apm.Storage.Traces.Blocks;

/// <summary>The constants of a block: docs/formats/trace-block.md. A change needs a new <see cref="Version"/>.</summary>
public static class BlockFormat
{
    /// <summary>"APMB" as little-endian bytes.</summary>
    public const uint Magic = 0x424D5041;

    /// <summary>The newest version, which is written; all from 1 on are read.</summary>
    public const ushort Version = 1;

    /// <summary>Bytes before the header: magic, version, lengths, checksums.</summary>
    public const int PrefixBytes = 32;

    /// <summary>Blocks begin at multiples of this.</summary>
    public const int Alignment = 8;

    /// <summary>Most services a header names; a block with more is read for every service.</summary>
    public const int MaxServicesNamed = 1_024;

    /// <summary>Most bytes of a service's name in the header; a block with a longer one is read for every service.</summary>
    public const int MaxServiceBytes = 1_024;

    /// <summary>Filter bits per distinct trace; about one block in a thousand is read in vain.</summary>
    public const int TraceFilterBits = 16;

    /// <summary>Filter bits per distinct tag; about one block in fifteen is read in vain, and it costs under 2 bytes per span.</summary>
    public const int TagFilterBits = 6;

    /// <summary>Largest part of a block once unpacked, 1 GiB: damage must not make us reserve more.</summary>
    public const int MaxSectionBytes = 1 << 30;

    /// <summary>zstd level; higher ones gain nothing here.</summary>
    public const int ZstdLevel = 1;

    /// <summary>Shorter parts are not worth a zstd frame.</summary>
    public const int MinBytesToCompress = 48;
}

/// <summary>What a part of a block holds. Stored: never renumber.</summary>
public enum SectionKind
{
    TraceFilter = 1,
    TagFilter = 2,
    TraceLows = 3,
    TraceHighs = 4,
    TraceSpanCounts = 5,
    SpanIds = 6,
    Parents = 7,
    OutsideParents = 8,
    Starts = 9,
    Durations = 10,
    Shapes = 11,
    ShapeIndexes = 12,
    BaseStrings = 13,
    ValueStrings = 14,
    TextTag = 15,
    NumberTag = 16,
    ServiceDurations = 17,
}

/// <summary>How the values of one tag are written. Stored: never renumber.</summary>
public enum ValueCoding
{
    /// <summary>One value for all.</summary>
    Constant = 0,

    /// <summary>Text: each value differs from all before it, so the dictionary is the column.</summary>
    Distinct = 1,

    /// <summary>Text: a dictionary, then an index per value. Numbers: a smallest integer, then the distance to it per value.</summary>
    Indexed = 2,

    /// <summary>Numbers: the bits of each.</summary>
    Raw = 3,
}
