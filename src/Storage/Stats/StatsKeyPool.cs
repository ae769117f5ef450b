using Apm.Core.Stats;

namespace Apm.Storage.Stats;

/// <summary>One instance of equal keys: the same few keys stand in every bucket of a day.</summary>
/// <remarks>Thread-safe.</remarks>
sealed class StatsKeyPool
{
    /// <summary>Most keys remembered; then it starts afresh, which costs memory but no truth.</summary>
    const int MaxKeys = 65_536;

    readonly Lock _lock = new();
    readonly Dictionary<StatsKey, StatsKey> _keys = [];

    public StatsKey Same(StatsKey key)
    {
        lock (_lock)
        {
            if (_keys.TryGetValue(key, out var known)) return known;
            if (_keys.Count >= MaxKeys) _keys.Clear();
            _keys.Add(key, key);
            return key;
        }
    }
}
