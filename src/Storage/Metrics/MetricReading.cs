using System.Collections.Immutable;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.Metrics.Chunks;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>One read: day by day through the files and what waits in memory, each series into its buckets.</summary>
/// <remarks>Used once. Works on what was there when it began, and holds nobody up.</remarks>
/// <param name="waiting">Of the metric's series, the older first.</param>
/// <param name="onDamage">Told of a file in which chunks cannot be read.</param>
sealed class MetricReading(
    MetricRead read, ImmutableSortedDictionary<long, DayFiles> days, IReadOnlyList<WaitingView> waiting, SeriesCatalogue catalogue, DirectoryCache directories, Action<MetricFile> onDamage)
{
    readonly long _from = read.FirstUnixSeconds;
    readonly long _to = read.FirstUnixSeconds + (long)read.BucketCount * read.StepSeconds;
    readonly Dictionary<SeriesKey, SeriesFold?> _folds = [];
    readonly DayOfSeries _day = new();

    public IReadOnlyList<SeriesBuckets> Run(CancellationToken cancel)
    {
        foreach (var day in DaysToRead())
        {
            cancel.ThrowIfCancellationRequested();
            var start = MetricDay.StartOf(day);
            var waits = waiting.Where(view => view.LastUnixSeconds >= start && view.FirstUnixSeconds < start + MetricDay.Seconds).ToList();
            var file = days.GetValueOrDefault(day, DayFiles.None).For(read.StepSeconds, mustBeRaw: waits.Count > 0);
            var blocks = file?.Blocks.Where(block => block.Header.FirstUnixSeconds < _to && block.Header.LastUnixSeconds >= _from).Select(block => BlockOf(block, file)).OfType<OpenBlock>().ToList() ?? [];
            Fold(WorkOf(blocks, waits), start, cancel);
        }
        var found = _folds.Values.Where(fold => fold is { HasPoints: true }).Select(fold => fold!.Buckets).ToList();
        found.Sort(static (left, right) => MetricTags.Compare(left.Key.Tags, right.Key.Tags));
        return found;
    }

    SortedSet<long> DaysToRead()
    {
        var (first, last) = (MetricDay.Of(_from), MetricDay.Of(_to - 1));
        var wanted = new SortedSet<long>(days.Keys.Where(day => day >= first && day <= last));
        foreach (var view in waiting)
            for (var day = Math.Max(first, MetricDay.Of(view.FirstUnixSeconds)); day <= Math.Min(last, MetricDay.Of(view.LastUnixSeconds)); day++) wanted.Add(day);
        return wanted;
    }

    /// <summary>What each series that is asked for has in a day, and where.</summary>
    List<SeriesWork> WorkOf(List<OpenBlock> blocks, List<WaitingView> waits)
    {
        var work = new Dictionary<SeriesKey, SeriesWork?>();
        foreach (var block in blocks)
        {
            for (var i = block.From; i < block.To; i++)
            {
                var key = block.Directory.KeyAt(i);
                if (!work.TryGetValue(key, out var ofSeries))
                    work.Add(key, ofSeries = FoldOf(key, block.Directory.TypeAt(i), block.Directory.IntervalSecondsAt(i)) is { } fold ? new SeriesWork(fold) : null);
                ofSeries?.Places.Add((block, i));
            }
        }
        foreach (var view in waits)
        {
            if (!work.TryGetValue(view.Entry.Key, out var ofSeries))
                work.Add(view.Entry.Key, ofSeries = FoldOf(view.Entry.Key, view.Entry.Type, view.Entry.IntervalSeconds) is { } fold ? new SeriesWork(fold) : null);
            ofSeries?.Waits.Add(view);
        }
        return [.. work.Values.OfType<SeriesWork>()];
    }

    /// <summary>Series have nothing in common; so many of them are unpacked on all processors.</summary>
    void Fold(List<SeriesWork> work, long dayStart, CancellationToken cancel)
    {
        if (work.Count < SeriesOfOneProcessor)
            foreach (var ofSeries in work) Fold(ofSeries, _day, dayStart);
        else
            Parallel.ForEach(work, new ParallelOptions { CancellationToken = cancel }, static () => new DayOfSeries(), (ofSeries, _, day) =>
            {
                Fold(ofSeries, day, dayStart);
                return day;
            }, static _ => { });
    }

    /// <summary>Below, starting others takes longer than it saves.</summary>
    const int SeriesOfOneProcessor = 64;

    void Fold(SeriesWork work, DayOfSeries day, long dayStart)
    {
        day.Clear();
        foreach (var (block, index) in work.Places)
            if (!TryAdd(day, block, index, dayStart)) onDamage(block.File);
        foreach (var view in work.Waits) day.Add(view, Math.Max(_from, dayStart), Math.Min(_to, dayStart + MetricDay.Seconds));
        if (day.IsEmpty) return;
        try
        {
            day.Arrange();
            work.Fold.Add(day.Points.Span);
            work.Fold.Add(day.Rollups);
            work.Fold.Add(day.Sketches);
        }
        catch (BlockDamagedException) when (work.Places.Count > 0)
        {
            onDamage(work.Places[0].Block.File);
        }
    }

    bool TryAdd(DayOfSeries day, OpenBlock block, int index, long dayStart)
    {
        var chunks = block.ChunksOf(index);
        if (Checksum.Of(chunks) != block.Directory.ChecksumAt(index)) return false;
        try
        {
            day.Add(chunks, dayStart, _from, _to);
            return true;
        }
        catch (BlockDamagedException)
        {
            return false;
        }
    }

    /// <summary>Null when the series is not asked for.</summary>
    SeriesFold? FoldOf(SeriesKey key, MetricType type, int intervalSeconds)
    {
        if (_folds.TryGetValue(key, out var known)) return known;
        SeriesFold? fold = null;
        if (read.Accepts?.Invoke(key.Tags) != false)
        {
            if (catalogue.TryGet(key, out var entry)) (type, intervalSeconds) = (entry.Type, entry.IntervalSeconds);
            fold = new SeriesFold(read, key, type, intervalSeconds);
        }
        _folds.Add(key, fold);
        return fold;
    }

    OpenBlock? BlockOf(MetricBlock block, MetricFile file)
    {
        try
        {
            var directory = directories.Of(block);
            var (from, to) = directory.RangeOf(read.Metric);
            return from == to ? null : new OpenBlock(file, directory, from, to, block.ReadData(directory.StartAt(from), directory.StartAt(to)));
        }
        catch (BlockDamagedException)
        {
            onDamage(file);
            return null;
        }
    }

    /// <summary>Where a series has something in a day, the older first.</summary>
    sealed class SeriesWork(SeriesFold fold)
    {
        public SeriesFold Fold { get; } = fold;
        public List<(OpenBlock Block, int Index)> Places { get; } = [];
        public List<WaitingView> Waits { get; } = [];
    }

    /// <summary>The part of a block that the metric has.</summary>
    sealed record OpenBlock(MetricFile File, BlockDirectory Directory, int From, int To, byte[] Data)
    {
        public ReadOnlySpan<byte> ChunksOf(int index)
        {
            var start = Directory.StartAt(From);
            return Data.AsSpan((int)(Directory.StartAt(index) - start), (int)(Directory.StartAt(index + 1) - Directory.StartAt(index)));
        }
    }
}
