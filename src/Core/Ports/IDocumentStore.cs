namespace Apm.Core.Ports;

/// <summary>
/// Small documents by collection and id: services, processes, views, later dashboards, monitors, settings.
/// At most some hundred writes a second; readers that ask often keep their own copy.
/// </summary>
/// <remarks>Thread-safe. Documents are stored as JSON; unknown members of an older or newer version are kept apart from meaning.</remarks>
public interface IDocumentStore : IDisposable
{
    /// <summary>One document; null when there is none of that id.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    T? Find<T>(string collection, string id) where T : class;

    /// <summary>All documents of a collection, ordered by id.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    IReadOnlyList<T> FindAll<T>(string collection) where T : class;

    /// <summary>Stores a document durably, in place of any of the same id.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    void Store<T>(string collection, string id, T document) where T : class;

    /// <summary>Removes a document; false when there was none.</summary>
    bool Remove(string collection, string id);
}
