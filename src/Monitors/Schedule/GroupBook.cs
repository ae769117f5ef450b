using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Evaluate;

namespace Apm.Monitors.Schedule;

/// <summary>The groups of one monitor, kept in documents of <see cref="GroupsPerDocument"/> each, of which only those are written that changed.</summary>
/// <remarks>One evaluation at a time changes it; <see cref="Groups"/> may be read by any thread.</remarks>
sealed class GroupBook(long monitorId, IDocumentStore documents) : IGroupSet
{
    /// <summary>Where they are kept.</summary>
    public const string Collection = "monitor-states";

    /// <summary>Few enough that a change writes little, many enough that all of 10,000 groups are some fifty documents.</summary>
    const int GroupsPerDocument = 200;

    readonly Dictionary<string, GroupState> _groups = new(StringComparer.Ordinal);
    readonly Dictionary<string, GroupState> _written = new(StringComparer.Ordinal);
    readonly Dictionary<string, Page> _pageOf = new(StringComparer.Ordinal);
    readonly List<Page> _pages = [];
    volatile IReadOnlyList<GroupState> _shown = [];

    /// <summary>Type and query that the states are of; "" before the first evaluation.</summary>
    public string Asked { get; private set; } = "";

    /// <summary>As the last evaluation left them, by name.</summary>
    public IReadOnlyList<GroupState> Groups => _shown;

    public int Count => _groups.Count;

    /// <summary>Transitions that were not handed over yet, the oldest first.</summary>
    public bool HasUntold => _pages.Exists(page => page.Untold.Count > 0);

    /// <summary>Takes a document over that was read at start.</summary>
    public void Load(StatesDocument document)
    {
        Asked = document.Asked;
        var page = new Page(document.Number);
        page.Untold.AddRange(document.Untold);
        _pages.Add(page);
        foreach (var group in document.Groups)
        {
            // While data came, nobody wrote when it last did.
            var state = group.IsMissing ? group : group with { LastDataUnixSeconds = null };
            _groups[group.Group] = state;
            _written[group.Group] = state;
            page.Groups.Add(group.Group);
            _pageOf[group.Group] = page;
        }
        Show();
    }

    public GroupState? Find(string group) => _groups.GetValueOrDefault(group);

    public IReadOnlyList<string> Names() => [.. _groups.Keys];

    /// <summary>Sets a group's state; it is on disk after <see cref="Save"/>.</summary>
    public void Set(GroupState state)
    {
        _groups[state.Group] = state;
        if (_pageOf.TryGetValue(state.Group, out var page))
        {
            if (!_written.TryGetValue(state.Group, out var written) || !state.IsSameToRestart(written)) page.IsChanged = true;
            return;
        }
        page = _pages.Find(one => one.Groups.Count < GroupsPerDocument) ?? NewPage();
        page.Groups.Add(state.Group);
        page.IsChanged = true;
        _pageOf[state.Group] = page;
    }

    public void Forget(string group)
    {
        _groups.Remove(group);
        _written.Remove(group);
        if (!_pageOf.Remove(group, out var page)) return;
        page.Groups.Remove(group);
        page.IsChanged = true;
    }

    /// <summary>Notes what is to be told; it is on disk after <see cref="Save"/>.</summary>
    public void AddUntold(MonitorRule rule, IEnumerable<AlertTransition> transitions)
    {
        foreach (var ofPage in transitions.GroupBy(transition => _pageOf[transition.Group]))
        {
            ofPage.Key.Untold.Add(UntoldAlerts.Of(rule, ofPage));
            ofPage.Key.IsChanged = true;
        }
    }

    /// <summary>Hands over what is to be told, and forgets it then.</summary>
    /// <param name="tell">May throw; what was not handed over stays.</param>
    public void TellAll(Action<AlertTransition> tell)
    {
        foreach (var page in _pages)
        {
            while (page.Untold.Count > 0)
            {
                foreach (var transition in page.Untold[0].Whole()) tell(transition);
                page.Untold.RemoveAt(0);
                page.IsChanged = true;
            }
        }
    }

    /// <summary>Begins anew, for another query.</summary>
    public void Restart(string asked)
    {
        foreach (var group in Names()) Forget(group);
        Asked = asked;
        Show();
    }

    /// <summary>Writes what changed.</summary>
    /// <exception cref="StoreUnavailableException">Some is not on disk; the next call tries again.</exception>
    public void Save()
    {
        foreach (var page in _pages.Where(page => page.IsChanged))
        {
            if (page.Groups.Count == 0 && page.Untold.Count == 0) documents.Remove(Collection, IdOf(page.Number));
            else documents.Store(Collection, IdOf(page.Number), new StatesDocument(monitorId, page.Number, Asked, [.. page.Groups.Select(group => _groups[group])], [.. page.Untold]));
            foreach (var group in page.Groups) _written[group] = _groups[group];
            page.IsChanged = false;
        }
        Show();
    }

    /// <summary>Removes all that is kept.</summary>
    public void Remove()
    {
        foreach (var page in _pages) documents.Remove(Collection, IdOf(page.Number));
        _pages.Clear();
        _groups.Clear();
        _shown = [];
    }

    void Show() => _shown = [.. _groups.Values.OrderBy(group => group.Group, StringComparer.Ordinal)];

    Page NewPage()
    {
        var page = new Page(_pages.Count == 0 ? 0 : _pages.Max(one => one.Number) + 1);
        _pages.Add(page);
        return page;
    }

    string IdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{monitorId:D12}-{number:D4}");

    sealed class Page(int number)
    {
        public int Number { get; } = number;
        public HashSet<string> Groups { get; } = new(StringComparer.Ordinal);
        public List<UntoldAlerts> Untold { get; } = [];
        public bool IsChanged { get; set; }
    }
}
