using Apm.ApmUi.Time;
using Apm.Core.Time;
using CsCheck;

namespace Apm.ApmUi.Tests.Time;

public class TimeTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 30, 0, TimeSpan.Zero);
    static readonly TimeZoneInfo Zurich = Zones.Find("Europe/Zurich");

    [Theory]
    [InlineData("now", "2026-11-24T09:30:00Z")]
    [InlineData("now-15m", "2026-11-24T09:15:00Z")]
    [InlineData("-30m", "2026-11-24T09:00:00Z")]
    [InlineData("1h30m", "2026-11-24T08:00:00Z")]
    [InlineData("2 days", "2026-11-22T09:30:00Z")]
    [InlineData("today", "2026-11-23T23:00:00Z")]
    [InlineData("yesterday", "2026-11-22T23:00:00Z")]
    [InlineData("09:10", "2026-11-24T08:10:00Z")]
    [InlineData("2026-11-24T09:10Z", "2026-11-24T09:10:00Z")]
    [InlineData("2026-11-24 09:10", "2026-11-24T08:10:00Z")]
    [InlineData("2026-11-24T09:10:00+02:00", "2026-11-24T07:10:00Z")]
    [InlineData("1795511400", "2026-11-24T09:10:00Z")]
    [InlineData("1795511400000", "2026-11-24T09:10:00Z")]
    [InlineData("1795511400000000000", "2026-11-24T09:10:00Z")]
    public void A_point_in_time_is_read(string text, string expected)
    {
        Assert.True(TimeText.TryParse(text, Now, Zurich, out var time));
        Assert.Equal(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), time);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("now-1h", "now", null)]
    [InlineData("1795511400000", "1795511460000", null)]
    [InlineData("abc", null, "“abc” is no time (from=), so this shows the past 15 min. A time is now-1h, 2026-11-24T09:10Z, or milliseconds since 1970.")]
    [InlineData("now-1h", "<b>", "“<b>” is no time (to=), so this shows the past 15 min. A time is now-1h, 2026-11-24T09:10Z, or milliseconds since 1970.")]
    public void A_time_in_the_address_that_cannot_be_read_is_said(string? from, string? to, string? says)
    {
        Assert.Equal(says, TimeWindow.ComplaintOf(from, to, Now, Zurich));
        if (says is not null) Assert.Equal(TimeWindow.Live(TimeWindow.DefaultAge, Now), TimeWindow.Read(from, to, Now, Zurich));
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("15x")]
    [InlineData("25:10")]
    [InlineData("2026-13-01")]
    [InlineData("9999999999999999999999")]
    public void What_is_no_time_is_refused(string text) => Assert.False(TimeText.TryParse(text, Now, Zurich, out _));

    [Fact]
    public void Any_text_is_read_or_refused_without_a_throw() =>
        Gen.String.Sample(text => TimeText.TryParse(text, Now, Zurich, out _) || !TimeText.TryParse(text, Now, Zurich, out _));

    [Fact]
    public void An_hour_that_spring_skips_is_moved_on()
    {
        Assert.True(TimeText.TryParse("2026-03-29 02:30", Now, Zurich, out var time));
        Assert.Equal(new DateTimeOffset(2026, 3, 29, 1, 30, 0, TimeSpan.Zero), time);
    }

    [Fact]
    public void Without_a_time_the_past_quarter_of_an_hour_is_shown_and_left_out_of_addresses()
    {
        var window = TimeWindow.Read(null, null, Now, Zurich);

        Assert.Equal(("Past 15 min", true, null, null), (window.Label(Zurich), window.IsLive, window.FromParameter, window.ToParameter));
    }

    [Theory]
    [InlineData(10, "Past 15 min", false)]
    [InlineData(20, "Past 1 h", true)]
    [InlineData(200, "Past 4 h", true)]
    [InlineData(3000, "Past 7 d", true)]
    [InlineData(20_000, "Past 15 d", true)]
    public void A_first_visit_is_widened_until_something_is_found(int minutesAgo, string label, bool widened)
    {
        var window = TimeWindow.Read(null, null, Now, Zurich, Now.AddMinutes(-minutesAgo).ToUnixNanos());

        Assert.Equal((label, widened), (window.Label(Zurich), window.IsWidened));
    }

    [Fact]
    public void A_window_that_was_asked_for_is_never_widened() =>
        Assert.False(TimeWindow.Read("now-5m", "now", Now, Zurich, Now.AddDays(-2).ToUnixNanos()).IsWidened);

    [Fact]
    public void Fixed_ends_are_labelled_with_their_zone() =>
        Assert.Equal("24 Nov 10:10 – 10:20 UTC+1", TimeWindow.Read("1795511400000", "1795512000000", Now, Zurich).Label(Zurich));

    [Theory]
    [InlineData("rubbish", "now")]
    [InlineData("now-15m", "rubbish")]
    public void What_cannot_be_read_is_the_default(string from, string to) => Assert.Equal("Past 15 min", TimeWindow.Read(from, to, Now, Zurich).Label(Zurich));

    [Fact]
    public void Every_window_comes_back_from_its_address() =>
        Gen.Select(Gen.Long[1_600_000_000_000, 1_900_000_000_000], Gen.Long[1_000, 10_000_000_000]).Sample((from, length) =>
        {
            var window = TimeWindow.Read($"{from}", $"{from + length}", Now, Zurich);
            return TimeWindow.Read(window.FromParameter, window.ToParameter, Now, Zurich) == window;
        });

    [Fact]
    public void Steps_move_by_the_windows_length_and_zooming_out_doubles_it()
    {
        var window = TimeWindow.Read("1795511400000", "1795512000000", Now, Zurich);

        Assert.Equal(window.Range.FromUnixNanos, window.Stepped(-1).Range.ToUnixNanos);
        Assert.Equal(2 * window.Range.LengthNanos, window.ZoomedOut(Now).Range.LengthNanos);
        Assert.Equal("Past 30 min", TimeWindow.Live(TimeSpan.FromMinutes(15), Now).ZoomedOut(Now).Label(Zurich));
    }

    [Fact]
    public void A_window_is_at_least_a_second_and_never_runs_backwards()
    {
        Assert.Equal(1, TimeWindow.Read("1795511400000", "1795511400000", Now, Zurich).Seconds);
        Assert.Equal(600, TimeWindow.Read("1795512000000", "1795511400000", Now, Zurich).Seconds);
    }

    [Theory]
    [InlineData("-30m", "Past 30 min")]
    [InlineData("past 2h", "Past 2 h")]
    [InlineData("yesterday", "23 Nov 00:00 – 24 Nov 00:00 UTC+1")]
    [InlineData("09:10 – 09:20", "24 Nov 09:10 – 09:20 UTC+1")]
    [InlineData("09:10 to 09:20", "24 Nov 09:10 – 09:20 UTC+1")]
    [InlineData("2026-11-20", "20 Nov 00:00 – 21 Nov 00:00 UTC+1")]
    [InlineData("1795511400", "24 Nov 10:02 – 10:17 UTC+1")]
    public void One_line_says_a_whole_range(string text, string label) => Assert.Equal(label, TimeEntry.Read(text, Now, Zurich)?.Label(Zurich));

    [Theory]
    [InlineData("")]
    [InlineData("whenever")]
    [InlineData("09:10 – whenever")]
    public void A_line_that_is_no_range_is_refused(string text) => Assert.Null(TimeEntry.Read(text, Now, Zurich));
}
