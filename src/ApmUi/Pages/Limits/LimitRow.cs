using Apm.ApmUi.Format;
using Apm.Core.Limits;

namespace Apm.ApmUi.Pages.Limits;

/// <summary>A limit as it is drawn.</summary>
public sealed record LimitRow(string Name, string Title, string Used, string Percent, string Width, string Color, string Bit, bool HasBitten, string WhenFull)
{
    /// <summary>From this share on the bar warns.</summary>
    const double WarnShare = 0.8;

    public static LimitRow Of(LimitStatus limit, long nowUnixNanos)
    {
        var share = limit.Ceiling > 0 ? Math.Clamp(limit.Value / limit.Ceiling, 0, 1) : 0;
        var bit = limit.BitCount == 0 ? "never"
            : limit.LastBitUnixNanos is { } last ? $"{Figure.Whole(limit.BitCount)} ×, last {Figure.Duration(Math.Max(0, nowUnixNanos - last))} ago" : $"{Figure.Whole(limit.BitCount)} ×";
        return new LimitRow(limit.Name, limit.Title, limit.Unit == "bytes" ? $"{Figure.Bytes(limit.Value)} of {Figure.Bytes(limit.Ceiling)}" : $"{Figure.Whole(limit.Value)} of {Figure.Whole(limit.Ceiling)}", Figure.Percent(share), Figure.Plain(share * 100), share >= WarnShare ? "warn" : "accent",
            bit, limit.BitCount > 0, limit.WhenFull);
    }
}
