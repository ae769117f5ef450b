using System.Globalization;
using Apm.Core.Limits;
using Apm.Core.Metrics;
using Apm.Core.Time;
using Apm.TraceAgent.Metrics;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>From lines to points (metrics-monitors §2.6 and §14 C.2).</summary>
public class DogStatsDAggregationTests
{
    const long Start = StatsdRig.Start;

    static readonly string[] AllTypes =
    [
        "q.g:1|g", "q.g:3|g", "q.c:2|c", "q.c:3|c|@0.5", "q.h:1|h", "q.h:10|h", "q.h:4|h", "q.h:5|h", "q.h:2|h", "q.h:2|h", "q.s:a|s", "q.s:b|s", "q.s:a|s", "bad line",
    ];

    [Fact]
    public async Task One_bucket_of_every_type_and_thirty_zeros_of_the_counter()
    {
        var rig = new StatsdRig();
        rig.Send(AllTypes);

        Assert.Equal("", await rig.After(9)); // The bucket is open.
        Assert.Equal($$"""
            q.c{host:box} Rate/10 {{Start}}=0.8
            q.g{host:box} Gauge/10 {{Start}}=3
            q.h.95percentile{host:box} Gauge/10 {{Start}}=10
            q.h.avg{host:box} Gauge/10 {{Start}}=4
            q.h.count{host:box} Rate/10 {{Start}}=0.6
            q.h.max{host:box} Gauge/10 {{Start}}=10
            q.h.median{host:box} Gauge/10 {{Start}}=2
            q.s{host:box} Gauge/10 {{Start}}=2
            """, await rig.After(1));
        for (var bucket = 1; bucket <= 30; bucket++) Assert.Equal($"q.c{{host:box}} Rate/10 {Start + bucket * 10}=0", await rig.After(10));
        Assert.Equal("", await rig.After(10));
        Assert.Equal("", await rig.After(10));
        Assert.Equal(1, rig.Counters.Read("dogstatsd_lines_rejected", "no_type"));
        Assert.Equal(13, rig.Counters.Read("dogstatsd_lines", "metric"));
        var problem = Assert.Single(rig.Problems.ReadAll());
        Assert.Equal(("dogstatsd", "Line \"bad line\", byte 9: no \"|\" with a type follows. Write name:value|type, as in page.views:1|c; types are g, c, h, d, ms, s."), (problem.Where, problem.Sentence));
        Assert.Equal(0, rig.Aggregator.ContextCount);
        Assert.Equal(0, rig.Memory.HeldBytes);
    }

    [Fact]
    public async Task Zeros_are_made_up_for_when_nobody_flushed_for_a_while()
    {
        var rig = new StatsdRig();
        rig.Send("a:10|c");

        Assert.Equal($$"""
            a{host:box} Rate/10 {{Start}}=1
            a{host:box} Rate/10 {{Start + 10}}=0
            a{host:box} Rate/10 {{Start + 20}}=0
            """, await rig.After(35));
    }

