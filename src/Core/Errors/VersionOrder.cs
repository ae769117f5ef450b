using System.Globalization;

namespace Apm.Core.Errors;

/// <summary>Which of two versions of a service is the earlier one, as far as that can be told.</summary>
public static class VersionOrder
{
    /// <summary>
    /// By their numbers when both are made of numbers (<c>1.4.2</c>, <c>v2</c>, <c>1.4.2-rc.1</c>); else, as with commit ids, by having been known before.
    /// </summary>
    /// <param name="version">The one asked about.</param>
    /// <param name="than">The one it is compared with.</param>
    /// <param name="knownBefore">Versions that had been seen before <paramref name="than"/>.</param>
    public static bool IsEarlier(string version, string than, IReadOnlyCollection<string> knownBefore)
    {
        if (version == than) return false;
        return Numbers(version) is { } a && Numbers(than) is { } b ? Compare(a, b) < 0 : knownBefore.Contains(version);
    }

    static int Compare((long[] Numbers, string Suffix) a, (long[] Numbers, string Suffix) b)
    {
        for (var i = 0; i < Math.Max(a.Numbers.Length, b.Numbers.Length); i++)
        {
            var by = a.Numbers.ElementAtOrDefault(i).CompareTo(b.Numbers.ElementAtOrDefault(i));
            if (by != 0) return by;
        }
        if (a.Suffix.Length == 0 || b.Suffix.Length == 0) return b.Suffix.Length.CompareTo(a.Suffix.Length); // 1.4.2-rc.1 comes before 1.4.2.
        return string.CompareOrdinal(a.Suffix, b.Suffix);
    }

    static (long[], string)? Numbers(string version)
    {
        var text = version.StartsWith('v') || version.StartsWith('V') ? version[1..] : version;
        var end = text.IndexOfAny(['-', '+']);
        var numbers = new List<long>();
        foreach (var part in (end < 0 ? text : text[..end]).Split('.'))
        {
            if (!long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
            numbers.Add(number);
        }
        return ([.. numbers], end < 0 || text[end] == '+' ? "" : text[(end + 1)..]);
    }
}
