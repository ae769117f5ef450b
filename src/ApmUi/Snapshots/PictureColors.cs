using SkiaSharp;

namespace Apm.ApmUi.Snapshots;

/// <summary>The light theme's colours (tokens.css) for pictures: a mail shows them on white, whoever reads it.</summary>
static class PictureColors
{
    static readonly SKColor[] s_series = [.. new[] { "2f6fde", "c2620e", "1a8a56", "b83b8f", "7a5bd0", "8a6d00", "0c7f8f", "7d6b5d", "4c7d1f", "5f6f82", "935325", "2c4a94" }.Select(SKColor.Parse)];

    public static SKColor Surface { get; } = SKColors.White;
    public static SKColor Line { get; } = SKColor.Parse("dfe3e8");
    public static SKColor Text { get; } = SKColor.Parse("1b2128");
    public static SKColor Text2 { get; } = SKColor.Parse("5a6672");
    public static SKColor Error { get; } = SKColor.Parse("c92a2a");
    public static SKColor Band { get; } = SKColor.Parse("8a96a3").WithAlpha(0x33);

    /// <summary>Of a token as charts name it: <c>s3</c>, <c>error</c>, <c>warn</c>.</summary>
    public static SKColor Of(string token) => token switch
    {
        "error" => Error,
        "warn" => SKColor.Parse("b7791f"),
        "ok" => SKColor.Parse("1a7f4b"),
        "accent" or "info" or "deploy" => SKColor.Parse("2457d6"),
        ['s', .. var number] when int.TryParse(number, out var index) => s_series[index % s_series.Length],
        _ => SKColor.Parse("6b7683"),
    };
}
