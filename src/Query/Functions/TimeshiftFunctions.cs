using Apm.Query.Frames;
using Apm.Query.Text;

namespace Apm.Query.Functions;

/// <summary>Earlier values, drawn at present times. A shift that is no whole number of steps is rounded to the nearest, at least one.</summary>
static class TimeshiftFunctions
{
    const int Hour = 3_600;
    const int Day = 24 * Hour;

    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        Before("hour_before", "an hour", Hour), Before("day_before", "24 hours", Day), Before("week_before", "7 days", 7 * Day), Before("month_before", "28 days", 28 * Day),
        new()
        {
            Name = "timeshift", Group = FunctionGroup.Timeshift, Example = "timeshift(avg:system.load.1{*}, -3600)",
            Parameters = [FunctionParameter.OfQuery, new("seconds", ParameterKind.Duration, "how far, negative for earlier values") { Least = -400.0 * Day, Most = 400.0 * Day }],
            Summary = "the values of so many seconds away: of earlier times when negative",
            Apply = call => Shift(call, -call.Seconds("seconds")),
        },
        new()
        {
            Name = "calendar_shift", Group = FunctionGroup.Timeshift, Example = "calendar_shift(avg:system.load.1{*}, '-1d', 'Europe/Paris')",
            Parameters = [FunctionParameter.OfQuery, new("shift", ParameterKind.Text, "days, weeks or months, such as '-1d', '-1w', '-1mo'"), new("timezone", ParameterKind.Text, "whose calendar, such as 'UTC' or 'Europe/Paris'") { Default = "UTC" }],
            Summary = "the values of so many days, weeks or months earlier on the calendar, so that midnight meets midnight when the clocks change",
            Apply = call => Shift(call, CalendarSeconds(call)),
        },
    ];

    static QueryFunction Before(string name, string what, int seconds) => new()
    {
        Name = name, Group = FunctionGroup.Timeshift, Parameters = [FunctionParameter.OfQuery], Summary = $"the value of {what} earlier", Example = $"{name}(avg:system.load.1{{*}})",
        Apply = call => Shift(call, seconds),
    };

    /// <param name="seconds">How much earlier.</param>
    static SeriesFrame Shift(FunctionCall call, long seconds)
    {
        var steps = call.Grid.StepsIn(seconds);
        var shifted = call.Query(call.Grid.Earlier(steps));
        return shifted.At(shifted.Grid with { FirstUnixSeconds = shifted.Grid.FirstUnixSeconds + steps * call.Grid.StepSeconds });
    }

    /// <summary>How far the start of the window lies behind its place on the calendar.</summary>
    static long CalendarSeconds(FunctionCall call)
    {
        var text = call.Text("shift");
        var letters = text.AsSpan().IndexOfAnyInRange('a', 'z');
        if (letters < 1 || !int.TryParse(text.AsSpan(0, letters), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var count) || Math.Abs((long)count) > 400 || text[letters..] is not ("d" or "w" or "mo"))
            throw new QueryTextException($"\"{text}\" of calendar_shift at column {call.Node.NameAt.Column} is no shift. Write days, weeks or months, such as '-1d', '-1w', '-1mo'.", call.Node.NameAt);
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(call.Text("timezone"), out var zone))
            throw new QueryTextException($"\"{call.Text("timezone")}\" of calendar_shift at column {call.Node.NameAt.Column} is no time zone. Write a name such as 'UTC' or 'Europe/Paris'.", call.Node.NameAt);
        var utc = DateTimeOffset.FromUnixTimeSeconds(call.Grid.FirstUnixSeconds);
        var local = TimeZoneInfo.ConvertTime(utc, zone).DateTime;
        var earlier = text[letters..] switch { "d" => local.AddDays(count), "w" => local.AddDays(7 * count), _ => local.AddMonths(count) };
        if (zone.IsInvalidTime(earlier)) earlier = earlier.AddHours(1);
        return utc.ToUnixTimeSeconds() - new DateTimeOffset(earlier, zone.GetUtcOffset(earlier)).ToUnixTimeSeconds();
    }
}
