using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>
/// Takes the values out of JSON and leaves keys and shape (trace-intake §5.4). Several documents may follow on each other;
/// where the text stops being JSON it ends in <c>...</c>.
/// </summary>
/// <remarks>Thread-safe. Time grows with the text alone; nesting deeper than <see cref="MaxDepth"/> is taken for damage.</remarks>
sealed class JsonObfuscator(JsonObfuscationSettings settings, int maxResultBytes)
{
    /// <summary>Deepest nesting that is followed.</summary>
    public const int MaxDepth = 512;

    static readonly SearchValues<byte> NumberBytes = SearchValues.Create("0123456789+-.eE"u8);

    readonly HashSet<string> _keepKeys = [.. settings.KeepValues];
    readonly HashSet<string> _sqlKeys = [.. settings.ObfuscateSqlValues];

    enum Expected
    {
        Value,
        KeyOrEnd,
        Key,
        Colon,
        ValueOrEnd,
        CommaOrEnd,
    }

    /// <summary>Writes the JSON without its values.</summary>
    public void Obfuscate(ReadOnlySpan<byte> json, BoundedText output)
    {
        output.Clear();
        Span<bool> isObject = stackalloc bool[MaxDepth];
        var depth = 0;
        var keptDepth = 0; // depth + 1 of the value that is kept whole; 0 when none is
        var expected = Expected.Value;
        ReadOnlySpan<byte> key = [];
        for (var at = 0; at < json.Length;)
        {
            var b = json[at];
            var length = 1;
            switch (b)
            {
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n':
                    at++;
                    continue;
                case (byte)'{' or (byte)'[' when expected is Expected.Value or Expected.ValueOrEnd && depth < MaxDepth:
                    if (keptDepth == 0 && IsIn(_keepKeys, key)) keptDepth = depth + 1;
                    isObject[depth++] = b == '{';
                    expected = b == '{' ? Expected.KeyOrEnd : Expected.ValueOrEnd;
                    output.Append(b);
                    break;
                case (byte)'}' or (byte)']' when depth > 0 && isObject[depth - 1] == (b == '}')
                    && (expected == Expected.CommaOrEnd || expected == (b == '}' ? Expected.KeyOrEnd : Expected.ValueOrEnd)):
                    output.Append(b);
                    if (--depth < keptDepth) keptDepth = 0;
                    expected = After(depth);
                    break;
                case (byte)',' when expected == Expected.CommaOrEnd:
                    output.Append(b);
                    expected = isObject[depth - 1] ? Expected.Key : Expected.Value;
                    break;
                case (byte)':' when expected == Expected.Colon:
                    output.Append(b);
                    expected = Expected.Value;
                    at++;
                    continue; // The key stays known for its value.
                case (byte)'"' when expected is Expected.Key or Expected.KeyOrEnd && StringLength(json[at..]) is var keyLength and > 0:
                    key = json.Slice(at + 1, keyLength - 2);
                    output.Append(json.Slice(at, keyLength));
                    expected = Expected.Colon;
                    at += keyLength;
                    continue;
                default:
                    length = expected is Expected.Value or Expected.ValueOrEnd ? ScalarLength(json[at..]) : 0;
                    if (length == 0)
                    {
                        output.Append("..."u8);
                        return;
                    }
                    WriteScalar(json.Slice(at, length), key, isKept: keptDepth > 0, output);
                    expected = After(depth);
                    break;
            }
            key = [];
            at += length;
        }
        if (depth > 0) output.Append("..."u8);
    }

    static Expected After(int depth) => depth == 0 ? Expected.Value : Expected.CommaOrEnd;

    void WriteScalar(ReadOnlySpan<byte> scalar, ReadOnlySpan<byte> key, bool isKept, BoundedText output)
    {
        if (isKept || IsIn(_keepKeys, key)) output.Append(scalar);
        else if (scalar[0] == '"' && IsIn(_sqlKeys, key)) WriteSql(scalar, output);
        else output.Append("\"?\""u8);
    }

    void WriteSql(ReadOnlySpan<byte> scalar, BoundedText output)
    {
        string statement;
        try
        {
            statement = JsonSerializer.Deserialize<string>(scalar) ?? "";
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException) // An escape that means nothing.
        {
            output.Append("\"?\""u8);
            return;
        }
        output.Append((byte)'"');
        output.Append(JsonEncodedText.Encode(SqlObfuscator.Obfuscate(statement, SqlDialect.Unknown, replaceDigits: false, maxResultBytes)).EncodedUtf8Bytes);
        output.Append((byte)'"');
    }

    static bool IsIn(HashSet<string> keys, ReadOnlySpan<byte> key) => keys.Count > 0 && key.Length > 0 && keys.Contains(Encoding.UTF8.GetString(key));

    /// <summary>Bytes of a string with its quotes; 0 when it does not end or holds a control character.</summary>
    static int StringLength(ReadOnlySpan<byte> json)
    {
        for (var at = 1; at < json.Length; at++)
        {
            if (json[at] == '\\') at++;
            else if (json[at] == '"') return at + 1;
            else if (json[at] < 0x20) return 0;
        }
        return 0;
    }

    static int ScalarLength(ReadOnlySpan<byte> json)
    {
        if (json[0] == '"') return StringLength(json);
        foreach (var word in (ReadOnlySpan<string>)["true", "false", "null"])
            if (json.Length >= word.Length && Ascii.Equals(json[..word.Length], word)) return word.Length;
        if (json[0] != '-' && !char.IsAsciiDigit((char)json[0])) return 0;
        var end = json[1..].IndexOfAnyExcept(NumberBytes);
        return end < 0 ? json.Length : end + 1;
    }
}
