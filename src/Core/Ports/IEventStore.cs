using Apm.Core.Events;

namespace Apm.Core.Ports;

/// <summary>Keeps events: the newest of them, within a number and a size; older ones make room and are counted.</summary>
/// <remarks>Any thread may call anything. Reading never touches the disk.</remarks>
public interface IEventStore : IDisposable
{
    /// <summary>Keeps an event durably.</summary>
    /// <param name="happened">Its id is not looked at.</param>
    /// <returns>As it was kept, with its id.</returns>
    /// <exception cref="StoreUnavailableException">It was not kept. Safe to retry.</exception>
    EventRecord Add(EventRecord happened);

    /// <summary>One event; null when there is none of that id, or no longer.</summary>
    EventRecord? Find(long id);

    /// <summary>Changes an event that is kept, durably.</summary>
    /// <returns>False when there is none of its id.</returns>
    /// <exception cref="StoreUnavailableException">It is as it was. Safe to retry.</exception>
    bool Replace(EventRecord changed);

    /// <summary>Removes an event, durably.</summary>
    /// <returns>False when there is none of that id.</returns>
    /// <exception cref="StoreUnavailableException">It is still there. Safe to retry.</exception>
    bool Remove(long id);

    /// <summary>The events that are asked for, the newest first; of one second the one that came last first.</summary>
    IReadOnlyList<EventRecord> Search(EventSearch search);

    /// <summary>The comments on an event, in the order in which they came.</summary>
    IReadOnlyList<EventRecord> CommentsOn(long id);

    /// <summary>How many are kept.</summary>
    int Count { get; }
}
