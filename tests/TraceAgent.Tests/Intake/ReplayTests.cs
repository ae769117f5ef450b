using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;
using Apm.TraceAgent.Intake;
using CsCheck;

namespace Apm.TraceAgent.Tests.Intake;

/// <summary>Promise 2: what was acknowledged is there after any death of the process, once; and so are the statistics.</summary>
public class ReplayTests
{
    static readonly DateTimeOffset Start = new(2026, 11, 25, 12, 0, 5, TimeSpan.Zero);

    enum Step
    {
        Accept,
        AcceptStats,
        Second,
        TenSeconds,
        Kill,
        StopAndStart,
        TracesFail,
        StatsFail,
        DiskIsFine,
    }

    [Fact]
    public async Task After_a_kill_right_after_the_answer_the_trace_is_there_once_and_counted_once()
    {
        var world = new World();
        await world.Do(Step.Accept);
        await world.Do(Step.Kill);

        Assert.Equal(1, world.ReplayedCount);
        await world.CheckAtEnd();
    }

    [Fact]
    public async Task After_a_kill_between_the_blocks_and_the_checkpoint_nothing_is_stored_or_counted_twice()
    {
        var world = new World();
        foreach (var step in new[] { Step.Accept, Step.Accept, Step.StatsFail, Step.TenSeconds, Step.Kill, Step.DiskIsFine, Step.Accept, Step.TenSeconds }) await world.Do(step);

        await world.CheckAtEnd();
    }

    [Fact]
    public async Task After_a_kill_between_the_checkpoint_and_the_blocks_nothing_is_stored_or_counted_twice()
    {
        var world = new World();
        foreach (var step in new[] { Step.Accept, Step.TracesFail, Step.TenSeconds, Step.Kill, Step.DiskIsFine, Step.TenSeconds, Step.TenSeconds, Step.TenSeconds }) await world.Do(step);

        await world.CheckAtEnd();
    }

    [Fact]
    public async Task After_a_stop_in_good_order_nothing_is_replayed_and_the_log_is_empty()
    {
        var world = new World();
        foreach (var step in new[] { Step.Accept, Step.AcceptStats, Step.Accept, Step.StopAndStart }) await world.Do(step);

        Assert.Equal(0, world.ReplayedCount);
        Assert.Equal(0, world.LoggedCount);
        await world.CheckAtEnd();
    }

    [Fact]
    public void In_whatever_order_things_happen_each_span_is_stored_once_and_counted_once() =>
        Gen.Frequency(
                (6, Gen.Const(Step.Accept)), (2, Gen.Const(Step.AcceptStats)), (4, Gen.Const(Step.Second)), (3, Gen.Const(Step.TenSeconds)), (3, Gen.Const(Step.Kill)),
                (1, Gen.Const(Step.StopAndStart)), (1, Gen.Const(Step.TracesFail)), (1, Gen.Const(Step.StatsFail)), (2, Gen.Const(Step.DiskIsFine)))
            .Array[1, 40]
            .SampleAsync(
                async steps =>
                {
                    var world = new World();
                    foreach (var step in steps) await world.Do(step);
                    await world.CheckAtEnd();
                },
                seed: "0000KOIQVnf3", iter: 300);

    /// <summary>A disk, a clock, and the process that lives on them now.</summary>
    sealed class World
    {
        readonly SurvivingStores _disk = new();
        readonly SteppedClock _clock = new(Start);
        readonly HashSet<ulong> _acceptedSpans = [];
        SurvivingStores.Life _life;
        TracePipeline _pipeline;
        ulong _nextSpan = 1;
        double _hits;
        double _errors;

        public World() => (_life, _pipeline) = Begin();

        public int ReplayedCount { get; private set; }

        public int LoggedCount => _disk.LoggedCount;

