using System.Globalization;
using Apm.ApmUi.Links;

namespace Apm.ApmUi.Shared;

/// <summary>Which rows of a long list are shown, as the address says by <c>skip</c>. Immutable.</summary>
/// <param name="Skip">Rows before the first that is shown; those before the last page when the address asks for more.</param>
/// <param name="Size">Rows of a page.</param>
/// <param name="Count">Rows of the whole list.</param>
public sealed record ListPage(int Skip, int Size, int Count)
{
    /// <summary>From 1 on.</summary>
    public int Number => (Skip + Size - 1) / Size + 1;

    public int PageCount => Math.Max(1, (Count + Size - 1) / Size);

    /// <summary>Rows shown.</summary>
    public int ShownCount => Math.Min(Size, Count - Skip);

    /// <summary>Reads the address.</summary>
    public static ListPage Of(PageState state, int count, int size)
    {
        var last = Math.Max(0, count - 1) / size * size;
        var skip = int.TryParse(state.Url["skip"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Min(asked, last) : 0;
        return new ListPage(skip, size, count);
    }
}
