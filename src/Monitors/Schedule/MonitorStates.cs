using System.Collections.Concurrent;
using Apm.Core.Ports;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;

namespace Apm.Monitors.Schedule;

/// <summary>The states of all groups of all monitors, in memory, kept as documents.</summary>
/// <remarks>Any thread may read; one evaluation at a time changes those of a monitor.</remarks>
public sealed class MonitorStates
{
    /// <summary>Most groups of one monitor; default 20,000. Further ones are not evaluated and counted in <c>monitor_groups_over_limit</c>.</summary>
    public const int MaxGroups = 20_000;

    /// <summary>Most groups of all monitors together; default 100,000, about 60 MB. Further ones are as those of <see cref="MaxGroups"/>.</summary>
    public const int MaxGroupsOfAll = 100_000;

    readonly IDocumentStore _documents;
    readonly MonitorRules _rules;
    readonly ConcurrentDictionary<long, GroupBook> _books = new();

    /// <summary>Reads what is kept.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public MonitorStates(IDocumentStore documents, MonitorRules rules)
    {
        (_documents, _rules) = (documents, rules);
        foreach (var document in documents.FindAll<StatesDocument>(GroupBook.Collection)) BookOf(document.MonitorId).Load(document);
    }

    /// <summary>Groups of all monitors.</summary>
    public int GroupCount => _books.Values.Sum(book => book.Count);

    /// <summary>A monitor with its groups as the last evaluation left them; null when there is none. Before its first evaluation it has none.</summary>
    public MonitorSnapshot? Find(long monitorId) => _rules.Find(monitorId) is { } known ? Snapshot(known) : null;

    /// <summary>All monitors, by their ids.</summary>
    public IReadOnlyList<MonitorSnapshot> All() => [.. _rules.All().Select(Snapshot)];

    /// <summary>Forgets the states of monitors that are gone.</summary>
    /// <exception cref="StoreUnavailableException">They could not be removed. Safe to retry.</exception>
    internal void ForgetGone()
    {
        foreach (var (id, book) in _books)
        {
            if (_rules.Find(id) is not null) continue;
            book.Remove();
            _books.TryRemove(id, out _);
        }
    }

    internal GroupBook BookOf(long monitorId) => _books.GetOrAdd(monitorId, id => new GroupBook(id, _documents));

    MonitorSnapshot Snapshot(KnownRule known) =>
        new(known.Rule, _books.TryGetValue(known.Rule.Id, out var book) && book.Asked == AskedBy(known) ? book.Groups : []);

    /// <summary>Type and query: with another one, other states.</summary>
    internal static string AskedBy(KnownRule known) => $"{known.Rule.Type}\n{known.Rule.Query}";
}
