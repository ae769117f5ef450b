using Apm.Core.Ports;
using Apm.Storage.Documents;

namespace Apm.Storage.InMemory;

/// <summary>The document store's twin in memory: documents pass through JSON all the same, so what works here works on disk.</summary>
public sealed class InMemoryDocumentStore : IDocumentStore
{
    readonly Lock _lock = new();
    readonly Dictionary<string, SortedDictionary<string, string>> _collections = new(StringComparer.Ordinal);

    public T? Find<T>(string collection, string id) where T : class
    {
        lock (_lock) return CollectionOf_NeedsLock(collection).TryGetValue(id, out var json) ? DocumentJson.Read<T>(json) : null;
    }

    public IReadOnlyList<T> FindAll<T>(string collection) where T : class
    {
        lock (_lock) return [.. CollectionOf_NeedsLock(collection).Values.Select(DocumentJson.Read<T>).OfType<T>()];
    }

    public void Store<T>(string collection, string id, T document) where T : class
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        lock (_lock) CollectionOf_NeedsLock(collection)[id] = DocumentJson.Write(document);
    }

    public bool Remove(string collection, string id)
    {
        lock (_lock) return CollectionOf_NeedsLock(collection).Remove(id);
    }

    public void Dispose()
    {
    }

    SortedDictionary<string, string> CollectionOf_NeedsLock(string collection)
    {
        if (!_collections.TryGetValue(collection, out var documents)) _collections.Add(collection, documents = new(StringComparer.Ordinal));
        return documents;
    }
}
