using Apm.ApmUi.Pages.Service;
using Apm.Core.Ledger;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

public class IngestTests
{
    [Fact]
    public void The_bars_add_up_to_what_was_received()
    {
        var start = UnixTime.Floor(Some.BaseUnixNanos, LedgerPage.HourNanos);
        var pages = new[] { LedgerPage.OfMinute(start), LedgerPage.OfMinute(start + LedgerPage.MinuteNanos), new LedgerPage(start, LedgerPage.HourNanos) };
        pages[0].Add(new LedgerKey("web", SpanOutcome.Stored, "all"), new LedgerCount(10, 0));
        pages[1].Add(new LedgerKey("web", SpanOutcome.Stored, "error"), new LedgerCount(5, 0));
        pages[1].Add(new LedgerKey("web", SpanOutcome.Rejected, "overloaded"), new LedgerCount(2, 0));
        pages[2].Add(new LedgerKey("web", SpanOutcome.Stored, "all"), new LedgerCount(100, 0));
        var range = new TimeRange(start + 30 * UnixTime.NanosPerSecond, start + 10 * LedgerPage.MinuteNanos);

        var chart = IngestData.Chart(range, LedgerPage.MinuteNanos, [.. pages.SelectMany(page => page.Rows(null))]);

        Assert.Equal("Spans received, 117 spans", chart.Summary);
        Assert.Equal(["stored", "rejected"], chart.Series.Select(series => series.Name));
        Assert.Equal([110, 5], chart.Series[0].Values.Take(2));
        Assert.Equal(117, chart.Series.Sum(series => series.Values.Sum()));
    }

    [Theory]
    [InlineData(15, 1)]
    [InlineData(360, 2)]
    [InlineData(1_440, 8)]
    [InlineData(10_080, 60)]
    [InlineData(43_200, 240)]
    public void Bars_are_whole_minutes_or_whole_hours(int rangeMinutes, int barMinutes) =>
        Assert.Equal(barMinutes * LedgerPage.MinuteNanos, IngestData.StepOf(new TimeRange(0, rangeMinutes * LedgerPage.MinuteNanos)));

    [Fact]
    public void Each_verdict_of_sampling_has_a_sentence()
    {
        foreach (var verdict in Enum.GetValues<SampleVerdict>())
        {
            var sentence = LedgerReasons.Sentence(verdict.IsKept() ? SpanOutcome.Stored : SpanOutcome.SampledOut, verdict.Word());
            Assert.DoesNotContain($"({verdict.Word()})", sentence, StringComparison.Ordinal); // Else it is the one for words that are not known.
        }
    }
}
