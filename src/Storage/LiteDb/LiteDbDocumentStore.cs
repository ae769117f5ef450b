using System.Text;
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
    readonly LiteDatabaseSettings _settings;

    /// <summary>JSON by id, of the collections that were read.</summary>
    readonly Dictionary<string, SortedDictionary<string, string>> _cache = new(StringComparer.Ordinal);
    long _cachedChars;

    /// <summary>Most characters of JSON kept in memory; default 32 Mi. Beyond, other collections are read from disk again.</summary>
    public const long MaxCachedChars = 33_554_432;

    /// <summary>Opens the file. One that is damaged is set aside and begun anew, which is told: the rest of Apm must not wait for it.</summary>
    /// <param name="path">The file, made when it is not there.</param>
    /// <exception cref="StoreUnavailableException">It cannot be read or written.</exception>
    public LiteDbDocumentStore(string path, LiteDatabaseSettings settings, StoreFiles files, TimeProvider clock, Counters counters)
    {
        _counters = counters;
        _settings = settings;
        try
        {
            _file = OpenWhole(path, settings, files, clock, counters);
        }
        catch (StoreUnavailableException damage) when (IsDamage(damage.InnerException))
        {
            counters.Add("databases_damaged", Path.GetFileName(path));
            var saved = ReadWhatCanBe(path, settings, files, clock, counters);
            SetAside.Rename(files, path);
            SetAside.Rename(files, LiteDatabaseFile.LogPathOf(path));
            _file = OpenWhole(path, settings, files, clock, counters);
            foreach (var part in saved.Chunk(DocumentsPerWrite)) _file.Write([.. part.Select(document => LiteChange.Upsert(Documents, document))]);
            settings.OnTrouble(
                $"The file of documents {path} is damaged and was begun anew with the {saved.Count} documents that could be read. Other saved views, dashboards, settings and the like are gone until it is restored; services come back with their next spans, and traces and statistics are not concerned. " +
                $"The damaged file is kept as {Path.GetFileName(path)}{SetAside.Suffix}: stop Apm and put a good copy in its place, or delete it. ({damage.InnerException!.Message})");
        }
    }

    const int DocumentsPerWrite = 256;

    /// <summary>No document's: those have a collection before a slash.</summary>
    const string ProbeId = "probe";

    /// <summary>Opened, every document read once and found by its id, and one written: LiteDB notices damage only where it goes.</summary>
    static LiteDatabaseFile OpenWhole(string path, LiteDatabaseSettings settings, StoreFiles files, TimeProvider clock, Counters counters)
    {
        var file = new LiteDatabaseFile(path, [new LiteCollectionShape(Documents)], settings, files, clock, counters);
        try
        {
            foreach (var document in file.FindAll(Documents))
                if (file.Find(Documents, document["_id"]) is null) throw new StoreUnavailableException("", new InvalidDataException($"The index does not lead to {document["_id"]}."));
            file.Write([LiteChange.Upsert(Documents, new BsonDocument { ["_id"] = ProbeId })]);
            file.Write([LiteChange.Remove(Documents, ProbeId)]);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The good documents of a damaged file, when its damage leaves a way to them.</summary>
    static IReadOnlyList<BsonDocument> ReadWhatCanBe(string path, LiteDatabaseSettings settings, StoreFiles files, TimeProvider clock, Counters counters)
    {
        try
        {
            using var file = new LiteDatabaseFile(path, [new LiteCollectionShape(Documents)], settings, files, clock, counters);
            return [.. file.FindAll(Documents).Where(document => !document["check"].IsNull && IsGood(document)).DistinctBy(document => document["_id"].AsString)];
        }
        catch (StoreUnavailableException)
        {
            return [];
        }
    }

    /// <summary>Not a disk that fails or a folder that may not be written: those may be well again, and nothing must be renamed for them.</summary>
    static bool IsDamage(Exception? failure) =>
        failure is not null and not UnauthorizedAccessException and not OutOfMemoryException && (failure is not IOException || failure is EndOfStreamException);

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
            _file.Write(LiteChange.Upsert(Documents, new BsonDocument { ["_id"] = IdOf(collection, id), ["json"] = json, ["check"] = CheckOf(IdOf(collection, id), json) }));
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
        var prefix = IdOf(collection, "");
        foreach (var document in _file.FindAll(Documents).Where(document => !document["_id"].IsString || document["_id"].AsString.StartsWith(prefix, StringComparison.Ordinal)))
        {
            if (IsGood(document)) loaded[document["_id"].AsString[prefix.Length..]] = document["json"].AsString;
            else TellOfDamage(document["_id"] is { IsString: true } id ? id.AsString : "without an id");
        }
        _cache.Add(collection, loaded);
        _cachedChars += loaded.Values.Sum(json => (long)json.Length);
        return loaded;
    }

    /// <summary>LiteDB has no checksums; documents of before have none either, and are believed.</summary>
    static bool IsGood(BsonDocument document) =>
        document["_id"].IsString && document["json"].IsString
        && (document["check"].IsNull || (document["check"].IsInt64 && document["check"].AsInt64 == CheckOf(document["_id"].AsString, document["json"].AsString)));

    static long CheckOf(string id, string json) => Checksum.Then(Checksum.Of(Encoding.UTF8.GetBytes(id)), Encoding.UTF8.GetBytes(json));

    void TellOfDamage(string id)
    {
        _counters.Add("documents_damaged");
        _settings.OnTrouble($"The document {id} is not as it was stored and is left out. Save it again, or restore the file of documents.");
    }

    static string IdOf(string collection, string id) => collection.Length > 0 && !collection.Contains('/', StringComparison.Ordinal)
        ? $"{collection}/{id}"
        : throw new ArgumentException($"\"{collection}\" is no name for a collection: it must not be empty or contain a slash.", nameof(collection));
}
