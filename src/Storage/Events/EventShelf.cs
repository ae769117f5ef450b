using Apm.Core.Events;

namespace Apm.Storage.Events;

/// <summary>Events in memory, by time and by id; what both event stores are made of.</summary>
/// <remarks>Not thread-safe: its store has a lock.</remarks>
sealed class EventShelf
{
    const int BytesOfEvent = 250, BytesOfTag = 40;

    static readonly Comparer<EventRecord> ByTime = Comparer<EventRecord>.Create(static (left, right) =>
        left.UnixSeconds != right.UnixSeconds ? left.UnixSeconds.CompareTo(right.UnixSeconds) : left.Id.CompareTo(right.Id));

    readonly List<EventRecord> _byTime = []; // The oldest first.
    readonly Dictionary<long, EventRecord> _byId = [];
    readonly Dictionary<long, List<long>> _comments = [];

    public int Count => _byTime.Count;

    /// <summary>What the events take, by estimate.</summary>
    public long ByteCount { get; private set; }

    /// <summary>The event that goes first; null when there is none.</summary>
    public EventRecord? Oldest(int index = 0) => index < _byTime.Count ? _byTime[index] : null;

    public EventRecord? Find(long id) => _byId.GetValueOrDefault(id);

    /// <summary>Puts an event in place of any of its id.</summary>
    public void Put(EventRecord happened)
    {
        Remove(happened.Id);
        var at = _byTime.BinarySearch(happened, ByTime);
        _byTime.Insert(at < 0 ? ~at : at, happened);
        _byId.Add(happened.Id, happened);
        if (happened.IsComment())
        {
            if (!_comments.TryGetValue(happened.RelatedEventId, out var ids)) _comments.Add(happened.RelatedEventId, ids = []);
            ids.Add(happened.Id);
        }
        ByteCount += BytesOf(happened);
    }

    public bool Remove(long id)
    {
        if (!_byId.Remove(id, out var known)) return false;
        _byTime.RemoveAt(_byTime.BinarySearch(known, ByTime));
        if (known.IsComment() && _comments.TryGetValue(known.RelatedEventId, out var ids))
        {
            ids.Remove(id);
            if (ids.Count == 0) _comments.Remove(known.RelatedEventId);
        }
        ByteCount -= BytesOf(known);
        return true;
    }

    public IReadOnlyList<EventRecord> Search(EventSearch search)
    {
        var found = new List<EventRecord>();
        var skipped = 0;
        for (var i = _byTime.Count - 1; i >= 0 && found.Count < search.Take; i--)
        {
            if (_byTime[i].UnixSeconds < search.FromUnixSeconds) break;
            if (search.Accepts(_byTime[i]) && ++skipped > search.Skip) found.Add(_byTime[i]);
        }
        return found;
    }

    public IReadOnlyList<EventRecord> CommentsOn(long id) => _comments.TryGetValue(id, out var ids) ? [.. ids.Order().Select(comment => _byId[comment])] : [];

    public static long BytesOf(EventRecord happened) =>
        BytesOfEvent + 2L * (happened.Title.Length + happened.Text.Length + happened.Host.Length + happened.Source.Length + happened.AggregationKey.Length + happened.DeviceName.Length)
        + happened.Tags.Sum(tag => BytesOfTag + 2L * tag.Length);
}
