using System.Globalization;
using System.Text.Json;
using Apm.Core;
using Apm.Wire.Json;

namespace Apm.Wire.DatadogMetrics;

/// <summary>Small submissions as JSON: what stands in a member, or why it cannot be used.</summary>
internal static class SubmittedJson
{
    /// <exception cref="PayloadException">It is no JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body, string name, string cure)
    {
        if (body.Span.StartsWith("\uFEFF"u8)) body = body[3..];
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = SubmissionLimits.MaxJsonDepth });
        }
        catch (JsonException error)
        {
            throw new PayloadException($"Unable to parse payload: {name}, byte {Offset(body.Span, error)}: this is not JSON: {JsonProblem.Sentence(error).TrimEnd('.')}. {cure}");
        }
    }

    /// <summary>A member that is there and not null.</summary>
    public static bool Has(JsonElement item, string member, out JsonElement value) =>
        item.TryGetPropertyOrNone(member, out value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);

    /// <summary>A text, or a number as it is written; "" when it is not there.</summary>
    /// <exception cref="DecodeFault">It is something else.</exception>
    public static string Text(JsonElement item, string member) => !Has(item, member, out var value) ? "" : value.ValueKind switch
    {
        JsonValueKind.String => value.TextOrNone(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => throw new DecodeFault(0, $"\"{member}\" must be a text"),
    };

    /// <summary>A text; "" when it is anything else. For what only describes.</summary>
    public static string TextOrNone(JsonElement item, string member) => Has(item, member, out var value) && value.ValueKind == JsonValueKind.String ? value.TextOrNone() : "";

    /// <summary>A number or a text that holds one; null when it is not there.</summary>
    /// <exception cref="DecodeFault">It is something else.</exception>
    public static double? Number(JsonElement item, string member) => !Has(item, member, out var value) ? null : NumberOf(value) ?? throw new DecodeFault(0, $"\"{member}\" must be a number");

    public static double? NumberOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.TryGetDouble(out var number) ? number : null,
        JsonValueKind.String => double.TryParse(value.TextOrNone(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null,
        _ => null,
    };

    /// <summary>The texts of a list; numbers as they are written. Empty when it is not there.</summary>
    /// <exception cref="DecodeFault">It is no list, or holds something else.</exception>
    public static IReadOnlyList<string> Texts(JsonElement item, string member)
    {
        if (!Has(item, member, out var list)) return [];
        if (list.ValueKind != JsonValueKind.Array) throw new DecodeFault(0, $"\"{member}\" must be a list of texts");
        var texts = new List<string>(list.GetArrayLength());
        foreach (var text in list.EnumerateArray())
        {
            switch (text.ValueKind)
            {
                case JsonValueKind.String: texts.Add(text.TextOrNone()); break;
                case JsonValueKind.Number: texts.Add(text.GetRawText()); break;
                case JsonValueKind.Null: break;
                default: throw new DecodeFault(0, $"\"{member}\" must be a list of texts");
            }
        }
        return texts;
    }

    /// <summary>The text of an element; half a surrogate pair, which the framework refuses, makes it "".</summary>
    public static string TextOrNone(this JsonElement value)
    {
        try
        {
            return value.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    /// <summary>The name of a member; "" when it is half a surrogate pair.</summary>
    public static string NameOrNone(this JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    static bool TryGetPropertyOrNone(this JsonElement item, string member, out JsonElement value)
    {
        value = default;
        if (item.ValueKind != JsonValueKind.Object) return false;
        try
        {
            return item.TryGetProperty(member, out value);
        }
        catch (InvalidOperationException)
        {
            return false; // A name beside it is half a surrogate pair.
        }
    }

    static long Offset(ReadOnlySpan<byte> body, JsonException error)
    {
        var at = 0;
        for (var line = error.LineNumber ?? 0; line > 0; line--)
        {
            var next = body[at..].IndexOf((byte)'\n');
            if (next < 0) break;
            at += next + 1;
        }
        return at + (error.BytePositionInLine ?? 0);
    }
}
