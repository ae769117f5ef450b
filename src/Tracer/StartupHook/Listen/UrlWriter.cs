using Apm.StartupHook.Encode;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Listen;

/// <summary>Writes a query string as much as the settings allow.</summary>
internal static class UrlWriter
{
    const int MaxPairs = 50;

    /// <summary>Appends the query to the text that is open.</summary>
    /// <param name="to">The buffer.</param>
    /// <param name="query">The query with its question mark, as it was sent; empty when there is none.</param>
    /// <param name="mode">What of it is kept.</param>
    public static void AppendQuery(MsgPackBuffer to, ReadOnlySpan<char> query, QueryStringMode mode)
    {
        if (query.Length < 2 || mode == QueryStringMode.None) return;
        if (mode == QueryStringMode.Full)
        {
            to.AppendText(query);
            return;
        }
        var rest = query[1..];
        for (var pair = 0; !rest.IsEmpty && pair < MaxPairs; pair++)
        {
            var end = rest.IndexOf('&');
            var part = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            var equals = part.IndexOf('=');
            to.AppendAscii(pair == 0 ? "?"u8 : "&"u8);
            // A part without "=" may be a bare token: only its place is told.
            if (equals >= 0) to.AppendText(part[..Math.Min(equals, 100)]);
            to.AppendAscii(equals >= 0 ? "=<redacted>"u8 : "<redacted>"u8);
        }
    }
}
