using System.Globalization;
using Apm.Core.Downtimes;

namespace Apm.Monitors.Downtimes;

/// <summary>A rule of RFC 5545, taken apart and found good: the parts that downtimes know (metrics-monitors §8.3).</summary>
/// <param name="Pattern">The rule without UNTIL, for what unfolds it.</param>
/// <param name="Frequency">Such as <c>WEEKLY</c>.</param>
/// <param name="Interval">Every so many.</param>
/// <param name="Days">As written: <c>MO</c>, <c>-1FR</c>; none when not given.</param>
/// <param name="Until">The last time at which one may start; null for no end.</param>
/// <param name="IsUntilUtc">Whether that is UTC and not on the wall clock.</param>
public sealed record RecurrenceText(string Pattern, string Frequency, int Interval, IReadOnlyList<string> Days, int? Count, DateTime? Until, bool IsUntilUtc)
{
    /// <summary>Longest rule, in characters. A longer one is refused.</summary>
    public const int MaxChars = 500;

    /// <summary>Most days, months or hours that a rule may skip at once. A longer step is refused.</summary>
    public const int MaxInterval = 1_000;

    const int HoursADay = 24;

    /// <summary>What every refusal begins with.</summary>
    public const string Invalid = "Invalid rrule";

    static readonly string[] Frequencies = ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
    static readonly string[] WeekDays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

    /// <summary>How many times it may come on one day at most.</summary>
    public int MaxTimesADay { get; private init; }

    /// <exception cref="DowntimeException">It is no rule, or has parts that downtimes do not know.</exception>
    public static RecurrenceText Parse(string text)
    {
        if (text.Length > MaxChars) throw Wrong($"it has {text.Length} characters; {MaxChars} are the most");
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        var body = text.Trim();
        if (body.StartsWith("RRULE:", StringComparison.OrdinalIgnoreCase)) body = body["RRULE:".Length..];
        foreach (var part in body.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == part.Length - 1) throw Wrong($"\"{part}\" is not NAME=VALUE, such as FREQ=WEEKLY");
            if (!parts.TryAdd(part[..equals].ToUpperInvariant(), part[(equals + 1)..].ToUpperInvariant())) throw Wrong($"{part[..equals]} stands in it twice");
        }
        var frequency = parts.GetValueOrDefault("FREQ") ?? throw Wrong("it has no FREQ, such as FREQ=DAILY");
        if (!Frequencies.Contains(frequency)) throw Wrong($"FREQ={frequency} is not known. There are: {string.Join(", ", Frequencies)}");
        foreach (var (name, value) in parts) Check(name, value, frequency);
        if (parts.ContainsKey("COUNT") && parts.ContainsKey("UNTIL")) throw Wrong("give COUNT or UNTIL, not both");
        if (parts.ContainsKey("BYSETPOS") && !parts.Keys.Any(name => name is "BYDAY" or "BYMONTHDAY" or "BYMONTH" or "BYHOUR" or "BYMINUTE")) throw Wrong("BYSETPOS chooses among the times of another part, such as BYDAY=WE");
        var (until, isUtc) = parts.Remove("UNTIL", out var last) ? UntilOf(last) : (null, false);
        var every = parts.TryGetValue("INTERVAL", out var interval) ? Number(interval) : 1;
        return new RecurrenceText(
            string.Join(';', parts.Select(part => $"{part.Key}={part.Value}")), frequency, every,
            parts.GetValueOrDefault("BYDAY")?.Split(',') ?? [], parts.TryGetValue("COUNT", out var count) ? Number(count) : null, until, isUtc) { MaxTimesADay = TimesADay(parts, frequency, every) };
    }

    /// <summary>Its hours of a day by its minutes of an hour.</summary>
    static int TimesADay(Dictionary<string, string> parts, string frequency, int interval)
    {
        int Named(string part, int otherwise) => parts.TryGetValue(part, out var numbers) ? numbers.Split(',').Select(Number).Distinct().Count() : otherwise;
        var hours = frequency == "HOURLY" ? Math.Min(Named("BYHOUR", HoursADay), (HoursADay + interval - 1) / interval) : Named("BYHOUR", 1);
        return hours * Named("BYMINUTE", 1);
    }

    static void Check(string name, string value, string frequency)
    {
        switch (name)
        {
            case "FREQ": break;
            case "UNTIL": UntilOf(value); break;
            case "INTERVAL": Numbers(name, value, 1, MaxInterval, isOne: true); break;
            case "COUNT": Numbers(name, value, 1, 1_000_000, isOne: true); break;
            case "BYMONTH": Numbers(name, value, 1, 12); break;
            case "BYHOUR": Numbers(name, value, 0, 23); break;
            case "BYMINUTE": Numbers(name, value, 0, 59); break;
            case "BYMONTHDAY":
                if (frequency == "WEEKLY") throw Wrong("BYMONTHDAY does not go with FREQ=WEEKLY");
                Numbers(name, value, -31, 31);
                break;
            case "BYSETPOS":
                if (frequency is not ("MONTHLY" or "YEARLY")) throw Wrong($"BYSETPOS does not go with FREQ={frequency}; it does with MONTHLY and YEARLY");
                Numbers(name, value, -366, 366);
                break;
            case "WKST":
                if (!WeekDays.Contains(value)) throw Wrong($"WKST={value} is no day. There are: {string.Join(", ", WeekDays)}");
                break;
            case "BYDAY":
                foreach (var day in value.Split(',')) CheckDay(day, frequency);
                break;
            case "DTSTART" or "DTEND" or "DURATION": throw Wrong($"{name} does not belong in it: the downtime's own start and length count");
            default: throw Wrong($"{name} is not known. There are: FREQ, INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYHOUR, BYMINUTE, BYSETPOS, COUNT, UNTIL, WKST");
        }
    }

    static void CheckDay(string day, string frequency)
    {
        if (day.Length < 2 || !WeekDays.Contains(day[^2..])) throw Wrong($"\"{day}\" of BYDAY is no day. There are: {string.Join(", ", WeekDays)}, with a number before it such as -1FR");
        if (day.Length == 2) return;
        if (frequency is not ("MONTHLY" or "YEARLY")) throw Wrong($"\"{day}\" of BYDAY counts weeks of a month; that goes with FREQ=MONTHLY or YEARLY only");
        Numbers("BYDAY", day[..^2], -53, 53, isOne: true);
    }

    static void Numbers(string name, string value, int least, int most, bool isOne = false)
    {
        foreach (var text in isOne ? [value] : value.Split(','))
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < least || number > most || (number == 0 && least < 0))
                throw Wrong($"{name}={text} must be a number from {least} to {most}{(least < 0 ? ", not 0" : "")}");
    }

    static (DateTime? Until, bool IsUtc) UntilOf(string text)
    {
        var isUtc = text.EndsWith('Z');
        if (DateTime.TryParseExact(text.TrimEnd('Z'), "yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var until)) return (until, isUtc);
        if (DateTime.TryParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return (day.AddDays(1).AddSeconds(-1), false);
        throw Wrong($"UNTIL={text} is no time such as 20241231T235959Z");
    }

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    static DowntimeException Wrong(string why) => new($"{Invalid}: {why}.");
}
