using SkiaSharp;

namespace Apm.ApmUi.Snapshots;

/// <summary>The letters of pictures: they come with the product, because a server often has none.</summary>
static class PictureFont
{
    static readonly Lazy<SKTypeface> s_normal = new(() => Load("DejaVuSans.ttf"));
    static readonly Lazy<SKTypeface> s_bold = new(() => Load("DejaVuSans-Bold.ttf"));

    public static SKFont Normal(float size) => Of(s_normal.Value, size);

    public static SKFont Bold(float size) => Of(s_bold.Value, size);

    static SKFont Of(SKTypeface face, float size) => new(face, size) { Edging = SKFontEdging.Antialias, Subpixel = true };

    /// <summary>What the system has when the product was built without its web assets.</summary>
    static SKTypeface Load(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "fonts", name);
        return (File.Exists(path) ? SKTypeface.FromFile(path) : null) ?? SKTypeface.Default;
    }

    /// <summary>A text that is not wider, cut with an ellipsis where it would be.</summary>
    public static string Fit(string text, SKFont font, float width)
    {
        if (font.MeasureText(text) <= width) return text;
        var most = font.BreakText(text, Math.Max(0, width - font.MeasureText("…")));
        return text[..most].TrimEnd() + "…";
    }
}
