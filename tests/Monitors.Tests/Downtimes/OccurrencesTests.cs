using Apm.Core.Downtimes;
using Apm.Monitors.Downtimes;

namespace Apm.Monitors.Tests.Downtimes;

public class OccurrencesTests
{
    static readonly TimeZoneInfo NewYork = WallClock.FindZone("America/New_York")!;

    public static Downtime Legacy(LegacyRecurrence legacy, long start, long end, string zone = "America/New_York") => new()
    {
        Id = 1, Uuid = "u", StartUnixSeconds = start, EndUnixSeconds = end, TimeZone = zone, Legacy = legacy, Recurrences = [LegacyRecurrences.Read(legacy, start, end, WallClock.FindZone(zone)!)],
    };

    static Downtime Rule(string startLocal, long durationSeconds, string rule, string zone) => new()
    {
        Id = 1, Uuid = "u", StartUnixSeconds = 0, TimeZone = zone, Recurrences = [new DowntimeRecurrence(DateTime.Parse(startLocal, System.Globalization.CultureInfo.InvariantCulture), durationSeconds, rule)],
    };

    static IEnumerable<(long, long)> Times(Downtime downtime, long after, int count) => Occurrences.EndingAfter(downtime, after).Take(count).Select(occurrence => (occurrence.StartUnixSeconds, occurrence.EndUnixSeconds));

    [Theory]
    [InlineData("9999-12-31T23:59:59", 3_600)]
    [InlineData("9000-01-01T00:00:00", 200_000L * 604_800)]
    [InlineData("2025-01-01T00:00:00", 999_999L * 604_800)]
    public void What_the_calendar_has_no_end_for_never_begins(string start, long seconds) => Assert.Empty(Times(Rule(start, seconds, "FREQ=DAILY", "UTC"), 1_730_502_000, 1));

    [Theory]
    [InlineData("9999-12-31T23:59:59", 253_402_300_799)]
    [InlineData("2026-03-07T19:00:00", 1_772_928_000)]
    public void A_time_at_the_end_of_the_calendar_is_one_in_every_zone(string local, long seconds) =>
        Assert.Equal(seconds, WallClock.UnixSecondsOf(DateTime.Parse(local, System.Globalization.CultureInfo.InvariantCulture), NewYork));

    [Fact]
    public void A_length_of_thousands_of_years_is_reckoned_with_too() => Assert.Equal([(1_735_689_600, 122_695_689_600)], Times(Rule("2025-01-01T00:00:00", 200_000L * 604_800, "FREQ=DAILY", "UTC"), 1_730_502_000, 1));

    [Fact]
    public void Nights_on_weekdays_keep_their_hour_across_the_change_of_the_clock()
    {
        var nights = Legacy(new LegacyRecurrence("weeks") { Period = 1, WeekDays = ["Mon", "Tue", "Wed", "Thu", "Fri"] }, 1_730_502_000, 1_730_552_400);

        Assert.Equal([(1_730_502_000, 1_730_552_400), (1_730_764_800, 1_730_815_200), (1_730_851_200, 1_730_901_600), (1_730_937_600, 1_730_988_000)], Times(nights, 0, 4));
    }

    [Fact]
    public void Weekends_are_whole_days_though_one_has_25_hours_and_one_23()
    {
        var weekends = Legacy(new LegacyRecurrence("weeks") { Period = 1, WeekDays = ["Sat", "Sun"] }, 1_730_520_000, 1_730_606_400);
        var spring = Legacy(new LegacyRecurrence("weeks") { Period = 1, WeekDays = ["Sat", "Sun"] }, 1_709_960_400, 1_710_046_800);

        Assert.Equal([(1_730_520_000, 1_730_606_400), (1_730_606_400, 1_730_696_400), (1_731_128_400, 1_731_214_800)], Times(weekends, 0, 3));
        Assert.Equal([(1_709_960_400, 1_710_046_800), (1_710_046_800, 1_710_129_600)], Times(spring, 0, 2));
    }

    [Fact]
    public void A_start_that_the_clock_passes_over_moves_on_and_one_that_comes_twice_is_the_first()
    {
        // 2024-03-10 02:30 does not exist in New York, 2024-11-03 01:30 comes twice.
        Assert.Equal(1_710_054_000, WallClock.UnixSecondsOf(new DateTime(2024, 3, 10, 2, 30, 0), NewYork));
        Assert.Equal(1_730_611_800, WallClock.UnixSecondsOf(new DateTime(2024, 11, 3, 1, 30, 0), NewYork));
        Assert.Equal([1_709_969_400, 1_710_054_000, 1_710_138_600], Times(Rule("2024-03-09T02:30:00", 1800, "FREQ=DAILY", "America/New_York"), 0, 3).Select(times => times.Item1));
    }

