using System.Runtime.InteropServices;
using Apm.Storage.Metrics.Chunks;

namespace Apm.Storage.Metrics;

/// <summary>Writes what waits in memory behind the files of its days.</summary>
/// <remarks>One thread.</remarks>
sealed class WaitingWriter(MetricFolder folder, MetricDays days)
{
    readonly ChunkWriter _chunks = new();
    readonly DayOfSeries _day = new();

    /// <summary>Appends one block to the file of each day that something waits of.</summary>
    /// <param name="entries">By metric and tags; what is frozen of them is written.</param>
    /// <param name="covered">Number of the newest record of the log that is in it.</param>
    /// <param name="allCovered">Up to this everything was in files before.</param>
    /// <returns>The files as they are now.</returns>
    public List<MetricFile> Write(List<SeriesEntry> entries, long covered, long allCovered)
    {
        var written = new List<MetricFile>();
        foreach (var day in DaysOf(entries))
            if (MetricDay.StartOf(day) >= days.FloorUnixSeconds) written.Add(WriteDay(day, entries, covered, allCovered)); // Its file may have gone meanwhile.
        return written;
    }

    static SortedSet<long> DaysOf(List<SeriesEntry> entries)
    {
        var days = new SortedSet<long>();
        var (from, to) = (1L, 0L); // The day of the last point seen: nearly always that of the next.
        void Note(long seconds)
        {
            if (seconds >= from && seconds < to) return;
            var day = MetricDay.Of(seconds);
            (from, to) = (MetricDay.StartOf(day), MetricDay.StartOf(day + 1));
            days.Add(day);
        }
        foreach (var entry in entries)
        {
            foreach (var point in entry.Frozen!.Points.Span) Note(point.UnixSeconds);
            foreach (var point in entry.Frozen.Sketches) Note(point.UnixSeconds);
        }
        return days;
    }

    MetricFile WriteDay(long day, List<SeriesEntry> entries, long covered, long allCovered)
    {
        var file = days.Of(day).Raw ?? folder.Begin(day);
        try
        {
            var writer = new MetricBlockWriter(file.File, file.ByteCount, day);
            foreach (var entry in entries) WriteSeries(writer, entry, MetricDay.StartOf(day), MetricDay.StartOf(day + 1));
            return file.With(writer.Finish(covered, allCovered));
        }
        catch
        {
            if (file.Blocks.Count == 0) file.File.Dispose(); // The next attempt opens it again.
            throw;
        }
    }

    void WriteSeries(MetricBlockWriter writer, SeriesEntry entry, long start, long end)
    {
        var waiting = entry.Frozen!;
        if (waiting.LastUnixSeconds < start || waiting.FirstUnixSeconds >= end) return;
        _day.Clear();
        _day.Add(new WaitingView(entry, waiting.Points.Written, waiting.Sketches, waiting.FirstUnixSeconds, waiting.LastUnixSeconds), start, end);
        if (_day.IsEmpty) return;
        _day.Arrange();
        _chunks.Clear();
        _chunks.Points(start, _day.Points.Span);
        _chunks.Sketches(start, CollectionsMarshal.AsSpan(_day.Sketches));
        writer.Add(entry.Key, entry.KeyBytes, entry.Type, entry.IntervalSeconds, _day.FirstUnixSeconds, _day.LastUnixSeconds, _chunks.Written);
    }
}
