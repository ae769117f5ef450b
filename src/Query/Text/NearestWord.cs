namespace Apm.Query.Text;

/// <summary>Finds what somebody meant who mistyped a word.</summary>
public static class NearestWord
{
    /// <summary>The word with the fewest changes (insert, remove, replace, swap neighbours), at most a third of its length; null when none is near.</summary>
    public static string? Find(string typed, IEnumerable<string> words)
    {
        string? nearest = null;
        var fewest = int.MaxValue;
        foreach (var word in words)
        {
            var distance = Distance(typed, word);
            if (distance > Math.Max(1, Math.Max(typed.Length, word.Length) / 3)) continue;
            if (distance > fewest || (distance == fewest && string.CompareOrdinal(word, nearest) >= 0)) continue;
            (nearest, fewest) = (word, distance);
        }
        return nearest;
    }

    static int Distance(string left, string right)
    {
        if (left.Length > MaxLength || right.Length > MaxLength) return int.MaxValue;
        var before = new int[right.Length + 1];
        var last = new int[right.Length + 1];
        var row = new int[right.Length + 1];
        for (var j = 0; j <= right.Length; j++) last[j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var same = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]);
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
            (before, last, row) = (last, row, before);
        }
        return last[right.Length];
    }

    /// <summary>Longer texts are not words; nothing is suggested for them.</summary>
    const int MaxLength = 64;
}
