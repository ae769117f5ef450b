using System.Collections.Immutable;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.Metrics.Chunks;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>One read: day by day through the files and what waits in memory, each series into its buckets.</summary>
/// <remarks>Used once, by one thread. Works on what was there when it began, and holds nobody up.</remarks>
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
            if (blocks.Count == 1 && waits.Count == 0) FoldBlock(blocks[0], start);
            else if (blocks.Count + waits.Count > 0) FoldTogether(blocks, waits, start);
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

    void FoldBlock(OpenBlock block, long dayStart)
    {
        for (var i = block.From; i < block.To; i++)
        {
            if (FoldOf(block, i) is not { } fold) continue;
            _day.Clear();
            Add(block, i, dayStart);
            FoldDay(fold);
        }
    }

    void FoldTogether(List<OpenBlock> blocks, List<WaitingView> waits, long dayStart)
    {
        var places = new Dictionary<SeriesKey, List<(OpenBlock Block, int Index)>>();
        foreach (var block in blocks)
        {
            for (var i = block.From; i < block.To; i++)
            {
                if (!places.TryGetValue(block.Directory.KeyAt(i), out var ofSeries)) places.Add(block.Directory.KeyAt(i), ofSeries = []);
                ofSeries.Add((block, i));
            }
        }
        var waitsOf = waits.ToLookup(view => view.Entry.Key);
        foreach (var (key, ofSeries) in places)
        {
            if (FoldOf(ofSeries[^1].Block, ofSeries[^1].Index) is not { } fold) continue;
            _day.Clear();
            foreach (var (block, index) in ofSeries) Add(block, index, dayStart);
            foreach (var view in waitsOf[key]) Add(view, dayStart);
            FoldDay(fold);
        }
        foreach (var ofSeries in waitsOf)
        {
            if (places.ContainsKey(ofSeries.Key) || FoldOf(ofSeries.Key, default, 0) is not { } fold) continue;
            _day.Clear();
            foreach (var view in ofSeries) Add(view, dayStart);
            FoldDay(fold);
        }
    }

    void Add(WaitingView view, long dayStart) => _day.Add(view, Math.Max(_from, dayStart), Math.Min(_to, dayStart + MetricDay.Seconds));

    void Add(OpenBlock block, int index, long dayStart)
    {
        var chunks = block.ChunksOf(index);
        if (Checksum.Of(chunks) == block.Directory.ChecksumAt(index)) _day.Add(chunks, dayStart, _from, _to);
        else onDamage(block.File);
    }

    void FoldDay(SeriesFold fold)
    {
        if (_day.IsEmpty) return;
        _day.Arrange();
        fold.Add(_day.Points.Span);
        fold.Add(_day.Rollups);
        fold.Add(_day.Sketches);
    }

    SeriesFold? FoldOf(OpenBlock block, int index) => FoldOf(block.Directory.KeyAt(index), block.Directory.TypeAt(index), block.Directory.IntervalSecondsAt(index));

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
