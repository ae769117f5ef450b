using System.Globalization;
using System.Text;

namespace Apm.Wire.Datadog;

/// <summary>JSON strings that the framework's own reader refuses: half surrogate pairs, bytes that are no UTF-8.</summary>
static class JsonText
{
    /// <summary>
    /// Replaces the escapes of a string that a JSON reader has already checked. Half a surrogate pair becomes U+FFFD;
    /// other bytes are copied as they are.
    /// </summary>
    /// <param name="to">At least as long as <paramref name="raw"/>; no escape is shorter than what it stands for.</param>
    /// <returns>Bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> to)
    {
        var written = 0;
        for (var i = 0; i < raw.Length;)
        {
            if (raw[i] != '\\')
            {
                to[written++] = raw[i++];
                continue;
            }
            var letter = raw[i + 1];
            i += 2;
            if (letter != 'u')
            {
                to[written++] = letter switch
                {
                    (byte)'n' => (byte)'\n',
                    (byte)'t' => (byte)'\t',
                    (byte)'r' => (byte)'\r',
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    _ => letter,
                };
                continue;
            }
            var first = Hex(raw.Slice(i, 4));
            i += 4;
            if (!Rune.TryCreate(first, out var rune))
            {
                rune = Rune.ReplacementChar;
                if (char.IsHighSurrogate(first) && raw.Length - i >= 6 && raw[i] == '\\' && raw[i + 1] == 'u'
                    && Rune.TryCreate(first, Hex(raw.Slice(i + 2, 4)), out var pair))
                {
                    rune = pair;
                    i += 6;
                }
            }
            written += rune.EncodeToUtf8(to[written..]);
        }
        return written;
    }

    static char Hex(ReadOnlySpan<byte> four) => (char)ushort.Parse(four, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
