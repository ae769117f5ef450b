using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.Core.Dashboards;

namespace Apm.ApmUi.Pages.Board;

/// <summary>A value as a widget shows it.</summary>
/// <param name="Number">Three significant digits, or as many as the widget asks for.</param>
/// <param name="Unit">Beside it, smaller; "" for none.</param>
/// <param name="Exact">All digits, for the tooltip.</param>
/// <param name="Tone"><c>err</c>, <c>warn</c>, <c>ok</c> or "".</param>
public sealed record ShownValue(string Number, string Unit, string Exact, string Tone)
{
    /// <param name="value">As the query gave it, in the metric's unit.</param>
    public static ShownValue Of(double value, ChartUnit unit, WidgetContent content, WidgetRequest request)
    {
        var text = unit.Text(value, content.Precision);
        var space = text.LastIndexOf(' ');
        var (number, own) = space > 0 && !char.IsAsciiDigit(text[^1]) ? (text[..space], text[space..].TrimStart()) : (text, "");
        return new ShownValue(number, content.CustomUnit.Length > 0 ? content.CustomUnit : own, value.ToString("R", CultureInfo.InvariantCulture), ToneOf(value, request));
    }

    /// <summary>The class of a value's colour.</summary>
    public static string ToneOf(double value, WidgetRequest request) => request.Formats.FirstOrDefault(format => format.Holds(value))?.Tone switch { "error" => "err", "warn" => "warn", "ok" => "ok", _ => "" };
}
