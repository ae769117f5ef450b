using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.Core.Dashboards;

/// <summary>A named list of boards.</summary>
/// <param name="Boards">Ids, in the order in which they were put on it.</param>
public sealed record DashboardList(long Id, string Name, IReadOnlyList<string> Boards, long CreatedUnixNanos, long ModifiedUnixNanos);

/// <summary>The lists of boards, kept as documents.</summary>
/// <remarks>Thread-safe. Calls may throw <see cref="StoreUnavailableException"/>; then nothing was changed.</remarks>
public sealed class DashboardLists(IDocumentStore documents, TimeProvider clock)
{
    /// <summary>Most lists; default 100. A further one is refused with a sentence.</summary>
    public const int MaxLists = 100;

    /// <summary>Most characters of a list's name; default 100.</summary>
    public const int MaxNameChars = 100;

    const string Collection = "dashboard-lists";

    readonly Lock _lock = new();
    Dictionary<long, DashboardList>? _lists;

    /// <summary>All lists by name.</summary>
    public IReadOnlyList<DashboardList> All()
    {
        lock (_lock) return [.. Lists_NeedsLock().Values.OrderBy(list => list.Name, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>One list; null when there is none of that id.</summary>
    public DashboardList? Find(long id)
    {
        lock (_lock) return Lists_NeedsLock().GetValueOrDefault(id);
    }

    /// <exception cref="DashboardException">The name cannot be kept, or there are too many.</exception>
    public DashboardList Create(string name)
    {
        lock (_lock)
        {
            var lists = Lists_NeedsLock();
            if (lists.Count >= MaxLists) throw new DashboardException($"There are {MaxLists} dashboard lists already, the most that are kept. Delete one first.");
            var now = clock.NowUnixNanos();
            return Keep_NeedsLock(new DashboardList(lists.Keys.Append(0).Max() + 1, Checked(name), [], now, now));
        }
    }

    /// <summary>Changes a list; null when there is none of that id.</summary>
    /// <exception cref="DashboardException">The name cannot be kept.</exception>
    public DashboardList? Change(long id, Func<DashboardList, DashboardList> change)
    {
        lock (_lock)
        {
            if (!Lists_NeedsLock().TryGetValue(id, out var before)) return null;
            var after = change(before);
            return Keep_NeedsLock(after with { Id = id, Name = Checked(after.Name), ModifiedUnixNanos = clock.NowUnixNanos() });
        }
    }

    /// <summary>Deletes a list, not its boards; false when there is none of that id.</summary>
    public bool Delete(long id)
    {
        lock (_lock)
        {
            if (!Lists_NeedsLock().ContainsKey(id)) return false;
            documents.Remove(Collection, KeyOf(id));
            return Lists_NeedsLock().Remove(id);
        }
    }

    static string Checked(string name) => name.Trim() switch
    {
        "" => throw new DashboardException("The parameter 'name' is required"),
        { Length: > MaxNameChars } => throw new DashboardException($"The name of a dashboard list has at most {MaxNameChars} characters."),
        var good => good,
    };

    DashboardList Keep_NeedsLock(DashboardList list)
    {
        documents.Store(Collection, KeyOf(list.Id), list);
        return Lists_NeedsLock()[list.Id] = list;
    }

    Dictionary<long, DashboardList> Lists_NeedsLock() => _lists ??= documents.FindAll<DashboardList>(Collection).ToDictionary(list => list.Id);

    static string KeyOf(long id) => id.ToString(CultureInfo.InvariantCulture);
}
