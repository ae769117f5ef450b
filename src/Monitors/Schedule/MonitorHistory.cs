using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Ports;

namespace Apm.Monitors.Schedule;

/// <summary>What an evaluation did that mattered.</summary>
public enum EvaluationHappening
{
    /// <summary>A group changed its state, and nobody was to be told.</summary>
    Changed,

    /// <summary>The same, or a state that lasts, was told.</summary>
    Told,

    /// <summary>A group changed its state while it was muted.</summary>
    Muted,

    /// <summary>A group was silent for so long that it was forgotten.</summary>
    Forgotten,

    /// <summary>Nothing could be evaluated.</summary>
    Skipped,
}

/// <summary>One line of a monitor's history.</summary>
/// <param name="Group">"" when it concerns the monitor as a whole.</param>
/// <param name="Reason">A sentence when it was skipped; "" otherwise.</param>
public sealed record EvaluationNote(long AtUnixSeconds, string Group, MonitorState From, MonitorState To, double? Value, EvaluationHappening Happening, string Reason = "");

/// <summary>Every evaluation of a monitor that mattered, the newest of them, kept as documents.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class MonitorHistory
{
    /// <summary>Lines kept of one monitor; default 500. The oldest go, a tenth at a time.</summary>
    public const int MaxNotes = 500;

    const string Collection = "monitor-history";
    const int PageCount = 10;
    const int NotesPerPage = MaxNotes / PageCount;

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly Dictionary<long, List<Page>> _pages = [];

    /// <summary>Reads what is kept.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public MonitorHistory(IDocumentStore documents)
    {
        _documents = documents;
        foreach (var page in documents.FindAll<HistoryDocument>(Collection).OrderBy(document => document.Number)) PagesOf_NeedsLock(page.MonitorId).Add(new Page(page.Number, [.. page.Notes]));
    }

    /// <summary>The lines of a monitor, the newest first.</summary>
    public IReadOnlyList<EvaluationNote> Read(long monitorId)
    {
        lock (_lock) return _pages.TryGetValue(monitorId, out var pages) ? [.. pages.SelectMany(page => page.Notes).Reverse()] : [];
    }

    /// <summary>The lines of a monitor, the newest first, up to the first that is older than a Unix second.</summary>
    public IReadOnlyList<EvaluationNote> Read(long monitorId, long fromUnixSeconds)
    {
        lock (_lock)
        {
            if (!_pages.TryGetValue(monitorId, out var pages)) return [];
            var found = new List<EvaluationNote>();
            for (var page = pages.Count - 1; page >= 0; page--)
            {
                var notes = pages[page].Notes;
                for (var i = notes.Count - 1; i >= 0; i--)
                {
                    if (notes[i].AtUnixSeconds < fromUnixSeconds) return found;
                    found.Add(notes[i]);
                }
            }
            return found;
        }
    }

    /// <summary>Monitors that have a history, those that are gone included.</summary>
    internal IReadOnlyList<long> MonitorIds()
    {
        lock (_lock) return [.. _pages.Keys];
    }

    /// <summary>Adds lines, durably.</summary>
    /// <exception cref="StoreUnavailableException">Some is not on disk. The states are; only this history may lack it.</exception>
    public void Add(long monitorId, IReadOnlyList<EvaluationNote> notes)
    {
        if (notes.Count == 0) return;
        lock (_lock)
        {
            var pages = PagesOf_NeedsLock(monitorId);
            var changed = new HashSet<Page>();
            foreach (var note in notes.Skip(Math.Max(0, notes.Count - MaxNotes)))
            {
                if (pages.Count == 0 || pages[^1].Notes.Count >= NotesPerPage) pages.Add(new Page(pages.Count == 0 ? 0 : pages[^1].Number + 1, []));
                pages[^1].Notes.Add(note);
                changed.Add(pages[^1]);
            }
            while (pages.Count > PageCount)
            {
                _documents.Remove(Collection, IdOf(monitorId, pages[0].Number));
                changed.Remove(pages[0]);
                pages.RemoveAt(0);
            }
            foreach (var page in changed) _documents.Store(Collection, IdOf(monitorId, page.Number), new HistoryDocument(monitorId, page.Number, [.. page.Notes]));
        }
    }

    /// <summary>Removes what is kept of a monitor.</summary>
    public void Remove(long monitorId)
    {
        lock (_lock)
        {
            if (!_pages.Remove(monitorId, out var pages)) return;
            foreach (var page in pages) _documents.Remove(Collection, IdOf(monitorId, page.Number));
        }
    }

    List<Page> PagesOf_NeedsLock(long monitorId)
    {
        if (!_pages.TryGetValue(monitorId, out var pages)) _pages.Add(monitorId, pages = []);
        return pages;
    }

    static string IdOf(long monitorId, int number) => string.Create(CultureInfo.InvariantCulture, $"{monitorId:D12}-{number:D8}");

    sealed class Page(int number, List<EvaluationNote> notes)
    {
        public int Number { get; } = number;
        public List<EvaluationNote> Notes { get; } = notes;
    }

    sealed record HistoryDocument(long MonitorId, int Number, IReadOnlyList<EvaluationNote> Notes);
}
