using System.Text;

namespace Apm.Query.Matching;

/// <summary>64-bit fingerprints of texts (FNV-1a, then mixed).</summary>
static class TextHash
{
    public static ulong Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static ulong Of(ReadOnlySpan<byte> utf8)
    {
        var hash = 14695981039346656037UL;
        foreach (var b in utf8) hash = unchecked((hash ^ b) * 1099511628211UL);
        return Mix(hash);
    }

    public static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
