using System.Buffers.Text;
using System.Globalization;
using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>Makes the texts of a batch: our own words, values written as text, and texts put together from parts.</summary>
internal sealed class OtelTexts(StringTable strings)
{
    readonly int[] _words = new int[OtelWords.Count];
    byte[] _parts = new byte[256];
    int _used;

    public StringTable Strings => strings;

    /// <summary>Index of one of <see cref="OtelWords"/>.</summary>
    public int Of(int word)
    {
        ref var index = ref _words[word];
        if (index == 0) index = strings.Intern(OtelWords.TextOf(word));
        return index;
    }

    /// <summary>An attribute's value as text, whatever it is; 0 ("") for an empty one.</summary>
    public int Of(OtelAttribute value)
    {
        switch (value.Kind)
        {
            case OtelValueKind.Text or OtelValueKind.Json or OtelValueKind.Bytes: return (int)value.Bits;
            case OtelValueKind.Bool: return Of(value.Bits != 0 ? OtelWords.True : OtelWords.False);
            case OtelValueKind.Int: return OfInt(value.Bits);
            case OtelValueKind.Double: return OfDouble(value.Double);
            default: return 0;
        }
    }

    public int OfInt(long value)
    {
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, text, out var length);
        return strings.Intern(text[..length]);
    }

    /// <summary>The shortest text that reads back as the same double; <c>NaN</c>, <c>Infinity</c>, <c>-Infinity</c>.</summary>
    public int OfDouble(double value)
    {
        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        return strings.Intern(text[..length]);
    }

    /// <summary>Starts a text that is put together from parts.</summary>
    public OtelTexts Begin()
    {
        _used = 0;
        return this;
    }

    public OtelTexts Add(ReadOnlySpan<byte> utf8)
    {
        if (_used + utf8.Length > _parts.Length) Array.Resize(ref _parts, Math.Max(_parts.Length * 2, _used + utf8.Length));
        utf8.CopyTo(_parts.AsSpan(_used));
        _used += utf8.Length;
        return this;
    }

    public OtelTexts Add(int text) => Add(strings.Utf8(text));

    /// <summary>Adds a text in the form of a tag's value (<see cref="TagText"/>).</summary>
    public OtelTexts AddTagValue(int text)
    {
        var utf8 = strings.Utf8(text);
        return TagText.IsPlainValue(utf8) ? Add(utf8) : Add(TagText.Value(utf8));
    }

    /// <summary>Index of the text put together since <see cref="Begin"/>.</summary>
    public int End() => strings.InternLenient(_parts.AsSpan(0, _used));
}