    [Theory]
    [InlineData("FREQ=MONTHLY;BYDAY=-1FR", "2024-01-26 2024-02-23 2024-03-29")]
    [InlineData("FREQ=MONTHLY;BYDAY=1MO", "2024-01-01 2024-02-05 2024-03-04")]
    [InlineData("FREQ=MONTHLY;BYMONTHDAY=-1", "2024-01-31 2024-02-29 2024-03-31")]
    [InlineData("FREQ=MONTHLY;BYMONTHDAY=31", "2024-01-31 2024-03-31 2024-05-31")]
    [InlineData("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29 2028-02-29 2032-02-29")]
    [InlineData("FREQ=DAILY;INTERVAL=10;COUNT=2", "2024-01-01 2024-01-11")]
    [InlineData("FREQ=DAILY;UNTIL=20240102T120000Z", "2024-01-01 2024-01-02")]
    [InlineData("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU", "2024-01-01 2024-01-03 2024-01-15")]
    [InlineData("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "")]
    [InlineData("FREQ=MONTHLY;BYSETPOS=3;BYDAY=WE;INTERVAL=1", "2024-01-17 2024-02-21 2024-03-20")]
    [InlineData("FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU,WE,TH,FR;INTERVAL=2", "2024-01-31 2024-03-29 2024-05-31")]
    [InlineData("FREQ=MONTHLY;BYSETPOS=1,-1;BYDAY=SA,SU", "2024-01-06 2024-01-28 2024-02-03")]
    [InlineData("FREQ=MONTHLY;BYSETPOS=5;BYDAY=WE", "2024-01-31 2024-05-29 2024-07-31")]
    [InlineData("FREQ=YEARLY;BYMONTH=11;BYDAY=TH;BYSETPOS=4", "2024-11-28 2025-11-27 2026-11-26")]
    public void Rules_of_RFC_5545(string rule, string expected) =>
        Assert.Equal(expected, string.Join(' ', Times(Rule("2024-01-01T00:00:00", 3600, rule, "UTC"), 0, 3).Select(times => DateTimeOffset.FromUnixTimeSeconds(times.Item1).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture))));

    [Theory]
    [InlineData("2024-01-20T09:00:00", "2024-02-21 14:00, 2024-03-20 13:00")] // After that of January; the clock of New York goes forward on March 10.
    [InlineData("2024-10-01T09:00:00", "2024-10-16 13:00, 2024-11-20 14:00")]
    public void The_third_Wednesday_is_that_of_the_whole_month_and_keeps_its_hour(string start, string expected)
    {
        var downtime = Rule(start, 3600, "FREQ=MONTHLY;BYSETPOS=3;BYDAY=WE;INTERVAL=1", "America/New_York");

        Assert.Equal(expected, string.Join(", ", Times(downtime, 0, 2).Select(times => DateTimeOffset.FromUnixTimeSeconds(times.Item1).ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void Positions_are_those_of_the_whole_month_whenever_one_asks()
    {
        var downtime = Rule("2024-01-01T09:00:00", 3600, "FREQ=MONTHLY;BYSETPOS=3;BYDAY=WE", "UTC");
        var all = Times(downtime, 0, 14).ToList();

        for (var i = 1; i < 12; i++)
        {
            Assert.Equal(all[i], Times(downtime, all[i - 1].Item2, 1).Single());
            Assert.Equal(all[i], Times(downtime, all[i].Item1 + 60, 1).Single());
            Assert.Equal(all[i], Times(downtime, all[i].Item1 - 86_400 * 5, 1).Single());
        }
    }

    [Fact]
    public void Several_rules_are_told_in_order_and_what_is_over_is_left_out()
    {
        var both = Rule("2024-01-01T00:00:00", 3600, "FREQ=DAILY", "UTC") with
        {
            Recurrences = [new(new DateTime(2024, 1, 1), 3600, "FREQ=DAILY"), new(new DateTime(2024, 1, 1, 12, 0, 0), 60, "FREQ=DAILY;COUNT=1")],
        };

        Assert.Equal([(1_704_067_200, 1_704_070_800), (1_704_110_400, 1_704_110_460), (1_704_153_600, 1_704_157_200)], Times(both, 1_704_067_200, 3));
        Assert.Equal([(1_704_110_400, 1_704_110_460)], Times(both, 1_704_070_800, 1));
    }

    [Fact]
    public void One_that_is_cancelled_is_cut_there_and_does_not_come_again()
    {
        var daily = Rule("2024-01-01T00:00:00", 3600, "FREQ=DAILY", "UTC") with { CanceledUnixSeconds = 1_704_153_600 + 600 };

        Assert.Equal([(1_704_067_200, 1_704_070_800), (1_704_153_600, 1_704_154_200)], Times(daily, 0, 9));
    }

    [Theory]
    [InlineData("FREQ=MINUTELY", "Invalid rrule: FREQ=MINUTELY is not known. There are: HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY.")]
    [InlineData("INTERVAL=1", "Invalid rrule: it has no FREQ, such as FREQ=DAILY.")]
    [InlineData("FREQ=DAILY;BYWEEKNO=1", "Invalid rrule: BYWEEKNO is not known. There are: FREQ, INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYHOUR, BYMINUTE, BYSETPOS, COUNT, UNTIL, WKST.")]
    [InlineData("FREQ=DAILY;BYHOUR=1,2;BYSETPOS=1", "Invalid rrule: BYSETPOS does not go with FREQ=DAILY; it does with MONTHLY and YEARLY.")]
    [InlineData("FREQ=MONTHLY;BYSETPOS=3", "Invalid rrule: BYSETPOS chooses among the times of another part, such as BYDAY=WE.")]
    [InlineData("FREQ=MONTHLY;BYDAY=WE;BYSETPOS=0", "Invalid rrule: BYSETPOS=0 must be a number from -366 to 366, not 0.")]
    [InlineData("FREQ=DAILY;DTSTART=20240101", "Invalid rrule: DTSTART does not belong in it: the downtime's own start and length count.")]
    [InlineData("FREQ=WEEKLY;BYDAY=1MO", "Invalid rrule: \"1MO\" of BYDAY counts weeks of a month; that goes with FREQ=MONTHLY or YEARLY only.")]
    [InlineData("FREQ=WEEKLY;BYDAY=XX", "Invalid rrule: \"XX\" of BYDAY is no day. There are: MO, TU, WE, TH, FR, SA, SU, with a number before it such as -1FR.")]
    [InlineData("FREQ=DAILY;INTERVAL=0", "Invalid rrule: INTERVAL=0 must be a number from 1 to 1000.")]
    [InlineData("FREQ=DAILY;COUNT=2;UNTIL=20240101", "Invalid rrule: give COUNT or UNTIL, not both.")]
    [InlineData("every day", "Invalid rrule: \"every day\" is not NAME=VALUE, such as FREQ=WEEKLY.")]
    public void Rules_that_cannot_be_used_say_why(string rule, string expected) => Assert.Equal(expected, Assert.Throws<DowntimeException>(() => RecurrenceText.Parse(rule)).Message);

    [Theory]
    [InlineData("FREQ=HOURLY", 24)]
    [InlineData("FREQ=HOURLY;INTERVAL=7;BYMINUTE=0,15,15", 8)]
    [InlineData("FREQ=HOURLY;BYHOUR=9,17;BYMONTH=6", 2)]
    [InlineData("FREQ=DAILY", 1)]
    [InlineData("FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=9,12,15;BYMINUTE=0,30", 6)]
    [InlineData("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29;BYHOUR=1", 1)]
    public void It_is_known_how_many_times_a_day_a_rule_may_come(string rule, int times) => Assert.Equal(times, RecurrenceText.Parse(rule).MaxTimesADay);

    [Fact]
    public void Legacy_recurrences_that_cannot_be_used_are_answered_as_the_API_does()
    {
        string Refusal(LegacyRecurrence legacy) => Assert.Throws<DowntimeException>(() => LegacyRecurrences.Read(legacy, 0, 3600, TimeZoneInfo.Utc)).Message;

        Assert.Equal("Invalid recurrence type", Refusal(new LegacyRecurrence("hours") { Period = 1 }));
        Assert.Equal("Invalid set of days in week_days. Be sure that the first letter is capitalized.", Refusal(new LegacyRecurrence("weeks") { Period = 1, WeekDays = ["mon"] }));
        Assert.Equal("You must provide only provide one of (until_occurrences, until_date)", Refusal(new LegacyRecurrence("days") { Period = 1, UntilDate = 5, UntilOccurrences = 5 }));
    }

    [Fact]
    public void Times_in_words()
    {
        var nights = Legacy(new LegacyRecurrence("weeks") { Period = 1, WeekDays = ["Sat", "Sun"], UntilOccurrences = 4 }, 1_730_520_000, 1_730_606_400);

        Assert.Equal("every week on Saturday and Sunday at 00:00 for 1 d, 4 times, America/New_York", RecurrenceWords.Of(nights));
        Assert.Equal("every 2 months on the last Friday at 19:00 for 14 h, UTC", RecurrenceWords.Of(Rule("2024-01-01T19:00:00", 50_400, "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR", "UTC")));
        Assert.Equal("every month on the third Wednesday at 19:00 for 14 h, UTC", RecurrenceWords.Of(Rule("2024-01-01T19:00:00", 50_400, "FREQ=MONTHLY;BYSETPOS=3;BYDAY=WE;INTERVAL=1", "UTC")));
        Assert.Equal("every month on the first and last of Saturday and Sunday at 19:00 for 14 h, UTC", RecurrenceWords.Of(Rule("2024-01-01T19:00:00", 50_400, "FREQ=MONTHLY;BYSETPOS=1,-1;BYDAY=SA,SU", "UTC")));
        Assert.Equal("Sat Nov 2 2024 00:00 (America/New_York)", RecurrenceWords.Time(1_730_520_000, "America/New_York"));
    }
}
