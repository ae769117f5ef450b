namespace Apm.TraceAgent.Configuration;

/// <summary>What somebody probably meant.</summary>
public static class NearestWord
{
    /// <summary>The word with the fewest edits, if they are few enough for a slip; null otherwise.</summary>
    public static string? Find(string word, IEnumerable<string> known)
    {
        var best = known.Select(candidate => (candidate, edits: Edits(word, candidate))).OrderBy(pair => pair.edits).ThenBy(pair => pair.candidate, StringComparer.Ordinal).FirstOrDefault();
        return best.candidate is not null && best.edits <= Math.Max(1, Math.Min(word.Length, best.candidate.Length) / 3) ? best.candidate : null;
    }

    /// <summary>Inserted, left out, changed or swapped letters.</summary>
    static int Edits(string from, string to)
    {
        if (Math.Abs(from.Length - to.Length) > 8) return int.MaxValue;
        var rows = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= to.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
            for (var j = 1; j <= to.Length; j++)
            {
                var same = char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]) ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        return rows[from.Length, to.Length];
    }
}
