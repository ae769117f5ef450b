using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Storage.Metrics.Chunks;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>Which metrics and series there are: from the catalogue in memory, and from the files what that does not have.</summary>
/// <remarks>Any thread.</remarks>
/// <param name="path">Of the folder, for messages.</param>
sealed class MetricLists(string path, SeriesCatalogue catalogue, MetricDays days, DirectoryCache directories, Lock storeLock)
{
    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds)
    {
        var older = Older(null, sinceUnixSeconds).GroupBy(info => info.Key.Metric).ToDictionary(metric => metric.Key, StringComparer.Ordinal);
        var found = new List<MetricInfo>();
        lock (storeLock)
        {
            foreach (var metric in catalogue.Metrics)
            {
                var kept = Kept_NeedsLock(metric);
                older.Remove(metric.Name, out var olderOnes);
                if (kept.Count + (olderOnes?.Count() ?? 0) == 0) continue;
                var last = Math.Max(kept.Count == 0 ? long.MinValue : kept.Max(entry => entry.LastUnixSeconds), olderOnes?.Max(info => info.LastUnixSeconds) ?? long.MinValue);
                if (last >= sinceUnixSeconds) found.Add(new MetricInfo(metric.Name, metric.Type, kept.Count + (olderOnes?.Count() ?? 0), last));
            }
        }
        found.AddRange(older.Values.Select(metric => new MetricInfo(metric.Key, metric.MaxBy(info => info.LastUnixSeconds)!.Type, metric.Count(), metric.Max(info => info.LastUnixSeconds))));
        found.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return found;
    }

    public MetricInfo? Find(string metric)
    {
        lock (storeLock)
        {
            if (catalogue.Find(metric) is { } known && Kept_NeedsLock(known) is { Count: > 0 } kept)
                return new MetricInfo(metric, known.Type, kept.Count, kept.Max(entry => entry.LastUnixSeconds));
        }
        var all = Series(metric, long.MinValue);
        if (all.Count == 0) return null;
        var newest = all.MaxBy(info => info.LastUnixSeconds)!;
        lock (storeLock) return new MetricInfo(metric, catalogue.Find(metric)?.Type ?? newest.Type, all.Count, newest.LastUnixSeconds);
    }

    public MetricType? TypeOf(string metric)
    {
        lock (storeLock) return catalogue.Find(metric)?.Type;
    }

    public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds)
    {
        var found = Older(metric, sinceUnixSeconds);
        lock (storeLock)
        {
            if (catalogue.Find(metric) is { } known)
                found.AddRange(Kept_NeedsLock(known).Where(entry => entry.LastUnixSeconds >= sinceUnixSeconds).Select(entry => new SeriesInfo(entry.Key, entry.Type, entry.IntervalSeconds, entry.LastUnixSeconds)));
        }
        found.Sort(static (left, right) => MetricTags.Compare(left.Key.Tags, right.Key.Tags));
        return found;
    }

    /// <summary>The series of a metric of which something is kept.</summary>
    List<SeriesEntry> Kept_NeedsLock(MetricEntry metric)
    {
        var oldest = days.Now is { IsEmpty: false } now ? MetricDay.StartOf(now.Keys.First()) : long.MinValue;
        return [.. metric.Series.Where(entry => entry.LastUnixSeconds > long.MinValue && (entry.LastUnixSeconds >= oldest || entry.Live is not null || entry.Frozen is not null))];
    }

    /// <summary>Series that the catalogue does not have because they had no point for long; from the files.</summary>
    List<SeriesInfo> Older(string? metric, long sinceUnixSeconds)
    {
        var found = new Dictionary<SeriesKey, SeriesInfo>();
        if (sinceUnixSeconds >= catalogue.CompleteSinceUnixSeconds) return [];
        foreach (var (day, files) in days.Now)
        {
            var start = MetricDay.StartOf(day);
            if (start + MetricDay.Seconds <= sinceUnixSeconds || start >= catalogue.CompleteSinceUnixSeconds) continue;
            foreach (var directory in (files.Raw ?? files.Hour ?? files.Minute)!.Blocks.Select(TryDirectoryOf).OfType<BlockDirectory>())
            {
                var (from, to) = metric is null ? (0, directory.Count) : directory.RangeOf(metric);
                for (var i = from; i < to; i++)
                {
                    var last = start + directory.LastSecondAt(i);
                    if (last >= sinceUnixSeconds && !IsInCatalogue(directory.KeyAt(i)))
                        found[directory.KeyAt(i)] = new SeriesInfo(directory.KeyAt(i), directory.TypeAt(i), directory.IntervalSecondsAt(i), last);
                }
            }
        }
        return [.. found.Values];
    }

    /// <summary>With a point: one of the log that is in the files already makes an entry as well.</summary>
    bool IsInCatalogue(SeriesKey key) => catalogue.TryGet(key, out var entry) && entry.LastUnixSeconds > long.MinValue;

    BlockDirectory? TryDirectoryOf(MetricBlock block)
    {
        try
        {
            return directories.Of(block);
        }
        catch (BlockDamagedException)
        {
            return null; // A read tells of it, with the file.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"The metrics in {path} could not be read: {failure.Message} Try again; if this lasts, check the data folder.", failure);
        }
    }

    /// <summary>Fills the catalogue from the files of points.</summary>
    public void Load()
    {
        var now = days.Now;
        var firstWithPoints = now.Where(day => day.Value.Raw is not null).Select(day => day.Key).DefaultIfEmpty(now.IsEmpty ? 0 : now.Keys.Last() + 1).First();
        if (!now.IsEmpty && now.Keys.First() < firstWithPoints) catalogue.BeginAt(MetricDay.StartOf(firstWithPoints));
        foreach (var (day, files) in now)
        {
            foreach (var directory in (files.Raw?.Blocks ?? []).Select(TryDirectoryOf).OfType<BlockDirectory>())
            {
                for (var i = 0; i < directory.Count; i++)
                {
                    var entry = catalogue.GetOrAdd(directory.KeyAt(i));
                    (entry.Type, entry.IntervalSeconds, entry.Metric.Type) = (directory.TypeAt(i), directory.IntervalSecondsAt(i), directory.TypeAt(i));
                    entry.LastUnixSeconds = Math.Max(entry.LastUnixSeconds, MetricDay.StartOf(day) + directory.LastSecondAt(i));
                }
            }
        }
    }
}
