using Apm.Cli.Host;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.Cli.Tests.Host;

public class CatchUpClockTests
{
    static readonly DateTimeOffset Noon = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Is_behind_goes_on_to_what_it_is_told_and_never_back()
    {
        var clock = new CatchUpClock(new SteppedClock(Noon), TimeSpan.FromHours(6));
        Assert.Equal(Noon.AddHours(-6), clock.GetUtcNow());
        clock.GoOnTo(Noon.AddHours(-2).ToUnixNanos());
        Assert.Equal(Noon.AddHours(-2), clock.GetUtcNow());
        clock.GoOnTo(Noon.AddHours(-3).ToUnixNanos());
        Assert.Equal(Noon.AddHours(-2), clock.GetUtcNow());
        clock.GoOnTo(Noon.AddHours(1).ToUnixNanos());
        Assert.Equal(Noon, clock.GetUtcNow());
    }

    [Fact]
    public void What_was_measured_with_it_is_the_time_it_went_on()
    {
        var system = new SteppedClock(Noon);
        var clock = new CatchUpClock(system, TimeSpan.FromHours(6));
        var started = clock.GetTimestamp();
        clock.GoOnTo(Noon.AddHours(-5).ToUnixNanos());
        system.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1), clock.GetElapsedTime(started));
        clock.CatchUp();
        Assert.Equal(system.GetUtcNow(), clock.GetUtcNow());
    }
}
