using System.Globalization;
using System.Text;
using Apm.Core.Ports;
using Apm.Wire.DatadogMetrics;

namespace Apm.Wire.Tests.DatadogMetrics;

/// <summary>Series as a test shows them: name, type, interval, unit, tags, points.</summary>
static class SeriesPicture
{
    public static string Draw(SubmittedSeries submitted)
    {
        var text = new StringBuilder();
        foreach (var series in submitted.Series) text.Append(Draw(series)).Append('\n');
        if (submitted.DroppedSeriesCount > 0) text.Append(CultureInfo.InvariantCulture, $"dropped {submitted.DroppedSeriesCount}: {submitted.FirstReason}\n");
        return text.ToString().TrimEnd('\n');
    }

    public static string Draw(IncomingSeries series)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{series.Metric} {series.Type}");
        if (series.IntervalSeconds > 0) text.Append(CultureInfo.InvariantCulture, $" {series.IntervalSeconds}s");
        if (series.Unit.Length > 0) text.Append(CultureInfo.InvariantCulture, $" in {series.Unit}");
        text.Append(CultureInfo.InvariantCulture, $" {{{string.Join(',', series.Tags)}}}");
        foreach (var point in series.Points) text.Append(CultureInfo.InvariantCulture, $" {point.UnixSeconds}={point.Value:R}");
        foreach (var point in series.Sketches)
            text.Append(CultureInfo.InvariantCulture, $" {point.UnixSeconds}=({point.Sketch.Count:R} values, sum {point.Sketch.Sum:0.####}, {point.Sketch.Min:0.####} to {point.Sketch.Max:0.####}, p50 {point.Sketch.Quantile(0.5):0.##})");
        return text.ToString();
    }
}
