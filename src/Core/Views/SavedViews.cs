using System.Globalization;
using Apm.Core.Ports;

namespace Apm.Core.Views;

/// <summary>The views that people saved, kept as documents.</summary>
/// <remarks>Thread-safe. What a call changed is on disk when it returns.</remarks>
public sealed class SavedViews(IDocumentStore documents)
{
    /// <summary>Most views; default 100. A further one is refused with a sentence.</summary>
    public const int MaxViews = 100;

    /// <summary>Most characters of a name; default 60.</summary>
    public const int MaxNameChars = 60;

    /// <summary>Most characters of any other text of a view; default 4096, as a search may have.</summary>
    public const int MaxTextChars = 4096;

    const string Collection = "trace-views";

    readonly Lock _lock = new();
    List<SavedView>? _views;

    /// <summary>All views by name.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be read. Safe to retry.</exception>
    public IReadOnlyList<SavedView> All()
    {
        lock (_lock) return [.. Views_NeedsLock().OrderBy(view => view.Name, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Saves a view, in place of one of the same name.</summary>
    /// <exception cref="SavedViewException">The name or a text cannot be kept, or there are too many; the message is for whoever typed it.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public void Save(SavedView view)
    {
        var named = view with { Name = NameOf(view.Name) };
        if (new[] { view.Query, view.Sort, view.Min, view.Max, view.Facet, view.Env, view.From }.Any(text => text.Length > MaxTextChars))
            throw new SavedViewException(string.Create(CultureInfo.InvariantCulture, $"The query has more than {MaxTextChars} characters, the most that a view keeps. Shorten it."));
        lock (_lock)
        {
            var views = Views_NeedsLock();
            var before = Find_NeedsLock(named.Name);
            if (before is null && views.Count >= MaxViews) throw new SavedViewException($"There are {MaxViews} saved views already, the most that are kept. Delete one first.");
            documents.Store(Collection, IdOf(named.Name), named);
            if (before is not null) views.Remove(before);
            views.Add(named);
        }
    }

    /// <summary>Gives a view another name.</summary>
    /// <exception cref="SavedViewException">There is no such view, or the new name cannot be had.</exception>
    /// <exception cref="StoreUnavailableException">Safe to retry.</exception>
    public void Rename(string from, string to)
    {
        var name = NameOf(to);
        lock (_lock)
        {
            var views = Views_NeedsLock();
            if (Find_NeedsLock(from) is not { } view) throw Unknown(from);
            if (Find_NeedsLock(name) is { } other && other != view) throw new SavedViewException($"Another view is called \"{other.Name}\" already. Choose another name, or delete that one first.");
            documents.Store(Collection, IdOf(name), view with { Name = name });
            if (IdOf(name) != IdOf(view.Name)) documents.Remove(Collection, IdOf(view.Name));
            views.Remove(view);
            views.Add(view with { Name = name });
        }
    }

    /// <summary>Deletes a view.</summary>
    /// <exception cref="SavedViewException">There is no such view.</exception>
    /// <exception cref="StoreUnavailableException">Safe to retry.</exception>
    public void Remove(string name)
    {
        lock (_lock)
        {
            if (Find_NeedsLock(name) is not { } view) throw Unknown(name);
            documents.Remove(Collection, IdOf(view.Name));
            _views!.Remove(view);
        }
    }

    static SavedViewException Unknown(string name) => new($"There is no view called \"{name}\" any more. Somebody may have renamed or deleted it; load the page again.");

    /// <summary>The name without what cannot be seen at its ends; one line.</summary>
    static string NameOf(string typed)
    {
        var name = typed.Trim();
        if (name.Length == 0) throw new SavedViewException("A view needs a name by which others find it.");
        if (name.Length > MaxNameChars) throw new SavedViewException($"The name has {name.Length} characters; {MaxNameChars} are the most.");
        return name.Any(c => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator)
            ? throw new SavedViewException("The name has characters that cannot be seen, such as a line break. Write it with letters, digits and signs.")
            : name;
    }

    /// <summary>Names that differ in case alone are one.</summary>
    static string IdOf(string name) => name.ToUpperInvariant();

    SavedView? Find_NeedsLock(string name) => Views_NeedsLock().Find(view => IdOf(view.Name) == IdOf(name));

    List<SavedView> Views_NeedsLock() => _views ??= [.. documents.FindAll<SavedView>(Collection)];
}

/// <summary>A view cannot be saved, renamed or deleted as was asked; the message says why.</summary>
public sealed class SavedViewException(string message) : Exception(message);
