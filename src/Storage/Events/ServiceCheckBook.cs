using System.Security.Cryptography;
using System.Text;
using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;

namespace Apm.Storage.Events;

/// <summary>The rules of a store of service checks: history, limits, what goes; where it is written is the affair of its two forms.</summary>
/// <remarks>Thread-safe.</remarks>
public abstract class ServiceCheckBook : IServiceCheckStore
{
    /// <summary>Most characters kept of a check's message; default 500. What is behind is cut off.</summary>
    public const int MaxMessageChars = 500;

    const int BytesOfCheck = 400, BytesOfRun = 72, BytesOfTag = 40;

    readonly Lock _lock = new();
    readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    readonly HashSet<string> _removed = new(StringComparer.Ordinal);
    readonly EventStoreSettings _settings;
    readonly Counters _counters;
    readonly MemoryAccount _memory;
    long _bytes;

    private protected ServiceCheckBook(EventStoreSettings settings, Counters counters, IEnumerable<IReadOnlyList<ServiceCheckRun>> kept)
    {
        (_settings, _counters) = (settings, counters);
        _memory = settings.Memory.OpenWork("service_checks");
        foreach (var runs in kept)
            if (runs.Count > 0) Put_NeedsLock(IdOf(runs[0]), new Entry(runs));
    }

    /// <inheritdoc/>
    public void Add(ServiceCheckRun run)
    {
        lock (_lock)
        {
            var id = IdOf(run);
            var known = _entries.GetValueOrDefault(id);
            var last = known?.Runs[0];
            var message = run.Message.Length <= MaxMessageChars ? run.Message : run.Message[..MaxMessageChars];
            // Texts that come with every run are kept once.
            var kept = run with { Check = last?.Check ?? run.Check, Host = last?.Host ?? run.Host, Tags = last?.Tags ?? [.. run.Tags], Message = last?.Message == message ? last.Message : message };
            var runs = known is null ? [kept] : known.Runs.Append(kept).OrderByDescending(one => one.UnixSeconds).Take(ServiceCheckHistory.MaxRuns).ToList();
            Put_NeedsLock(id, new Entry(runs));
            _changed.Add(id);
            _removed.Remove(id);
            while (_entries.Count > 1 && (_entries.Count > _settings.MaxServiceChecks || _bytes > _settings.MaxServiceCheckBytes)) Forget_NeedsLock();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ServiceCheckHistory> Read(string? check = null)
    {
        lock (_lock)
        {
            return [.. _entries.Values.Where(entry => check is null || entry.Runs[0].Check == check).Select(entry => new ServiceCheckHistory(entry.Runs))
                .OrderBy(history => history.Last.Check, StringComparer.Ordinal).ThenBy(history => history.Last.Host, StringComparer.Ordinal)
                .ThenBy(history => string.Join(',', history.Last.Tags), StringComparer.Ordinal)];
        }
    }

    /// <inheritdoc/>
    public void Save()
    {
        List<(string Id, IReadOnlyList<ServiceCheckRun> Runs)> changed;
        string[] removed;
        lock (_lock)
        {
            changed = [.. _changed.Select(id => (id, _entries[id].Runs))];
            removed = [.. _removed];
        }
        if (changed.Count == 0 && removed.Length == 0) return;
        Write(changed, removed);
        lock (_lock)
        {
            foreach (var (id, runs) in changed) if (ReferenceEquals(_entries.GetValueOrDefault(id)?.Runs, runs)) _changed.Remove(id);
            foreach (var id in removed) _removed.Remove(id);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _memory.Release(_bytes);
            _bytes = 0;
            _entries.Clear();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes histories durable.</summary>
    /// <exception cref="StoreUnavailableException">Some may not be; all are offered again.</exception>
    private protected abstract void Write(IReadOnlyList<(string Id, IReadOnlyList<ServiceCheckRun> Runs)> changed, IReadOnlyList<string> removed);

    /// <summary>One for each check, host and set of tags, of a length that any store takes.</summary>
    static string IdOf(ServiceCheckRun run) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', [run.Check, run.Host, .. run.Tags.Order(StringComparer.Ordinal)]))));

    void Put_NeedsLock(string id, Entry entry)
    {
        var grown = entry.Bytes - (_entries.TryGetValue(id, out var known) ? known.Bytes : 0);
        _entries[id] = entry;
        NoteMemory_NeedsLock(grown);
    }

    void Forget_NeedsLock()
    {
        var (id, quietest) = _entries.MinBy(pair => pair.Value.Runs[0].UnixSeconds);
        _entries.Remove(id);
        _changed.Remove(id);
        _removed.Add(id);
        NoteMemory_NeedsLock(-quietest.Bytes);
        _counters.Add("service_checks_forgotten");
    }

    void NoteMemory_NeedsLock(long grown)
    {
        if (grown > 0) _memory.Reserve(grown); // It is there already; the limits above bound it.
        else _memory.Release(-grown);
        _bytes += grown;
    }

    sealed class Entry(IReadOnlyList<ServiceCheckRun> runs)
    {
        /// <summary>The newest first.</summary>
        public IReadOnlyList<ServiceCheckRun> Runs { get; } = runs;

        public long Bytes { get; } = BytesOfCheck + runs[0].Tags.Sum(tag => BytesOfTag + 2L * tag.Length) + runs.Sum(run => BytesOfRun + 2L * run.Message.Length);
    }
}
