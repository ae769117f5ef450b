using Apm.Query.Text;

namespace Apm.Query.Filters;

/// <summary>A property of a span that can be grouped by or computed with: a field, or a tag by its key.</summary>
/// <param name="Field">Not <see cref="FilterField.Text"/>, and not one of the whole trace.</param>
/// <param name="Key">The tag's key; "" for other fields.</param>
public readonly record struct SpanField(FilterField Field, string Key)
{
    public static SpanField Duration => new(FilterField.Duration, "");
    public static SpanField Tag(string key) => new(FilterField.Tag, key);

    /// <summary>Reads a word of the filter language (<c>service</c>, <c>duration</c>), or <c>@</c> and a tag's key.</summary>
    /// <exception cref="QueryTextException">There is no such field of a span.</exception>
    public static SpanField Parse(string text)
    {
        if (text.Length > 1 && text[0] == '@') return FilterWords.FieldOfTag(text[1..]) is { } known ? new SpanField(known, "") : Tag(text[1..]);
        if (FilterWords.FieldOf(text) is { } field && !field.IsOfTrace()) return new SpanField(field, "");
        var nearest = NearestWord.Find(text, FilterWords.SpanKeys);
        throw new QueryTextException(
            $"\"{text}\" is no field of a span." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", FilterWords.SpanKeys)}; for a tag write @{text}.",
            new TextRange(0, text.Length), nearest ?? "@" + text);
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => Field == FilterField.Tag ? "@" + Key : FilterWords.PrintKey(Field, Key);
}
