using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Storage.LiteDb;

namespace Apm.Storage.Traces;

/// <summary>Limits of the trace store on disk.</summary>
public sealed record TraceStoreSettings
{
    /// <summary>Waiting spans that make a block due; default 16 384. Blocks of 4 k to 64 k are all fine.</summary>
    public int BlockSpans { get; init; } = 16_384;

    /// <summary>Bytes of waiting texts that make a block due, however few its spans; default 32 MiB. So a block stays readable within memory.</summary>
    public long BlockTextBytes { get; init; } = 33_554_432;

    /// <summary>Most spans of one block; default 65 536. A larger batch is cut into several blocks.</summary>
    public int MaxBlockSpans { get; init; } = 65_536;

    /// <summary>A batch that waited so long makes a block due, however small; default 10 s.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A slice ends with the hour (of this length) in which it began; default 1 h.</summary>
    public TimeSpan SliceDuration { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A slice of so many bytes takes no more; default 256 MiB. Retention drops whole slices, so this is its grain; never more than a sixteenth of the byte budget.</summary>
    public long MaxSliceBytes { get; init; } = 268_435_456;

    /// <summary>Slices last written longer ago are dropped, counted in <c>spans_expired{age}</c>; default 15 days.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(15);

    /// <summary>Most bytes of all slices, whatever comes; default 7 GB. The oldest are dropped in time, counted in <c>spans_expired{bytes}</c>.</summary>
    public long MaxBytes { get; init; } = 7_000_000_000;

    /// <summary>A slice has at most this part of the byte budget.</summary>
    public const int SlicesOfBudget = 16;

    /// <summary>Memory for blocks that were unpacked lately; default 64 MiB.</summary>
    public long DecodedCacheBytes { get; init; } = 67_108_864;

    /// <summary>
    /// Memory for trace filters, two bytes per stored trace; default 8 MiB, enough for 4 million traces. Beyond it the oldest blocks go without
    /// (counted in <c>trace_filters_dropped</c>): a search by trace id then reads 32 bytes of their filters on disk.
    /// </summary>
    public long MaxFilterBytes { get; init; } = 8_388_608;

    /// <summary>What waiting spans and the caches take their memory from; default one without a ceiling.</summary>
    public MemoryBudget Memory { get; init; } = MemoryBudget.None();

    /// <summary>Blocks that are entered in the catalogue together; default 16. Those not yet entered are read again at the next start.</summary>
    public int CatalogueBatchBlocks { get; init; } = 16;

    /// <summary>Whether the disk has room for so many bytes that are only written to tidy up. Default: always.</summary>
    public Func<long, bool> HasRoomFor { get; init; } = static _ => true;

    /// <summary>Limits of the catalogue's file.</summary>
    public LiteDatabaseSettings Catalogue { get; init; } = new();

    /// <summary>
    /// Told of each slice just before retention drops it, on whichever thread does. It must be quick, must not throw, and must not
    /// call the store. Default: nobody.
    /// </summary>
    public Action<EvictedSlice> OnEvicted { get; init; } = static _ => { };

    /// <summary>Told in one sentence of what went wrong and what it means: damage, a rebuilt catalogue. Any thread. Default: nobody.</summary>
    public Action<string> OnTrouble { get; init; } = static _ => { };
}
