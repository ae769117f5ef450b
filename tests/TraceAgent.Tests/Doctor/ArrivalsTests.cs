using Apm.Core.Diagnosis;
using Apm.TestKit;
using Apm.TraceAgent.Doctor.Witness;

namespace Apm.TraceAgent.Tests.Doctor;

/// <summary>What came in last is listed by the time of receipt, whatever time it tells.</summary>
public class ArrivalsTests
{
    const long Second = 1_000_000_000, Minute = 60 * Second;

    static FactBook Book() => new(new SteppedClock(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero)), new ProcessTable("/nowhere"));

    static Arrival Came(int at, long skew = -Second) => new($"{at:x32}", "shop", "GET /", "here", 1, at * Second + skew, at * Second);

    [Fact]
    public void The_newest_stands_first_and_the_oldest_makes_room()
    {
        var book = Book();

        for (var i = 0; i < 200; i++) book.Arrived([Came(i)]);

        Assert.Equal(FactBook.MaxArrivals, book.Arrivals().Count);
        Assert.Equal(($"{199:x32}", $"{150:x32}"), (book.Arrivals()[0].TraceId, book.Arrivals()[^1].TraceId));
    }

    [Fact]
    public void Those_out_of_time_are_not_washed_away_by_the_others()
    {
        var book = Book();

        book.Arrived([Came(1, 19 * Minute), Came(2, -180 * Minute)]);
        for (var i = 3; i < 200; i++) book.Arrived([Came(i)]);

        Assert.Equal([-180 * Minute, 19 * Minute], book.Arrivals().Where(arrival => arrival.IsOutOfTime).Select(arrival => arrival.SkewNanos));
    }

    [Theory]
    [InlineData(61 * Second, true)]
    [InlineData(59 * Second, false)]
    [InlineData(-9 * Minute, false)]
    [InlineData(-11 * Minute, true)]
    [InlineData(long.MaxValue, true)]
    [InlineData(long.MinValue, true)]
    public void A_minute_ahead_or_ten_behind_is_out_of_time(long skew, bool isOut) => Assert.Equal(isOut, Facts.IsOutOfTimeBy(skew));
}
