using Apm.Core.Slos;
using Apm.Monitors.Slos;
using Apm.Storage.InMemory;

namespace Apm.Monitors.Tests.Slos;

public sealed class UptimeBookTests : IDisposable
{
    readonly InMemoryDocumentStore _documents = new();

    public void Dispose() => _documents.Dispose();

    [Fact]
    public void Seconds_in_alert_are_bad_and_the_others_good()
    {
        var book = new UptimeBook(_documents);
        Round(book, 0, 60, minute => minute is >= 10 and < 16 ? false : true);

        Assert.Equal(new SloTally(54 * 60, 3_600), book.Read([1], 0, 3_600, 3_600).Sum());
        Assert.Equal([new(600, 600), new(240, 600), new(600, 600)], book.Read([1], 0, 1_800, 600).Buckets);
    }

    [Fact]
    public void Time_without_evaluations_and_without_data_is_left_out()
    {
        var book = new UptimeBook(_documents);
        Round(book, 0, 10, _ => true);
        book = new UptimeBook(_documents); // The process ends, and begins again at minute 40.
        book.RoundBegins(9 * 60, 30 * 60); // A round that was not done counts for nothing.
        book.RoundBegins(9 * 60, 40 * 60);
        Assert.True(book.HasGap(35 * 60, 41 * 60));
        Assert.False(book.HasGap(40 * 60, 41 * 60));
        book.Note(1, 40 * 60, true);
        book.RoundDone(40 * 60);
        Round(book, 41, 60, minute => minute < 50 ? true : null, before: 40);

        Assert.Equal(new SloTally(20 * 60, 20 * 60), book.Read([1], 0, 3_600, 3_600).Sum());
        Assert.Equal(new SloTally(20 * 60, 20 * 60), new UptimeBook(_documents).Read([1], 0, 3_600, 3_600).Sum());
    }

    [Fact]
    public void What_is_to_come_is_not_known()
    {
        var book = new UptimeBook(_documents);
        Round(book, 0, 5, _ => true);

        Assert.Equal(300, book.Read([1], 0, 3_600, 60).Sum().Total);
        Assert.Equal(0, book.Read([2], 0, 3_600, 60).Sum().Total);
    }

    [Fact]
    public void Of_several_one_in_alert_is_enough_and_all_must_be_known_to_be_good()
    {
        var book = new UptimeBook(_documents);
        for (var minute = 0; minute < 30; minute++)
        {
            book.Note(1, minute * 60, minute < 10 ? null : true);
            book.Note(2, minute * 60, minute is >= 5 and < 8 or >= 20 ? false : true);
            book.RoundBegins(minute == 0 ? null : (minute - 1) * 60, minute * 60);
            book.RoundDone(minute * 60);
        }

        // Minutes 5 to 8 and 20 to 30 are bad, 10 to 20 good; of the others one is not known.
        Assert.Equal(new SloTally(600, 780 + 600), book.Read([1, 2], 0, 1_800, 1_800).Sum());
    }

    [Fact]
    public void What_is_left_out_twice_is_left_out_once()
    {
        var book = new UptimeBook(_documents);
        Round(book, 0, 10, _ => true);
        Round(book, 30, 60, minute => minute < 50, before: 9); // Nothing from 10 to 30.

        SloTally Sum(params (int From, int To)[] leftOut) => book.Read([1], 0, 3_600, 600, [.. leftOut.Select(left => (left.From * 60L, left.To * 60L))]).Sum();
        Assert.Equal(new SloTally(30 * 60, 40 * 60), Sum());
        Assert.Equal(new SloTally(20 * 60, 30 * 60), Sum((0, 5), (8, 12), (15, 20), (28, 33)));
        Assert.Equal(new SloTally(10 * 60, 15 * 60), Sum((-5, 40), (45, 45), (55, 90)));
        Assert.Equal(default, Sum((0, 60)));
    }

    [Fact]
    public void A_monitor_that_is_gone_is_forgotten()
    {
        var book = new UptimeBook(_documents);
        Round(book, 0, 5, _ => true);
        book.Remove(1);

        Assert.Empty(book.MonitorIds());
        Assert.Empty(new UptimeBook(_documents).MonitorIds());
    }

    static void Round(UptimeBook book, int from, int to, Func<int, bool?> isUp, int? before = null)
    {
        for (var minute = from; minute < to; minute++)
        {
            book.Note(1, minute * 60, isUp(minute));
            book.RoundBegins((minute == from ? before : minute - 1) * 60L, minute * 60);
            book.RoundDone(minute * 60);
        }
    }
}
