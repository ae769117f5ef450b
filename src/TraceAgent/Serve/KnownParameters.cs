using Apm.Query.Text;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve;

/// <summary>
/// Refuses a parameter whose name is a slip of the keyboard: ignored, it would let a search answer more than was asked for. Others that are not known are
/// passed over, as the original services do, since clients add some of their own.
/// </summary>
static class KnownParameters
{
    /// <param name="known">The names that are read, and those of the original that change nothing here.</param>
    /// <exception cref="RefusedException">A name is nearly one of those.</exception>
    public static void Check(IQueryCollection query, params IReadOnlyList<string> known)
    {
        foreach (var name in query.Keys)
        {
            if (known.Contains(name, StringComparer.OrdinalIgnoreCase) || NearestWord.Find(name, known) is not { } nearest) continue;
            throw new RefusedException($"unknown parameter '{name}'. Did you mean {nearest}? There are: {string.Join(", ", known)}");
        }
    }
}
