using Apm.Core.Diagnosis;
using Apm.TestKit;
using Apm.TraceAgent.Doctor.Witness;

namespace Apm.TraceAgent.Tests.Doctor;

public class FactBookTests
{
    static FactBook Book(SteppedClock clock) => new(clock, new ProcessTable("/nowhere"));

    static SteppedClock Clock() => new(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void A_flood_of_refusals_stays_within_its_limit_and_the_oldest_goes()
    {
        var book = Book(Clock());

        for (var i = 0; i < 500; i++) book.Refused(new RefusalFacts($"/{i}/traces", 404, "unknown_path", new string('x', 10_000), "", 1, 0), itsPort: 1, ourPort: 2, isOurPath: false);

        Assert.Equal(FactBook.MaxRefusals, book.Refusals().Count);
        Assert.All(book.Refusals(), refusal => Assert.True(refusal.Sentence.Length <= SecretText.MaxTextChars + 1));
        Assert.Empty(book.Paths());
    }

    [Fact]
    public void The_same_refusal_again_counts()
    {
        var book = Book(Clock());

        for (var i = 0; i < 3; i++) book.Refused(new RefusalFacts("/v0.4/traces", 400, "undecodable", "no", "python tracer 1", 1, 0), 0, 0, isOurPath: true);
        book.Taken("/v0.4/traces", 0, 1);
        book.Taken("/v0.4/traces", 5, 100);

        Assert.Equal(3, Assert.Single(book.Refusals()).Count);
        Assert.Equal(new PathFacts("/v0.4/traces", 2, 1, 3, 101), Assert.Single(book.Paths()));
    }

    [Fact]
    public void Clocks_launchers_and_wrong_protocols_are_bounded()
    {
        var book = Book(Clock());

        for (var i = 0; i < 3_000; i++) book.SawClock($"{i}", i);
        for (var i = 1; i <= 300; i++) book.Told(new LauncherFacts { Host = "h", ProcessId = i }, i);
        for (var i = 0; i < 300; i++) book.Spoke($"listener {i}", 1, SpokenProtocol.Tls, 0);

        Assert.Null(book.ClockOf("0"));
        Assert.Equal(2_999, book.ClockOf("2999")!.Value.SkewNanos);
        Assert.Equal((FactBook.MaxLaunchers, FactBook.MaxWrongProtocols), (book.Launchers().Count, book.WrongProtocols().Count));
    }

    [Fact]
    public void While_our_own_clock_is_late_on_purpose_no_other_is_told_by_it()
    {
        var hasTime = false;
        var book = new FactBook(Clock(), new ProcessTable()) { HasTime = () => hasTime };
        var arrival = new Arrival(new string('a', 32), "web", "GET /", "", 0, 18_000_000_000_000, 0);
        book.SawClock("r", 18_000_000_000_000);
        book.Arrived([arrival]);
        Assert.Null(book.ClockOf("r"));
        Assert.Empty(book.Arrivals());
        hasTime = true;
        book.Arrived([arrival]);
        Assert.Single(book.Arrivals());
        book.SawClock("r", 5);
        Assert.Equal(5, book.ClockOf("r")!.Value.SkewNanos);
    }

    [Fact]
    public void How_long_an_app_runs_is_counted_on()
    {
        var clock = Clock();
        var book = Book(clock);
        book.Told(new LauncherFacts { Host = "h", ProcessId = 1, ElapsedSeconds = 3, Processes = [new FamilyMember(2, 1, "x", []) { AgeSeconds = 1 }, new FamilyMember(3, 1, "y", [])] }, 500);

        clock.Advance(TimeSpan.FromSeconds(4));

        var told = Assert.Single(book.Launchers());
        Assert.Equal((7, 500), (told.Facts.ElapsedSeconds, told.StartTicks));
        Assert.Equal([5, null], told.Facts.Processes.Select(member => member.AgeSeconds));
    }
}
