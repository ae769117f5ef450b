using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Documents;
using Apm.Storage.Files;
using LiteDB;

namespace Apm.Storage.LiteDb;

/// <summary>
/// Documents in one LiteDB file (<c>state.db</c>): id <c>collection/id</c>, and the document as JSON text.
/// Reads are served from memory once a collection was asked for.
/// </summary>
/// <remarks>
/// Thread-safe. Every reader gets an object of its own. A document that cannot be read as what is asked for is passed over
/// and counted in <c>documents_unreadable</c>, so that one bad document does not take its collection away.
/// </remarks>
public sealed class LiteDbDocumentStore : IDocumentStore
{
    const string Documents = "documents";

    readonly Lock _lock = new();
    readonly LiteDatabaseFile _file;
    readonly Counters _counters;

    /// <summary>JSON by id, of the collections that were read.</summary>
    readonly Dictionary<string, SortedDictionary<string, string>> _cache = new(StringComparer.Ordinal);
    long _cachedChars;

    /// <summary>Most characters of JSON kept in memory; default 32 Mi. Beyond, other collections are read from disk again.</summary>
    public const long MaxCachedChars = 33_554_432;

    /// <param name="path">The file, made when it is not there.</param>
    /// <exception cref="StoreUnavailableException">It cannot be opened or is damaged.</exception>
    public LiteDbDocumentStore(string path, LiteDatabaseSettings settings, StoreFiles files, TimeProvider clock, Counters counters)
    {
        _counters = counters;
        _file = new LiteDatabaseFile(path, [new LiteCollectionShape(Documents)], settings, files, clock, counters);
    }

    public T? Find<T>(string collection, string id) where T : class
    {
        lock (_lock) return Loaded_NeedsLock(collection).TryGetValue(id, out var json) ? Parse<T>(collection, json) : null;
    }

    public IReadOnlyList<T> FindAll<T>(string collection) where T : class
    {
        string[] all;
        lock (_lock) all = [.. Loaded_NeedsLock(collection).Values];
        return [.. all.Select(json => Parse<T>(collection, json)).OfType<T>()];
    }

    public void Store<T>(string collection, string id, T document) where T : class
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        var json = DocumentJson.Write(document);
        lock (_lock)
        {
            var loaded = Loaded_NeedsLock(collection);
            _file.Write(LiteChange.Upsert(Documents, new BsonDocument { ["_id"] = IdOf(collection, id), ["json"] = json }));
            if (loaded.TryGetValue(id, out var old)) _cachedChars -= old.Length;
            loaded[id] = json;
            _cachedChars += json.Length;
        }
    }

    public bool Remove(string collection, string id)
    {
        lock (_lock)
        {
            var loaded = Loaded_NeedsLock(collection);
            if (!loaded.TryGetValue(id, out var old)) return false;
            _file.Write(LiteChange.Remove(Documents, IdOf(collection, id)));
            loaded.Remove(id);
            _cachedChars -= old.Length;
            return true;
        }
    }

    public void Dispose() => _file.Dispose();

    T? Parse<T>(string collection, string json) where T : class
    {
        var document = DocumentJson.Read<T>(json);
        if (document is null) _counters.Add("documents_unreadable", collection);
        return document;
    }

    SortedDictionary<string, string> Loaded_NeedsLock(string collection)
    {
        if (_cache.TryGetValue(collection, out var loaded))
        {
            if (_cachedChars <= MaxCachedChars || _cache.Count == 1) return loaded;
            _cache.Clear();
            _cache.Add(collection, loaded);
            _cachedChars = loaded.Values.Sum(json => (long)json.Length);
            return loaded;
        }
        loaded = new SortedDictionary<string, string>(StringComparer.Ordinal);
        // '0' follows '/': everything between is of this collection.
        foreach (var document in _file.FindBetween(Documents, "_id", IdOf(collection, ""), collection + "0"))
            loaded.Add(document["_id"].AsString[(collection.Length + 1)..], document["json"].AsString);
        _cache.Add(collection, loaded);
        _cachedChars += loaded.Values.Sum(json => (long)json.Length);
        return loaded;
    }

    static string IdOf(string collection, string id) => collection.Length > 0 && !collection.Contains('/', StringComparison.Ordinal)
        ? $"{collection}/{id}"
        : throw new ArgumentException($"\"{collection}\" is no name for a collection: it must not be empty or contain a slash.", nameof(collection));
}
