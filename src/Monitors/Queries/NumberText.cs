using System.Globalization;

namespace Apm.Monitors.Queries;

/// <summary>Numbers as monitors write them.</summary>
public static class NumberText
{
    /// <summary>The shortest text that reads back as the same number: <c>800</c>, <c>0.05</c>.</summary>
    public static string Print(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>With a point, as Datadog's answers have it: <c>800.0</c>.</summary>
    public static string PrintFloat(double number)
    {
        var text = Print(number);
        return text.Any(c => c is '.' or 'E' or 'N' or '∞') ? text : text + ".0";
    }
}