        public async Task Do(Step step)
        {
            switch (step)
            {
                case Step.Accept: await AcceptSpans(); break;
                case Step.AcceptStats: await AcceptStats(); break;
                case Step.Second: await Pass(TimeSpan.FromSeconds(1)); break;
                case Step.TenSeconds: await Pass(TimeSpan.FromSeconds(10)); break;
                case Step.TracesFail: _disk.TracesFail = true; break;
                case Step.StatsFail: _disk.StatsFail = true; break;
                case Step.DiskIsFine: (_disk.TracesFail, _disk.StatsFail) = (false, false); break;
                case Step.Kill:
                    _life.Kill();
                    await _pipeline.StopAsync();
                    (_life, _pipeline) = Begin();
                    break;
                case Step.StopAndStart:
                    await _pipeline.StopAsync();
                    _life.Kill();
                    (_life, _pipeline) = Begin();
                    break;
            }
        }

        /// <summary>Stops in good order and looks at the disk.</summary>
        public async Task CheckAtEnd()
        {
            await Do(Step.DiskIsFine);
            await Do(Step.StopAndStart);
            var stored = _disk.StoredSpans();
            Assert.Equal(_acceptedSpans.Order(), stored.Select(span => span.Id.Value).Order()); // As a list: twice would show.
            Assert.Equal((_hits, _errors), _disk.Counted());
            Assert.Equal(_acceptedSpans.Count, _disk.Entered().StoredSpanCount);
            Assert.Equal(_acceptedSpans.Count, _disk.Entered().ReceivedSpanCount);
            await _pipeline.Settled();
            var rows = _pipeline.Statistics.Read(TimeRange.All, Core.Ports.StatsFilter.Any, long.MaxValue).ToList();
            Assert.Equal((_hits, _errors), (rows.Sum(row => row.Cell.HitCount), rows.Sum(row => row.Cell.ErrorCount)));
            Assert.Equal(_acceptedSpans.Count, _pipeline.Ledger.Sums().ReceivedSpanCount);
            await _pipeline.StopAsync();
        }

        (SurvivingStores.Life, TracePipeline) Begin()
        {
            var life = _disk.NewLife(_clock);
            var pipeline = new TracePipeline(life.Parts, new PipelineSettings());
            ReplayedCount = pipeline.Start();
            return (life, pipeline);
        }

        async Task AcceptSpans()
        {
            var now = _clock.NowUnixNanos();
            var spans = Enumerable.Range(0, 3).Select(i => new Span
            {
                TraceId = new Core.Ids.TraceId(0, _nextSpan),
                Id = new Core.Ids.SpanId(_nextSpan + (ulong)i),
                StartUnixNanos = now - ((long)(_nextSpan % 4) * 7 * UnixTime.NanosPerSecond), // Some late, some on time.
                DurationNanos = 1_000_000,
                Service = i == 0 ? "web" : "db",
                Name = "op",
                Resource = $"r{i}",
                Flags = i == 1 ? SpanFlags.Error : SpanFlags.None,
            }).ToList();
            await Accept(PayloadFormat.DatadogMsgPack, DatadogV04Encoder.Encode([spans]), now);
            foreach (var span in spans) _acceptedSpans.Add(span.Id.Value);
            _nextSpan += 3;
            _hits += 3; // No parents, so all are entries.
            _errors += 1;
        }

        async Task AcceptStats()
        {
            await Accept(PayloadFormat.ClientStats, Fixtures.Bytes("node-dd-trace-6-v05-stats/012.bin"), _clock.NowUnixNanos());
            _hits += ClientHits.Hits;
            _errors += ClientHits.Errors;
        }

        async Task Accept(PayloadFormat format, byte[] body, long now)
        {
            var envelope = new PayloadEnvelope(format, new Payload { Protocol = "test", ReceivedUnixNanos = now });
            await _pipeline.Accept(_pipeline.Decoder.Decode(envelope, body), body);
        }

        async Task Pass(TimeSpan time)
        {
            await _pipeline.Settled();
            _clock.Advance(time);
            await _pipeline.Settled();
        }
    }

    /// <summary>What fixtures/decode.py counts in the recorded statistics.</summary>
    static class ClientHits
    {
        public const double Hits = 7;
        public const double Errors = 2;
    }
}