    [Theory]
    //          samples                                        percentiles    expected
    [InlineData("1 10 4 5 2 2",                                "95",          "max 10, min 1, median 2, avg 4, sum 24, count 0.6, 95percentile 10")]
    [InlineData("1@1 2@0.5 3@0.2 10@0.5",                      "20 80 95",    "max 10, min 1, median 3, avg 4, sum 40, count 1, 20percentile 2, 80percentile 3, 95percentile 10")]
    [InlineData("1..100x20",                                   "80 95",       "max 100, min 1, median 50, avg 50.5, sum 101000, count 200, 80percentile 80, 95percentile 95")]
    [InlineData("7",                                           "1 50 99",     "max 7, min 7, median 7, avg 7, sum 7, count 0.1, 1percentile 7, 50percentile 7, 99percentile 7")]
    public void A_histogram_sends_what_the_vectors_say(string samples, string percentiles, string expected)
    {
        var histogram = new HistogramSamples();
        foreach (var (value, rate) in Samples(samples)) histogram.Add(value, HistogramSamples.WeightOf(rate));
        var settings = new HistogramSettings { Aggregates = ["max", "min", "median", "avg", "sum", "count"], Percentiles = [.. percentiles.Split(' ').Select(text => int.Parse(text, CultureInfo.InvariantCulture))] };

        Assert.Equal(expected, string.Join(", ", histogram.Read(settings, 10).Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Suffix[1..]} {part.Value}"))));
    }

    [Theory]
    [InlineData(1.0, 1)]
    [InlineData(0.5, 2)]
    [InlineData(0.3, 3)]
    [InlineData(0.7, 1)]
    [InlineData(2.0, 1)]
    [InlineData(0.0001, 10_000)]
    public void A_weight_is_the_integer_part_of_one_by_the_rate(double rate, long weight) => Assert.Equal(weight, HistogramSamples.WeightOf(rate));

    [Fact]
    public void Too_many_different_values_are_right_to_a_hundredth_and_the_sums_stay_exact()
    {
        var histogram = new HistogramSamples();
        var random = new Random(5);
        var values = Enumerable.Range(1, 50_000).OrderBy(_ => random.Next()).ToList();
        foreach (var value in values) histogram.Add(value, 1);

        var read = histogram.Read(new HistogramSettings { Aggregates = ["max", "median", "avg", "min", "sum", "count"] }, 10).ToDictionary(part => part.Suffix, part => part.Value);

        Assert.True(histogram.IsSketched);
        Assert.Equal((50_000, 1, 25_000.5, 1_250_025_000, 5_000), (read[".max"], read[".min"], read[".avg"], read[".sum"], read[".count"]));
        Assert.InRange(read[".median"], 24_750, 25_250);
        Assert.InRange(read[".95percentile"], 47_000, 48_000);
        Assert.InRange(histogram.MemoryBytes, 0, 300_000);
    }

    [Fact]
    public async Task A_timer_says_its_unit_and_a_distribution_keeps_all_values()
    {
        var rig = new StatsdRig(histograms: new HistogramSettings { Aggregates = ["max", "count"], Percentiles = [99] });
        rig.Send("t:12.5|ms", "d:1:2:3|d", "d:10|d|@0.5");

        Assert.Equal($$"""
            d{host:box} Distribution/10 {{Start}}=[n 5, min 1, max 10, sum 26]
            t.99percentile{host:box} Gauge/10 {{Start}}=12.5 millisecond
            t.count{host:box} Rate/10 {{Start}}=0.1
            t.max{host:box} Gauge/10 {{Start}}=12.5 millisecond
            """, await rig.After(10));
    }

    [Fact]
    public async Task A_histogram_can_be_a_distribution_too()
    {
        var rig = new StatsdRig(histograms: new HistogramSettings { Aggregates = ["max"], Percentiles = [], CopyToDistribution = true });
        rig.Send("h:1:3|h");

        Assert.Equal($$"""
            h.max{host:box} Gauge/10 {{Start}}=3
            h{host:box} Distribution/10 {{Start}}=[n 2, min 1, max 3, sum 4]
            """, await rig.After(10));
    }

    [Fact]
    public async Task Values_with_a_time_are_handed_on_as_they_came_within_a_second()
    {
        var rig = new StatsdRig();
        rig.Send($"a:4|c|T{Start - 100}", $"a:2|c|@0.5|T{Start - 99}", $"b:9|g|T{Start - 100}", $"h:1|h|T{Start - 100}");

        Assert.Equal($$"""
            a{host:box} Count/0 {{Start - 100}}=4 {{Start - 99}}=4
            b{host:box} Gauge/0 {{Start - 100}}=9
            """, await rig.After(1));
        Assert.StartsWith($"h.95percentile{{host:box}} Gauge/10 {Start}=1", await rig.After(9), StringComparison.Ordinal); // Histograms are summed up, whatever their time.
        Assert.Equal("", await rig.After(10)); // No zeros: nobody knows when the next one is due.
    }

    [Fact]
    public async Task Timestamps_can_be_switched_off()
    {
        var rig = new StatsdRig(new DogStatsDSettings { TakesTimestamps = false });
        rig.Send($"b:9|g|T{Start - 100}", "b:10|g|Tx");

        Assert.Equal($"b{{host:box}} Gauge/10 {Start}=10", await rig.After(10));
    }

    [Fact]
    public async Task Tags_in_another_order_or_spelling_are_the_same_context()
    {
        var rig = new StatsdRig();
        rig.Send("a:1|c|#env:prod,team:web", "a:1|c|#team:web,env:prod", "a:1|c|#Team:Web,env:prod,env:prod", "a:1|c|#env:prod,,team:web,");

        Assert.Equal($"a{{env:prod,host:box,team:web}} Rate/10 {Start}=0.4", await rig.After(10));
        Assert.Equal(1, rig.Aggregator.ContextCount);
    }

    [Theory]
    //          tags                                                              stored
    [InlineData("host:other,a",                                                   "a,host:other")]
    [InlineData("host:,a",                                                        "a")]
    [InlineData("host:x,host:y",                                                  "host:y")]
    [InlineData("dd.internal.entity_id:1,dd.internal.card:low,dd.internal.jmx_check_name:j,dd.internal.x:1", "dd.internal.x:1,host:box")]
    [InlineData("env: prod,Applying_For:Solutions_Engineer,a b,1abc,tag:,é:Ü",    "a_b,abc,applying_for:solutions_engineer,env:_prod,host:box,tag,é:ü")]
    public async Task Tags_become(string tags, string stored)
    {
        var rig = new StatsdRig();
        rig.Send($"a:1|g|#{tags}");

        Assert.Equal($"a{{{stored}}} Gauge/10 {Start}=1", await rig.After(10));
    }

    [Fact]
    public async Task A_namespace_and_extra_tags_are_put_on()
    {
        var rig = new StatsdRig(new DogStatsDSettings { Namespace = "shop", NamespaceExceptions = ["jvm."], Tags = ["team:web", "host:named"] }, host: "");
        rig.Send("a:1|g|#x", "jvm.heap:1|g", "_e{1,0}:t|", "_sc|up|0");

        Assert.Equal($$"""
            jvm.heap{host:named,team:web} Gauge/10 {{Start}}=1
            shop.a{host:named,team:web,x} Gauge/10 {{Start}}=1
            """, await rig.After(10));
        Assert.Equal("named team:web", $"{rig.Events[0].Host} {string.Join(',', rig.Events[0].Tags)}");
        Assert.Equal("named team:web", $"{rig.Checks[0].Host} {string.Join(',', rig.Checks[0].Tags)}");
    }

    [Fact]
    public async Task Events_and_service_checks_are_handed_on_with_their_host_and_tags()
    {
        var rig = new StatsdRig();
        rig.Send("_e{5,4}:title|text|h:web-1|#Env:Prod|t:error|bogus", "_sc|agent.up|2|#host:db-1,a|m:down", "_sc|agent.up|0");

        await rig.After(1);

        var happened = Assert.Single(rig.Events);
        Assert.Equal(("title", "text", "web-1", "error", Start, "env:prod"), (happened.Title, happened.Text, happened.Host, happened.AlertType, happened.UnixSeconds, string.Join(',', happened.Tags)));
        Assert.Equal(["agent.up Critical db-1 a down", "agent.up Ok box  "], rig.Checks.Select(run => $"{run.Check} {run.Status} {run.Host} {string.Join(',', run.Tags)} {run.Message}"));
        Assert.Equal(1, rig.Counters.Read("dogstatsd_fields_ignored", "event_field"));
        Assert.Contains(rig.Problems.ReadAll(), problem => problem.Sentence.Contains("\"bogus\" is passed over", StringComparison.Ordinal) && problem.Sentence.EndsWith("The event is kept.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_no_number_or_has_no_name_is_dropped_and_counted()
    {
        var rig = new StatsdRig();
        rig.Send("a:nan:1:inf|g", "1abc:2|g", "a:-inf|c", "ünï:1:2|c");

        Assert.Equal($"a{{host:box}} Gauge/10 {Start}=1", await rig.After(10));
        Assert.Equal(3, rig.Counters.Read("dogstatsd_samples_dropped", "not_finite"));
        Assert.Equal(3, rig.Counters.Read("metric_points_dropped", "bad_name"));
        Assert.Contains(rig.Problems.ReadAll(), problem => problem.Sentence == "Metric \"1abc\": a name begins with a letter from A to Z, so the sample is dropped. Rename it where it is sent.");
    }

    [Fact]
    public async Task A_context_beyond_the_limit_is_dropped_counted_and_told()
    {
        var rig = new StatsdRig(new DogStatsDSettings { MaxContexts = 2 });
        rig.Send("a:1|g|#id:1", "a:1|g|#id:2", "a:1:2|g|#id:3", "a:5|g|#id:1");

        Assert.Equal($$"""
            a{host:box,id:1} Gauge/10 {{Start}}=5
            a{host:box,id:2} Gauge/10 {{Start}}=1
            """, await rig.After(10));
        Assert.Equal(2, rig.Counters.Read("dogstatsd_samples_dropped", "contexts"));
        Assert.Equal("DogStatsD knows 2 contexts (metric, host and tags), and there is no room for one more: samples of \"a\" with tags \"id:3\" are dropped. Leave out tags whose values never repeat, such as ids, or raise dogstatsd.max_contexts.",
            Assert.Single(rig.Problems.ReadAll()).Sentence);
    }

    [Fact]
    public async Task A_million_distinct_tags_take_no_more_memory_than_the_limit_and_all_of_it_comes_back()
    {
        var rig = new StatsdRig(new DogStatsDSettings { MaxContexts = 1_000 });
        for (var i = 0; i < 100_000; i++) rig.Send($"a:1|c|#id:{i}");

        Assert.InRange(rig.Memory.HeldBytes, 1, 2_000_000);
        Assert.Equal(99_000, rig.Counters.Read("dogstatsd_samples_dropped", "contexts"));
        await rig.After(320); // Counters send their zeros first.
        await rig.After(20);
        Assert.Equal(0, rig.Aggregator.ContextCount);
        Assert.Equal(0, rig.Memory.HeldBytes);
        Assert.InRange(rig.Problems.ReadAll().Count, 1, SparseProblems.MaxPerSecond);
    }

    [Fact]
    public async Task Without_memory_samples_are_dropped_and_counted()
    {
        var budget = new MemoryBudget(MemoryBudget.MinCeilingBytes);
        var other = budget.OpenWork("other");
        var rig = new StatsdRig(memory: budget);
        other.Reserve(budget.RoomBytes);

        rig.Send("a:1|g");

        Assert.Equal("", await rig.After(10));
        Assert.Equal(1, rig.Counters.Read("dogstatsd_samples_dropped", "memory"));
    }

    [Fact]
    public async Task An_unused_gauge_is_forgotten_and_a_counter_only_when_it_has_sent_its_zeros()
    {
        var rig = new StatsdRig();
        rig.Send("g:1|g", "c:1|c");

        await rig.After(10);
        Assert.Equal(2, rig.Aggregator.ContextCount);
        await rig.After(20);
        Assert.Equal(1, rig.Aggregator.ContextCount);
        await rig.After(300);
        await rig.After(20);
        Assert.Equal(0, rig.Aggregator.ContextCount);
        rig.Send("c:5|c");
        Assert.EndsWith("=0.5", await rig.After(10), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_begins_a_bucket_of_its_own()
    {
        var rig = new StatsdRig();
        rig.Send("a:1|g");
        rig.Clock.Now -= 300 * UnixTime.NanosPerSecond;
        rig.Send("a:2|g");

        Assert.Equal($$"""
            a{host:box} Gauge/10 {{Start - 300}}=2
            a{host:box} Gauge/10 {{Start}}=1
            """, await rig.After(10));
    }

    [Fact]
    public async Task A_clock_that_is_set_back_a_little_goes_on_in_the_open_bucket()
    {
        var rig = new StatsdRig();
        rig.Send("a:1|c");
        rig.Clock.Now -= 2 * UnixTime.NanosPerSecond;
        rig.Send("a:2|c");

        Assert.Equal($"a{{host:box}} Rate/10 {Start}=0.3", await rig.After(12));
    }

    [Fact]
    public async Task The_open_bucket_is_sent_at_the_end()
    {
        var rig = new StatsdRig();
        rig.Send("a:1|c");

        Assert.Equal($"a{{host:box}} Rate/10 {Start}=0.1", await rig.End());
    }

    [Fact]
    public async Task Flushes_wait_while_the_store_cannot_be_written_and_the_oldest_goes_when_it_lasts()
    {
        var rig = new StatsdRig();
        rig.Store.Trouble = "The disk is full.";
        for (var bucket = 0; bucket < DogStatsDFlush.MaxWaitingFlushes + 2; bucket++)
        {
            rig.Send($"a:{bucket}|g");
            Assert.Equal("", await rig.After(10));
        }
        Assert.Equal(2, rig.Counters.Read("metric_points_dropped", "store_unavailable"));
        Assert.Contains(rig.Problems.ReadAll(), problem => problem.Sentence == "30 flushes of DogStatsD wait for the store, 30 at most: The disk is full.");

        rig.Store.Trouble = null;

        Assert.Equal(Enumerable.Range(2, DogStatsDFlush.MaxWaitingFlushes).Select(bucket => $"a{{host:box}} Gauge/10 {Start + bucket * 10}={bucket}"), (await rig.After(1)).Split('\n'));
        await rig.After(30);
        Assert.Equal(0, rig.Memory.HeldBytes);
    }

    [Fact]
    public async Task A_name_that_is_too_long_keeps_its_suffix()
    {
        var rig = new StatsdRig(histograms: new HistogramSettings { Aggregates = ["max"], Percentiles = [95] });
        rig.Send($"{new string('a', 300)}:1|h");

        var names = (await rig.After(10)).Split('\n').Select(line => line.Split('{')[0]).ToList();

        Assert.Equal([new string('a', 187) + ".95percentile", new string('a', 196) + ".max"], names.Order(StringComparer.Ordinal));
        Assert.All(names, name => Assert.Equal(MetricNames.MaxChars, name.Length));
    }

    [Fact]
    public async Task A_set_counts_so_many_values_and_no_more()
    {
        var rig = new StatsdRig();
        for (var i = 0; i < MetricCell.MaxSetValues + 10; i++) rig.Send($"s:{i}|s");
        rig.Send("s:1|s");

        Assert.Equal($"s{{host:box}} Gauge/10 {Start}=100000", await rig.After(10));
        Assert.Equal(10, rig.Counters.Read("dogstatsd_samples_dropped", "set_values"));
    }

    static IEnumerable<(double Value, double Rate)> Samples(string text)
    {
        if (text.Contains("..", StringComparison.Ordinal)) return Enumerable.Range(0, 20).SelectMany(_ => Enumerable.Range(1, 100)).Select(value => ((double)value, 1.0));
        return text.Split(' ').Select(item => item.Split('@')).Select(parts => (double.Parse(parts[0], CultureInfo.InvariantCulture), parts.Length > 1 ? double.Parse(parts[1], CultureInfo.InvariantCulture) : 1.0));
    }
}
