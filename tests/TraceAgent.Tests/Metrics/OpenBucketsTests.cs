using Apm.TraceAgent.Metrics;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>Restarts within a bucket of ten seconds: what both lives summed up adds up.</summary>
public sealed class OpenBucketsTests : IDisposable
{
    const long Start = StatsdRig.Start;

    readonly string _folder = Directory.CreateTempSubdirectory("apm-open-bucket").FullName;

    string File => Path.Combine(_folder, "dogstatsd.open");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_second_half_of_a_bucket_adds_to_the_first()
    {
        var before = Life(1);
        before.Send("a.c:20|c|#x:y", "a.g:1|g", "a.h:1|h", "a.h:9|h", "a.s:one|s", "a.s:two|s", "a.d:5|d", "a.ms:4|ms");
        Assert.Equal($$"""
            a.c{host:box,x:y} Rate/10 {{Start}}=2
            a.d{host:box} Distribution/10 {{Start}}=[n 1, min 5, max 5, sum 5]
            a.g{host:box} Gauge/10 {{Start}}=1
            a.h.count{host:box} Rate/10 {{Start}}=0.2
            a.h.max{host:box} Gauge/10 {{Start}}=9
            a.ms.count{host:box} Rate/10 {{Start}}=0.1
            a.ms.max{host:box} Gauge/10 {{Start}}=4 millisecond
            a.s{host:box} Gauge/10 {{Start}}=2
            """, await before.End());

        var after = Life(2);
        after.Resume(6);
        after.Send("a.c:5|c|#x:y", "a.h:3|h", "a.s:two|s", "a.s:three|s", "a.d:7|d");

        // The gauge's point and the sketch of the first half are in the store: the store keeps the one and merges the other.
        Assert.Equal($$"""
            a.c{host:box,x:y} Rate/10 {{Start}}=2.5
            a.d{host:box} Distribution/10 {{Start}}=[n 1, min 7, max 7, sum 7]
            a.h.count{host:box} Rate/10 {{Start}}=0.3
            a.h.max{host:box} Gauge/10 {{Start}}=9
            a.ms.count{host:box} Rate/10 {{Start}}=0.1
            a.ms.max{host:box} Gauge/10 {{Start}}=4 millisecond
            a.s{host:box} Gauge/10 {{Start}}=3
            """, await after.After(4));
        Assert.Equal($"a.c{{host:box,x:y}} Rate/10 {Start + 10}=0", await after.After(10)); // The counter falls to 0 as ever.
    }

    [Fact]
    public async Task Who_is_killed_in_the_second_half_still_has_the_first()
    {
        var before = Life(1);
        before.Send("a:10|c");
        await before.End();
        var killed = Life(2);
        killed.Resume(4);
        killed.Send("a:10|c");

        var after = Life(3);
        after.Resume(7);
        after.Send("a:30|c");

        Assert.Equal($"a{{host:box}} Rate/10 {Start}=4", await after.After(3));
    }

    [Fact]
    public async Task In_another_bucket_nothing_is_gone_on_with()
    {
        var before = Life(1);
        before.Send("a:10|c");
        await before.End();

        var after = Life(2);
        after.Resume(10);
        after.Send("b:1|c");

        Assert.Equal($"b{{host:box}} Rate/10 {Start + 10}=0.1", await after.After(10));
    }

    [Fact]
    public async Task Many_contexts_are_kept_and_an_end_without_any_removes_the_file()
    {
        var before = Life(1);
        for (var i = 0; i < 5_000; i++) before.Send($"a:10|c|#n:{i}");
        await before.End();
        var after = Life(2);
        after.Resume(5);
        Assert.Equal(5_000, after.Aggregator.ContextCount);
        await after.After(5);
        await after.End();

        Assert.Empty(Directory.EnumerateFiles(_folder));
    }

    [Fact]
    public void A_histogram_of_too_many_values_goes_on_from_its_sketch()
    {
        var samples = new HistogramSamples();
        for (var i = 1; i <= 40_000; i++) samples.Add(i, 1);
        Assert.True(samples.IsSketched);

        var again = HistogramSamples.From(samples.Save()!);
        again.Add(50_000, 1);

        Assert.Equal((40_001L, 1.0, 50_000.0, true), (again.Count, again.Min, again.Max, again.IsSketched));
        var median = again.Read(new HistogramSettings { Aggregates = ["median"], Percentiles = [] }, 10).Single().Value;
        Assert.InRange(median, 19_700, 20_300);
    }

    [Fact]
    public async Task More_than_is_kept_is_counted()
    {
        var rig = Life(1);
        for (var set = 0; set < 11; set++) rig.Send([.. Enumerable.Range(0, 99_999).Select(i => $"many.{set}:{i}|s")]);
        await rig.End();

        Assert.Equal(1, rig.Counters.Read("dogstatsd_open_bucket_failures", "too_many"));
        var after = Life(2);
        after.Resume(5);
        Assert.Equal(10, after.Aggregator.ContextCount);
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_or_read_is_told()
    {
        var rig = new StatsdRig(openBucketPath: Path.Combine(_folder, "missing", "dogstatsd.open"));
        rig.Send("a:1|c");
        await rig.End();
        await System.IO.File.WriteAllTextAsync(File, "{\"UnixSeconds\": what");
        var after = Life(2);
        after.Resume(3);

        Assert.StartsWith("What DogStatsD summed up since the last ten seconds began could not be kept over the restart: ", Assert.Single(rig.Problems.ReadAll()).Sentence, StringComparison.Ordinal);
        Assert.StartsWith("What DogStatsD summed up before the restart cannot be read: ", Assert.Single(after.Problems.ReadAll()).Sentence, StringComparison.Ordinal);
        Assert.Equal((1L, 1L), (rig.Counters.Read("dogstatsd_open_bucket_failures", "write"), after.Counters.Read("dogstatsd_open_bucket_failures", "read")));
    }

    StatsdRig Life(int seed) => new(histograms: new HistogramSettings { Aggregates = ["max", "count"], Percentiles = [] }, openBucketPath: File, seed: seed);
}
