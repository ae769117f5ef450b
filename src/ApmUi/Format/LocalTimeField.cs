using System.Globalization;

namespace Apm.ApmUi.Format;

/// <summary>Times on a wall clock, as the fields <c>datetime-local</c> of forms have them.</summary>
public static class LocalTimeField
{
    const int FirstYear = 1970, LastYear = 2199;

    static readonly string[] s_formats = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"];

    /// <summary>What the field of a time shows: <c>2026-11-29T19:00</c>.</summary>
    public static string Of(DateTime time) => time.ToString(s_formats[0], CultureInfo.InvariantCulture);

    /// <summary>The time that somebody wrote; null when it is none of the years that are taken.</summary>
    public static DateTime? Read(string text) =>
        DateTime.TryParseExact(text, s_formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) && time.Year is >= FirstYear and <= LastYear ? time : null;

    /// <summary>Why a text was not taken, a sentence.</summary>
    public static string WhyNot(string text) => string.Create(CultureInfo.InvariantCulture, $"{text} is no time from {FirstYear} to {LastYear}. Write it as 2026-11-29T19:00.");
}
