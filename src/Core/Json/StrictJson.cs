using System.Text;
using System.Text.Json;

namespace Apm.Core.Json;

/// <summary>
/// JSON whose every text and name can be read. The framework parses bytes that are no UTF-8, and escapes of half a surrogate pair, without a
/// word, and throws when the text is asked for: too late for an answer.
/// </summary>
public static class StrictJson
{
    /// <summary>The document; the caller disposes of it.</summary>
    /// <exception cref="JsonException">It is no JSON, or has a text that is none; says where.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, JsonDocumentOptions options = default)
    {
        var document = JsonDocument.Parse(utf8, options);
        try
        {
            CheckTexts(utf8.Span, options);
            return document;
        }
        catch (JsonException)
        {
            document.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="Parse(ReadOnlyMemory{byte}, JsonDocumentOptions)"/>
    public static JsonDocument Parse(string text, JsonDocumentOptions options = default) => Parse(Encoding.UTF8.GetBytes(text), options);

    static void CheckTexts(ReadOnlySpan<byte> utf8, JsonDocumentOptions options)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { AllowTrailingCommas = options.AllowTrailingCommas, CommentHandling = options.CommentHandling, MaxDepth = options.MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName)) continue;
            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException)
            {
                var before = utf8[..(int)reader.TokenStartIndex];
                var (line, column) = (before.Count((byte)'\n'), before.Length - before.LastIndexOf((byte)'\n') - 1);
                throw new JsonException($"The text at line {line + 1}, byte {column + 1} is no Unicode: it has half a surrogate pair, such as \\ud800, or bytes that are no UTF-8.", null, line, column);
            }
        }
    }
}
