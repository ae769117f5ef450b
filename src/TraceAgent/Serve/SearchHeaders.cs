using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve;

/// <summary>
/// Tells in headers what a protocol has no place for: how many there are in all, how many spans were looked at, and whether that was all.
/// </summary>
static class SearchHeaders
{
    public const string Total = "X-Apm-Total";
    public const string ScannedSpans = "X-Apm-Scanned-Spans";

    /// <summary>Only there when the search ended early: why.</summary>
    public const string Incomplete = "X-Apm-Incomplete";

    /// <param name="total">All that match, those beyond the limit included; at least so many when the search ended early.</param>
    /// <param name="incompleteReason">A sentence; null when everything was looked at.</param>
    public static void Write(HttpContext http, long total, long scannedSpanCount, string? incompleteReason)
    {
        http.Response.Headers[Total] = total.ToString(CultureInfo.InvariantCulture);
        http.Response.Headers[ScannedSpans] = scannedSpanCount.ToString(CultureInfo.InvariantCulture);
        if (incompleteReason is not null) http.Response.Headers[Incomplete] = Ascii(incompleteReason);
    }

    /// <summary>Other characters may not stand in a header.</summary>
    static string Ascii(string text) => string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c : '?'));
}
