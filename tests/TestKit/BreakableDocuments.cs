using Apm.Core.Ports;

namespace Apm.TestKit;

/// <summary>Documents of a store that a test takes away for some collections: what changes or reads those fails, and changes nothing.</summary>
public sealed class BreakableDocuments(IDocumentStore inner) : IDocumentStore
{
    /// <summary>Of which collections the store is away; of none at first.</summary>
    public Func<string, bool> IsAway { get; set; } = _ => false;

    public T? Find<T>(string collection, string id) where T : class => There(collection).Find<T>(collection, id);

    public IReadOnlyList<T> FindAll<T>(string collection) where T : class => There(collection).FindAll<T>(collection);

    public void Store<T>(string collection, string id, T document) where T : class => There(collection).Store(collection, id, document);

    public bool Remove(string collection, string id) => There(collection).Remove(collection, id);

    public void Dispose() => inner.Dispose();

    IDocumentStore There(string collection) => IsAway(collection) ? throw new StoreUnavailableException($"{collection} is away.") : inner;
}
