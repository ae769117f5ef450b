using System.Text;

namespace Apm.Core.Services;

/// <summary>Which of the 12 series colours a service gets: by its name, moved on when taken (ui.md §3).</summary>
public static class ServiceColors
{
    /// <summary>How many colours there are.</summary>
    public const int Count = 12;

    /// <summary>The index for a new service. When all are taken, its name's own.</summary>
    public static int Choose(string name, IEnumerable<int> taken)
    {
        var used = taken.ToHashSet();
        var own = (int)(Fnv1A(name) % Count);
        for (var step = 0; step < Count; step++)
        {
            var index = (own + step) % Count;
            if (!used.Contains(index)) return index;
        }
        return own;
    }

    static uint Fnv1A(string text)
    {
        var hash = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes(text)) hash = unchecked((hash ^ b) * 16777619);
        return hash;
    }
}
