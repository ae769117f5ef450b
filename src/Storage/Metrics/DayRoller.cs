using System.Runtime.InteropServices;
using Apm.Core.Metrics;
using Apm.Storage.Files;
using Apm.Storage.Metrics.Chunks;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>
/// Makes of a day's points its roll-ups by the minute and by the hour, and of the many blocks of its points one, in which each series stands together.
/// Series by series, so that memory does not grow with the day.
/// </summary>
sealed class DayRoller(MetricFolder folder, DirectoryCache directories)
{
    readonly DayOfSeries _day = new();
    readonly ChunkWriter _chunks = new();
    readonly List<RollupPoint> _rollups = [];
    readonly List<StoredSketch> _sketches = [];

    /// <summary>Something could not be read in the last day that was rolled up.</summary>
    public bool FoundDamage { get; private set; }

    /// <summary>The files that take the place of the day's; they are on disk. The others are still there, and the caller removes them.</summary>
    /// <exception cref="IOException">Nothing changed.</exception>
    public DayFiles RollUp(DayFiles old, CancellationToken cancel)
    {
        FoundDamage = false;
        var raw = old.Raw!;
        var tiers = raw.Blocks.Count > 1 ? MetricTier.All : [MetricTier.Minute, MetricTier.Hour];
        var begun = new List<MetricFile>();
        try
        {
            foreach (var tier in tiers)
            {
                var generation = old.All.FirstOrDefault(file => file.Tier == tier) is { } known ? known.Generation + 1 : 0;
                begun.Add(folder.BeginReplacement(raw.Day, tier, generation));
            }
            var writers = begun.ConvertAll(file => (file.Tier, Writer: new MetricBlockWriter(file.File, 0, raw.Day)));
            foreach (var series in Together(raw))
            {
                cancel.ThrowIfCancellationRequested();
                foreach (var (tier, writer) in writers) Write(series, tier, writer, MetricDay.StartOf(raw.Day));
            }
            var allCovered = raw.Blocks.Max(block => block.Header.AllCovered);
            for (var i = 0; i < begun.Count; i++) begun[i] = begun[i].With(writers[i].Writer.Finish(raw.Covered, allCovered));
            folder.PutInPlace(begun);
        }
        catch
        {
            begun.ForEach(folder.Abandon);
            throw;
        }
        return begun.Aggregate(old, (files, made) => files.With(made.Tier, made));
    }

    void Write(SeriesOfDay series, MetricTier tier, MetricBlockWriter writer, long dayStart)
    {
        _chunks.Clear();
        var first = _day.FirstUnixSeconds;
        if (tier == MetricTier.Raw)
        {
            _chunks.Points(dayStart, _day.Points.Span);
            _chunks.Sketches(dayStart, CollectionsMarshal.AsSpan(_day.Sketches));
        }
        else
        {
            _day.RollUp(tier.WidthSeconds, _rollups, _sketches);
            _chunks.Rollups(dayStart, CollectionsMarshal.AsSpan(_rollups));
            _chunks.Sketches(dayStart, CollectionsMarshal.AsSpan(_sketches));
            first -= first % tier.WidthSeconds;
        }
        writer.Add(series.Key, SeriesKeyBytes.Encode(series.Key), series.Type, series.IntervalSeconds, first, _day.LastUnixSeconds, _chunks.Written);
    }

    /// <summary>The series of all blocks in order, each with its points in <see cref="_day"/>.</summary>
    IEnumerable<SeriesOfDay> Together(MetricFile raw)
    {
        var cursors = raw.Blocks.Select(block => new Cursor(block, TryDirectoryOf(block))).Where(cursor => cursor.HasMore).ToList();
        var start = MetricDay.StartOf(raw.Day);
        while (cursors.Count > 0)
        {
            var next = cursors[0];
            foreach (var cursor in cursors)
                if (MetricBlockWriter.Compare(cursor.Key, next.Key) < 0) next = cursor;
            var key = next.Key;
            var series = default(SeriesOfDay);
            _day.Clear();
            foreach (var cursor in cursors)
            {
                if (MetricBlockWriter.Compare(cursor.Key, key) != 0) continue;
                series = new SeriesOfDay(key, cursor.Type, cursor.IntervalSeconds);
                if (cursor.Take() is { } chunks) _day.Add(chunks, start, start, start + MetricDay.Seconds);
                else FoundDamage = true;
            }
            cursors.RemoveAll(cursor => !cursor.HasMore);
            _day.Arrange();
            if (!_day.IsEmpty) yield return series;
        }
    }

    BlockDirectory? TryDirectoryOf(MetricBlock block)
    {
        try
        {
            return directories.Of(block);
        }
        catch (BlockDamagedException)
        {
            FoundDamage = true;
            return null;
        }
    }

    readonly record struct SeriesOfDay(SeriesKey Key, MetricType Type, int IntervalSeconds);

    /// <summary>Where the roller is in a block.</summary>
    sealed class Cursor(MetricBlock block, BlockDirectory? directory)
    {
        int _at;

        public bool HasMore => directory is not null && _at < directory.Count;

        public SeriesKey Key => directory!.KeyAt(_at);

        public MetricType Type => directory!.TypeAt(_at);

        public int IntervalSeconds => directory!.IntervalSecondsAt(_at);

        /// <summary>The chunks of the series it is at, then goes on to the next; null when they are damaged.</summary>
        public byte[]? Take()
        {
            var bytes = block.ReadData(directory!.StartAt(_at), directory.StartAt(_at + 1));
            return Checksum.Of(bytes) == directory.ChecksumAt(_at++) ? bytes : null;
        }
    }
}
