using System.Globalization;
using System.Text;

namespace Apm.Wire.Json;

/// <summary>Strings of JSON as UTF-8, without a <see cref="string"/> for each.</summary>
internal static class JsonText
{
    /// <summary>
    /// The text of a string or member name. Without escapes it is a window into the body.
    /// Half a surrogate pair becomes U+FFFD, which the framework's own method would refuse.
    /// </summary>
    /// <param name="raw">What stands between the quotes; a JSON reader has checked it.</param>
    /// <param name="isEscaped">Whether it holds escapes.</param>
    /// <param name="scratch">Holds a text with escapes until the next call; grown when needed.</param>
    public static ReadOnlySpan<byte> Utf8(ReadOnlySpan<byte> raw, bool isEscaped, scoped ref byte[] scratch) =>
        isEscaped ? Unescape(raw, ref scratch) : raw;

    static ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> raw, scoped ref byte[] scratch)
    {
        if (scratch.Length < raw.Length) scratch = new byte[Math.Max(256, raw.Length)];
        var to = 0;
        for (var i = 0; i < raw.Length;)
        {
            if (raw[i] != '\\')
            {
                scratch[to++] = raw[i++];
                continue;
            }
            var escape = raw[i + 1]; // The reader has checked that escapes are whole.
            i += 2;
            if (escape == 'u')
            {
                to += UnescapeUnicode(raw, ref i).EncodeToUtf8(scratch.AsSpan(to)); // at most 4 bytes for 6 or 12
                continue;
            }
            scratch[to++] = escape switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                _ => escape,
            };
        }
        return scratch.AsSpan(0, to);
    }

    static Rune UnescapeUnicode(ReadOnlySpan<byte> raw, ref int i)
    {
        var first = Hex(raw.Slice(i, 4));
        i += 4;
        if (!char.IsSurrogate(first)) return new Rune(first);
        if (char.IsHighSurrogate(first) && i + 6 <= raw.Length && raw[i] == '\\' && raw[i + 1] == 'u')
        {
            var second = Hex(raw.Slice(i + 2, 4));
            if (char.IsLowSurrogate(second))
            {
                i += 6;
                return new Rune(first, second);
            }
        }
        return Rune.ReplacementChar;
    }

    static char Hex(ReadOnlySpan<byte> four) => (char)ushort.Parse(four, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
