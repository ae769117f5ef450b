using System.Globalization;
using Apm.Storage.Files;
using Apm.Storage.Metrics.Chunks;

namespace Apm.Storage.Metrics;

/// <summary>One tier's file of a day, as it is: blocks one behind the other.</summary>
/// <remarks>
/// Immutable; what is appended gives another one on the same file. A file that went is not closed: readers that still have it finish, and it goes
/// when the last lets go.
/// </remarks>
/// <param name="Generation">A file that takes another's place has the next number; of two the higher counts.</param>
sealed record MetricFile(string Path, StoreFile File, long Day, MetricTier Tier, int Generation, IReadOnlyList<MetricBlock> Blocks)
{
    public long ByteCount => Blocks.Count == 0 ? 0 : Blocks[^1].EndOffset;

    /// <summary>Number of the newest record of the log whose points of this day are here.</summary>
    public long Covered => Blocks.Count == 0 ? 0 : Blocks.Max(block => block.Header.Covered);

    public MetricFile With(MetricBlock block) => this with { Blocks = [.. Blocks, block] };

    /// <summary>Such as <c>2026-11-29-0000.raw</c>.</summary>
    public static string NameOf(long day, MetricTier tier, int generation) => string.Create(CultureInfo.InvariantCulture, $"{MetricDay.ToText(day)}-{generation:D4}{tier.Extension}");

    /// <summary>Null when the name is none of ours.</summary>
    public static (long Day, MetricTier Tier, int Generation)? Parse(string name)
    {
        var text = System.IO.Path.GetFileNameWithoutExtension(name);
        if (MetricTier.All.FirstOrDefault(tier => tier.Extension == System.IO.Path.GetExtension(name)) is not { } tier || text.Length < 12 || text[10] != '-') return null;
        if (MetricDay.Parse(text[..10]) is not { } day || !int.TryParse(text.AsSpan(11), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)) return null;
        return (day, tier, generation);
    }
}

/// <summary>The files of a day. A roll-up is current when it covers what the points do.</summary>
sealed record DayFiles(MetricFile? Raw, MetricFile? Minute, MetricFile? Hour)
{
    public static DayFiles None { get; } = new(null, null, null);

    public bool IsEmpty => Raw is null && Minute is null && Hour is null;

    public bool IsRolledUp => IsCurrent(Minute) && IsCurrent(Hour);

    public IEnumerable<MetricFile> All => new[] { Raw, Minute, Hour }.OfType<MetricFile>();

    public DayFiles With(MetricTier tier, MetricFile? file) =>
        tier == MetricTier.Raw ? this with { Raw = file } : tier == MetricTier.Minute ? this with { Minute = file } : this with { Hour = file };

    /// <summary>The file to read: the widest whose roll-ups fall into the reader's buckets whole, as the finer points would give the same; else the finest.</summary>
    /// <param name="mustBeRaw">Points of the day wait in memory that would take the place of others.</param>
    public MetricFile? For(int stepSeconds, bool mustBeRaw)
    {
        if (!mustBeRaw && IsCurrent(Hour) && stepSeconds % MetricTier.Hour.WidthSeconds == 0) return Hour;
        if (!mustBeRaw && IsCurrent(Minute) && stepSeconds % MetricTier.Minute.WidthSeconds == 0) return Minute;
        return Raw ?? Minute ?? Hour;
    }

    bool IsCurrent(MetricFile? rollup) => rollup is not null && (Raw is null || rollup.Covered >= Raw.Covered);
}
