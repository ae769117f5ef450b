using Apm.Core.Counting;
using Apm.Core.Ids;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Fates;

/// <summary>Limits of what is remembered of traces that are not stored.</summary>
public sealed record FateStoreSettings
{
    /// <summary>Most bytes of all files; default 64 MiB, about 20 million traces. Beyond it the oldest hours are forgotten, counted in <c>fates_forgotten</c>.</summary>
    public long MaxBytes { get; init; } = 67_108_864;

    /// <summary>Most bytes of one hour, which are in memory while it lasts; default 8 MiB. What is more goes into the filters there are, counted in <c>fates_crowded</c>: an answer is then wrong more often, and says how often.</summary>
    public int MaxHourBytes { get; init; } = 8_388_608;

    /// <summary>What the filters in memory take theirs from; default one without a ceiling.</summary>
    public MemoryBudget Memory { get; init; } = MemoryBudget.None();

    /// <summary>Told in a sentence of files that were damaged.</summary>
    public Action<string> OnTrouble { get; init; } = static _ => { };
}

/// <summary>
/// Fates as filters over trace ids, by hour and reason: three bytes a trace, and wrong for about one id in ten thousand per filter.
/// </summary>
/// <remarks>The filters of the current hours are in memory; a file is replaced whole. Questions read the files, so that only they cost.</remarks>
public sealed class FileFateStore : IFateStore
{
    const int BitsPerTrace = 24;
    const int FirstCapacity = 1_024;
    const int MaxCapacity = 262_144;

    /// <summary>Holds the time since which fates are remembered.</summary>
    const string SinceName = "since";

    readonly Lock _lock = new();
    readonly string _folder;
    readonly FateStoreSettings _settings;
    readonly StoreFiles _files;
    readonly Counters _counters;
    readonly MemoryAccount _memory;
    readonly Dictionary<long, List<FateFilter>> _hours = [];
    readonly HashSet<long> _dirty = [];

