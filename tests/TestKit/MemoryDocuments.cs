using Apm.Core.Ports;

namespace Apm.TestKit;

/// <summary>Documents of a test, kept as they are. Not thread-safe.</summary>
public sealed class MemoryDocuments : IDocumentStore
{
    readonly SortedDictionary<(string Collection, string Id), object> _documents = [];

    public T? Find<T>(string collection, string id) where T : class => _documents.GetValueOrDefault((collection, id)) as T;

    public IReadOnlyList<T> FindAll<T>(string collection) where T : class => [.. _documents.Where(pair => pair.Key.Collection == collection).Select(pair => (T)pair.Value)];

    public void Store<T>(string collection, string id, T document) where T : class => _documents[(collection, id)] = document;

    public bool Remove(string collection, string id) => _documents.Remove((collection, id));

    public void Dispose() => _documents.Clear();
}
