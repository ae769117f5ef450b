using Apm.ApmUi.Pages.Endpoint;
using Apm.ApmUi.Pages.Limits;
using Apm.ApmUi.Pages.Traces;
using Apm.Core.Counting;
using Apm.Core.Ledger;
using Apm.Core.Ports;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>What is not kept, in words; and percentiles that lie close.</summary>
public class SamplingTests
{
    static SamplingStatus Status(string mode, double share, params (string Key, double Rate)[] rates) => new()
    {
        Mode = mode,
        SinceUnixNanos = 1,
        Sentence = "So it is.",
        KeptShare = share,
        Rates = rates.ToDictionary(rate => rate.Key, rate => rate.Rate),
        RatesVersion = "1",
        ChunksInLastMinute = new Dictionary<string, long> { ["manual_drop"] = 120, ["all"] = 1_976 },
        MemoryByteCount = 0,
    };

    [Fact]
    public void While_all_is_kept_no_rates_are_listed()
    {
        var view = SamplingView.Of(Status("keep_all", 1, ("service:,env:", 1)), null);

        Assert.False(view.IsThinning);
        Assert.Equal("all kept", view.Word);
        Assert.Empty(view.Rates);
        Assert.Equal("Parts of traces in the last full minute, by what was decided: 1,976 kept as all are, 120 manual drop.", view.LastMinute);
        Assert.Equal("", view.Expired);
    }

    [Fact]
    public void A_store_that_thins_says_its_share_and_what_each_tracer_is_told()
    {
        var view = SamplingView.Of(Status("budget", 0.12, ("service:,env:", 0.5), ("service:a,b:c,env:prod", 0.1)), null);

        Assert.True(view.IsThinning);
        Assert.Equal("12 % kept", view.Word);
        Assert.Equal([new SamplingRate("a,b:c", "prod", 0.1), new SamplingRate("all others", "", 0.5)], view.Rates);
    }

    [Fact]
    public void What_retention_dropped_is_told_apart_by_reason()
    {
        var counters = new Counters();
        counters.Add("spans_expired", "age", 12_000);
        counters.Add("spans_expired", "bytes", 5);

        Assert.Equal("Of the spans stored, retention has dropped 12,000 of age and 5 to make room since Apm started, whole hours of traces at a time.", ExpiredSpans.Sentence(counters));
    }

    [Fact]
    public void The_list_of_traces_says_what_sampling_left_out_of_it()
    {
        var page = LedgerPage.OfMinute(0);
        page.Add(new LedgerKey("web", SpanOutcome.Stored, "all"), new LedgerCount(900, 0));
        page.Add(new LedgerKey("web", SpanOutcome.SampledOut, "folded"), new LedgerCount(50, 0));
        Assert.Null(SampledOutLine.Of(LedgerSums.Of(page.Rows(null)), null));

        page.Add(new LedgerKey("web", SpanOutcome.SampledOut, "manual_drop"), new LedgerCount(120, 0));

        Assert.Equal(
            "1,070 spans of web received in this time, 950 kept: 120 were left out by sampling and are not listed; rates and charts of services count them. " +
            "The app, or a rule of its tracer, asked to drop the trace (priority −1). To keep it, change that rule.",
            SampledOutLine.Of(LedgerSums.Of(page.Rows(null)), "web"));
    }

    [Fact]
    public void Percentiles_that_read_the_same_share_a_mark()
    {
        var marks = PercentileMark.Place([(30, "p50", "50 ms"), (30.1, "p75", "50 ms"), (30.2, "p95", "50 ms"), (97, "p99", "80 ms")]);

        Assert.Equal([new PercentileMark(30, "p50–p95", "50 ms", 0, false), new PercentileMark(97, "p99", "80 ms", 0, true)], marks);
    }

    [Theory]
    [InlineData(10, 12, 14, 16)]
    [InlineData(60, 72, 84, 99)]
    [InlineData(0, 40, 41, 80)]
    [InlineData(65, 69, 71, 75)]
    public void No_two_labels_overlap(double p50, double p75, double p95, double p99)
    {
        var marks = PercentileMark.Place([(p50, "p50", "1"), (p75, "p75", "2"), (p95, "p95", "3"), (p99, "p99", "4")]);

        double From(PercentileMark mark) => mark.IsTurned ? mark.Left - PercentileMark.LabelWidth : mark.Left;
        Assert.All(marks, mark => Assert.DoesNotContain(marks, other => other != mark && other.Level == mark.Level && Math.Abs(From(other) - From(mark)) < PercentileMark.LabelWidth));
    }
}