    /// <summary>Opens the folder, making it when it is not there.</summary>
    /// <exception cref="StoreUnavailableException">The folder cannot be read or written.</exception>
    public FileFateStore(string folder, FateStoreSettings settings, StoreFiles files, TimeProvider clock, Counters counters)
    {
        (_folder, _settings, _files, _counters) = (folder, settings, files, counters);
        _memory = settings.Memory.OpenWork("fates");
        try
        {
            files.CreateFolder(folder);
            var now = clock.NowUnixNanos();
            if (files.ReadAll(Path.Combine(folder, SinceName)) is { Length: 8 } since) SinceUnixNanos = BitConverter.ToInt64(since);
            else Remember(now);
            var hour = UnixTime.Floor(now, HourNanos);
            if (Read(FateFile.NameOf(hour)) is { Count: > 0 } filters) Hold(hour, filters);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"The folder {folder} cannot be opened: {failure.Message} Check that it can be read and written.", failure);
        }
    }

    const long HourNanos = 3_600 * UnixTime.NanosPerSecond;

    /// <inheritdoc/>
    public long SinceUnixNanos { get; private set; }

    /// <inheritdoc/>
    public void Note(TraceId traceId, FateKind kind, string reason, long unixNanos)
    {
        var hash = StableHash.OfTrace(traceId.Low);
        var hour = UnixTime.Floor(unixNanos, HourNanos);
        lock (_lock)
        {
            if (!_hours.TryGetValue(hour, out var filters)) Hold(hour, filters = Read(FateFile.NameOf(hour)) ?? []);
            FateFilter? filter = null;
            var largest = FirstCapacity / 2;
            foreach (var known in filters)
            {
                if (known.Kind != kind || known.Reason != reason) continue;
                if (known.Bits.MayContain(hash)) return;
                if (filter is null || known.Fullness < filter.Fullness) filter = known;
                largest = Math.Max(largest, known.Capacity);
            }
            if (filter is null || filter.Fullness >= 1)
            {
                var capacity = Math.Min(MaxCapacity, largest * 2);
                if (filter is null || BytesOf(filters) + (capacity * BitsPerTrace / 8) <= _settings.MaxHourBytes)
                {
                    filters.Add(filter = new FateFilter(kind, reason, hour, capacity, BloomFilter.For(capacity, BitsPerTrace)));
                    _memory.Reserve(filter.Bits.ByteCount);
                }
                else _counters.Add("fates_crowded"); // Not to remember it would make "never seen" a lie.
            }
            filter.Bits.Add(hash);
            filter.Count++;
            _dirty.Add(hour);
        }
    }

    /// <inheritdoc/>
    public void Evicted(EvictedSlice slice)
    {
        var reason = slice.Reason == EvictionReason.Age ? "age" : "bytes";
        var filters = slice.TraceFilters.Select(bytes => new FateFilter(FateKind.Evicted, reason, slice.EvictedUnixNanos, 0, BloomFilter.FromBytes(bytes.Span)));
        try
        {
            // The slice's name makes the file's, so that a slice told twice is remembered once.
            lock (_lock) _files.Replace(Path.Combine(_folder, FateFile.NameOf(slice.EvictedUnixNanos, $"-{slice.Name}")), FateFile.Encode(filters));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _counters.Add("fates_not_remembered", "evicted");
            _settings.OnTrouble($"The traces of a slice that was dropped could not be remembered: {failure.Message} Asked for one of them, Apm will say that it was never seen.");
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        lock (_lock)
        {
            try
            {
                foreach (var hour in _dirty.ToList())
                {
                    _files.Replace(Path.Combine(_folder, FateFile.NameOf(hour)), FateFile.Encode(_hours[hour]));
                    _dirty.Remove(hour);
                }
                foreach (var hour in _hours.Keys.OrderDescending().Skip(2).ToList()) LetGo(hour);
                Forget();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new StoreUnavailableException($"What became of traces that are not stored could not be written to {_folder}: {failure.Message} It stays in memory and is tried again.", failure);
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Fate> Find(TraceId traceId)
    {
        var hash = StableHash.OfTrace(traceId.Low);
        var found = new List<Fate>();
        try
        {
            lock (_lock)
            {
                foreach (var name in _files.ListNames(_folder).Where(name => FateFile.HourOf(name) is { } hour && !IsInMemory(name, hour))) Look(Read(name) ?? []);
                foreach (var filters in _hours.Values) Look(filters);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"What became of traces that are not stored cannot be read: {failure.Message} Try again; if this lasts, check the data folder.", failure);
        }
        return [.. found.OrderByDescending(fate => fate.FromUnixNanos).ThenBy(fate => fate.Kind)];

        bool IsInMemory(string name, long hour) => _hours.ContainsKey(hour) && name == FateFile.NameOf(hour);

        void Look(List<FateFilter> filters)
        {
            foreach (var group in filters.GroupBy(filter => (filter.Kind, filter.Reason, filter.FromUnixNanos)))
            {
                if (!group.Any(filter => filter.Bits.MayContain(hash))) continue;
                found.Add(new Fate(group.Key.Kind, group.Key.Reason, group.Key.FromUnixNanos, Math.Min(1, group.Sum(filter => filter.WrongOdds()))));
            }
        }
    }

    void Hold(long hour, List<FateFilter> filters)
    {
        _hours.Add(hour, filters);
        _memory.Reserve(BytesOf(filters));
    }

    void LetGo(long hour)
    {
        if (_hours.Remove(hour, out var filters)) _memory.Release(BytesOf(filters));
    }

    static long BytesOf(List<FateFilter> filters) => filters.Sum(filter => (long)filter.Bits.ByteCount);

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Flush();
        }
        catch (StoreUnavailableException failure)
        {
            _settings.OnTrouble(failure.Message);
        }
    }

    /// <summary>Drops the oldest files until the rest is within the budget.</summary>
    void Forget()
    {
        var names = _files.ListNames(_folder).Where(name => FateFile.HourOf(name) is not null).Order(StringComparer.Ordinal).ToList();
        var sizes = names.ConvertAll(name => LengthOf(Path.Combine(_folder, name)));
        var total = sizes.Sum();
        for (var i = 0; i < names.Count - 1 && total > _settings.MaxBytes; i++)
        {
            Remember(Math.Max(SinceUnixNanos, FateFile.HourOf(names[i])!.Value + HourNanos)); // First: an answer must not claim more than it knows.
            _files.Delete(Path.Combine(_folder, names[i]));
            _counters.Add("fates_forgotten");
            total -= sizes[i];
        }
    }

    long LengthOf(string path)
    {
        using var file = _files.OpenRead(path);
        return file.Length;
    }

    void Remember(long sinceUnixNanos)
    {
        if (sinceUnixNanos == SinceUnixNanos) return;
        _files.Replace(Path.Combine(_folder, SinceName), BitConverter.GetBytes(sinceUnixNanos));
        SinceUnixNanos = sinceUnixNanos;
    }

    /// <summary>Null when there is no such file, or it was damaged and is set aside.</summary>
    List<FateFilter>? Read(string name)
    {
        var path = Path.Combine(_folder, name);
        if (_files.ReadAll(path) is not { } bytes) return null;
        try
        {
            return FateFile.Decode(bytes);
        }
        catch (InvalidDataException damage)
        {
            _counters.Add("fate_files_damaged");
            SetAside.Rename(_files, path);
            _settings.OnTrouble($"The file {path} is damaged: {damage.Message}. It is kept as {name}{SetAside.Suffix} and can be deleted. Why traces of that hour are missing is forgotten; nothing else is lost.");
            return null;
        }
    }
}
