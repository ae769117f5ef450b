using System.Globalization;
using Apm.Core.Limits;
using Apm.Core.Time;

namespace Apm.Cli.Commands;

/// <summary>A limit as a bar in a terminal.</summary>
static class LimitText
{
    const int BarCells = 20;

    /// <summary>Such as <c>  Memory of the process  ██████░░░░░░░░░░░░░░  161 of 512 MiB (31 %)</c>, and how often it bit.</summary>
    public static string Line(LimitStatus limit, long nowUnixNanos)
    {
        var share = limit.Ceiling > 0 ? Math.Clamp(limit.Value / limit.Ceiling, 0, 1) : 0;
        var full = (int)Math.Round(share * BarCells);
        var bit = limit.BitCount == 0 ? "" : $", bit {limit.BitCount.ToString("N0", CultureInfo.InvariantCulture)} times{Ago(limit.LastBitUnixNanos, nowUnixNanos)}";
        return string.Create(CultureInfo.InvariantCulture, $"  {limit.Title,-32} {new string('█', full)}{new string('░', BarCells - full)}  {Amount(limit.Value, limit.Unit)} of {Amount(limit.Ceiling, limit.Unit)} ({share * 100:F0} %){bit}");
    }

    static string Amount(double value, string unit) => unit switch
    {
        "bytes" when value >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:F1} GB"),
        "bytes" => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:F0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:N0} {unit}"),
    };

    static string Ago(long? atUnixNanos, long nowUnixNanos) =>
        atUnixNanos is { } at ? string.Create(CultureInfo.InvariantCulture, $", last {Math.Max(0, nowUnixNanos - at) / UnixTime.NanosPerSecond} s ago") : "";
}
