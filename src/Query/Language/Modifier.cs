using System.Globalization;
using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>What follows a query with a dot: <c>.rollup(sum, 3600)</c>, <c>.fill(last)</c>, <c>.as_count()</c>, <c>.as_rate()</c>, <c>.weighted()</c>.</summary>
/// <param name="method">Of <c>rollup</c> and <c>fill</c>; null when only seconds were written.</param>
/// <param name="seconds">Width of a rollup's buckets, longest gap of a fill; null when not written.</param>
public sealed class Modifier(string name, string? method, int? seconds, TextRange at)
{
    public const string Rollup = "rollup";
    public const string Fill = "fill";
    public const string AsCount = "as_count";
    public const string AsRate = "as_rate";
    public const string Weighted = "weighted";

    /// <summary>Modifiers there are.</summary>
    public static IReadOnlyList<string> Names { get; } = [AsCount, AsRate, Fill, Rollup, Weighted];

    /// <summary>How the points of a bucket become one.</summary>
    public static IReadOnlyList<string> RollupMethods { get; } = ["avg", "sum", "min", "max", "count"];

    /// <summary>What stands where a series has a gap.</summary>
    public static IReadOnlyList<string> FillMethods { get; } = ["linear", "last", "zero", "null"];

    /// <summary>Longest gap that is ever filled, in seconds; Datadog's figure.</summary>
    public const int MaxFillSeconds = 600;

    /// <summary>Widest bucket of a rollup, in seconds; default 366 days.</summary>
    public const int MaxRollupSeconds = 366 * 86_400;

    public TextRange At { get; } = at;
    public string Name { get; } = name;
    public string? Method { get; } = method;
    public int? Seconds { get; } = seconds;

    public override string ToString() => $".{Name}({string.Join(", ", ((string?[])[Method, Seconds?.ToString(CultureInfo.InvariantCulture)]).OfType<string>())})";
}
