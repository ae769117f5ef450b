using System.Buffers;
using System.Text;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Normalize;

/// <summary>
/// The rules by which the Datadog agent repairs names (trace-intake §2.5–2.8), on UTF-8 bytes; that of tags is <see cref="TagText"/>.
/// </summary>
public static class NameRules
{
    /// <summary>Longest service, operation name and type, bytes.</summary>
    public const int MaxNameBytes = 100;

    /// <summary>The operation name of a span that has none.</summary>
    public const string UnnamedOperation = "unnamed_operation";

    /// <summary>Tag rule: starts with a letter or a colon, everything else before it is dropped.</summary>
    public static byte[] Tag(ReadOnlySpan<byte> input) => TagText.Tag(input);

    /// <summary>Value rule, for env, service, peer.service: may start with a digit; a leading illegal run becomes one underscore.</summary>
    public static byte[] TagValue(ReadOnlySpan<byte> input) => TagText.Value(input);

    /// <summary>Cuts at a byte limit, then back to the last complete character.</summary>
    public static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> utf8, int maxBytes)
    {
        if (utf8.Length <= maxBytes) return utf8;
        var end = maxBytes;
        while (end > 0 && (utf8[end] & 0xC0) == 0x80) end--;
        return utf8[..end];
    }

    /// <summary>Service rule; empty in, or nothing left, gives empty out: the caller has the fallback.</summary>
    public static byte[] Service(ReadOnlySpan<byte> input) => TagValue(Cut(input, MaxNameBytes));

    /// <summary>The service rule on text: the name under which spans of that service are stored.</summary>
    public static string ServiceText(string service) => Encoding.UTF8.GetString(Service(Encoding.UTF8.GetBytes(service)));

    /// <summary>The value rule on text.</summary>
    public static string TagValueText(string value) => Encoding.UTF8.GetString(TagValue(Encoding.UTF8.GetBytes(value)));

    /// <summary>The service of a span that names none.</summary>
    public static string FallbackService(string language) =>
        language.Length == 0 ? "unnamed-service" : $"unnamed-{language.ToLowerInvariant()}-service";

    /// <summary>Operation-name rule: letters, digits, single separators; starts with a letter.</summary>
    public static byte[] OperationName(ReadOnlySpan<byte> input)
    {
        input = Cut(input, MaxNameBytes);
        var start = input.IndexOfAny(AsciiLetters);
        if (start < 0) return Encoding.UTF8.GetBytes(UnnamedOperation);
        Span<byte> output = stackalloc byte[MaxNameBytes];
        var length = 0;
        foreach (var b in input[start..])
        {
            var last = length == 0 ? (byte)0 : output[length - 1];
            if (char.IsAsciiLetterOrDigit((char)b)) output[length++] = b;
            else if (b == '.')
            {
                if (last == '_') output[length - 1] = b;
                else output[length++] = b;
            }
            else if (last is not ((byte)'.' or (byte)'_')) output[length++] = (byte)'_';
        }
        if (length > 0 && output[length - 1] == '_') length--;
        return output[..length].ToArray();
    }

    static readonly SearchValues<byte> AsciiLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    /// <summary>Whether the value rule leaves a text as it is, seen without decoding: the common case.</summary>
    public static bool IsPlainValue(ReadOnlySpan<byte> input) => TagText.IsPlainValue(input);
}
