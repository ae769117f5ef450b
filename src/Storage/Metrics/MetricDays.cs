using System.Collections.Immutable;
using Apm.Storage.Metrics.Chunks;

namespace Apm.Storage.Metrics;

/// <summary>Which files there are, by day.</summary>
/// <remarks>Any thread may read <see cref="Now"/>, which never changes but is replaced; changes need the store's lock.</remarks>
sealed class MetricDays
{
    ImmutableSortedDictionary<long, DayFiles> _now = ImmutableSortedDictionary<long, DayFiles>.Empty;
    long _floorUnixSeconds;

    public ImmutableSortedDictionary<long, DayFiles> Now => Volatile.Read(ref _now);

    public IEnumerable<MetricFile> Files => Now.Values.SelectMany(day => day.All);

    public long ByteCount => Files.Sum(file => file.ByteCount);

    /// <summary>A day of which only roll-ups are left, and all before it, take no points: so much is before this.</summary>
    public long FloorUnixSeconds => Interlocked.Read(ref _floorUnixSeconds);

    public DayFiles Of(long day) => Now.GetValueOrDefault(day, DayFiles.None);

    public void Load(ImmutableSortedDictionary<long, DayFiles> days)
    {
        Volatile.Write(ref _now, days);
        RaiseFloor();
    }

    public void Set(long day, DayFiles files)
    {
        Volatile.Write(ref _now, files.IsEmpty ? _now.Remove(day) : _now.SetItem(day, files));
        if (files.Raw is null) RaiseFloor();
    }

    void RaiseFloor()
    {
        var last = _now.Where(day => day.Value.Raw is null).Select(day => day.Key + 1).DefaultIfEmpty(0).Max();
        Interlocked.Exchange(ref _floorUnixSeconds, Math.Max(_floorUnixSeconds, MetricDay.StartOf(last)));
    }
}
