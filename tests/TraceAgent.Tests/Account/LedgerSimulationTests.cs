using System.Globalization;
using Apm.Core;
using Apm.Core.Ids;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Sample;
using Apm.TraceAgent.Tests.Intake;

namespace Apm.TraceAgent.Tests.Account;

/// <summary>
/// Promise 1 under random faults: whatever was sent, refused, killed or sampled out, the ledger of each service and minute is what the
/// senders were answered, what it calls stored is stored, and what was accepted is counted: hits, and errors by issue.
/// </summary>
/// <remarks><c>APM_SIMULATION_RUNS</c> says how many runs; <c>APM_SIMULATION_SEED</c> the first seed. A failure names its seed.</remarks>
public class LedgerSimulationTests
{
    static readonly DateTimeOffset Start = new(2026, 11, 25, 12, 0, 5, TimeSpan.Zero);

    static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    [Fact]
    public async Task In_every_run_the_ledger_is_what_the_senders_were_answered()
    {
        var first = Setting("APM_SIMULATION_SEED", 1);
        var runs = Setting("APM_SIMULATION_RUNS", 300);
        var refusals = new HashSet<string>();
        for (var seed = first; seed < first + runs; seed++)
        {
            try
            {
                var world = new World(seed);
                for (var steps = 5 + seed % 40; steps > 0; steps--) await world.Step();
                await world.CheckAtEnd();
                refusals.UnionWith(world.Refusals);
            }
            catch (Exception problem)
            {
                Assert.Fail($"APM_SIMULATION_SEED={seed}: {problem}");
            }
        }
        if (runs >= 300) Assert.Equal([nameof(OverloadedException), nameof(StoreUnavailableException)], refusals.Order()); // Queues did fill, disks did fail.
    }

    /// <summary>A disk, a clock that jumps, the process that lives on them now, and what its senders were told.</summary>
    sealed class World
    {
        static readonly string[] Services = ["web", "shop", "db", "queue"];

        readonly Random _random;
        readonly SamplerMode _mode;
        readonly SurvivingStores _disk = new();
        readonly SteppedClock _clock = new(Start);
        readonly Dictionary<(string Service, long Minute, SpanOutcome Outcome), long> _answered = [];
        readonly List<ulong> _stored = [];
        SurvivingStores.Life _life;
        TracePipeline _pipeline;
        ulong _nextId = 1;
        readonly Dictionary<string, long> _errors = [];
        double _hits;
        long _rejectedForCertain; // With payloads that were accepted: in the log.
        long _refused;

        /// <summary>What senders were refused with.</summary>
        public HashSet<string> Refusals { get; } = [];

        bool _refusalsMayBeLost;

        public World(int seed)
        {
            _random = new Random(seed);
            _mode = Enum.GetValues<SamplerMode>()[seed % 3]; // Each keeps all that nobody dropped by hand, as long as there is room.
            (_life, _pipeline) = Begin();
        }

        (SurvivingStores.Life, TracePipeline) Begin()
        {
            var life = _disk.NewLife(_clock);
            var pipeline = new TracePipeline(life.Parts, new PipelineSettings { MaxQueuedSpans = 12, MaxUnwrittenSpans = 40, Sampler = new SamplerSettings { Mode = _mode, TargetTracesPerSecond = 1e9 } });
            pipeline.Start();
            return (life, pipeline);
        }

        public async Task Step()
        {
            switch (_random.Next(18))
            {
                case < 7: await Send(); break;
                case 7: await Pass(TimeSpan.FromSeconds(1)); break;
                case 8: await Pass(TimeSpan.FromSeconds(_random.Next(10, 90))); break;
                case 9: await Pass(TimeSpan.FromMinutes(_random.Next(1, 200))); break; // A clock that jumps.
                case 10: _disk.TracesFail = _random.Next(2) == 0; break;
                case 11: _disk.StatsFail = _random.Next(2) == 0; break;
                case 12: _clock.Set(TimeSpan.FromSeconds(_random.Next(-4_000, 4_000))); break; // Somebody sets it, mostly back and forth.
                case 13: _disk.LogFails = _random.Next(2) == 0; break;
                case 14: await SendToASlowDisk(traces: true, log: false); break; // The queue fills.
                case 15: await SendToASlowDisk(traces: _random.Next(2) == 0, log: true); break;
                case 16:
                    _life.Kill();
                    await _pipeline.StopAsync();
                    _refusalsMayBeLost = true; // Those since the last checkpoint; their senders know.
                    (_life, _pipeline) = Begin();
                    break;
                default:
                    await Restart();
                    break;
            }
        }

        /// <summary>Senders that come while nothing gets done.</summary>
        async Task SendToASlowDisk(bool traces, bool log)
        {
            List<Task> senders = [];
            using (_disk.Slow(traces, log))
            {
                for (var left = _random.Next(2, 12); left > 0; left--) senders.Add(Send());
                if (_random.Next(2) == 0) _clock.Advance(TimeSpan.FromSeconds(_random.Next(1, 30)));
            }
            await Task.WhenAll(senders);
        }

        async Task Restart()
        {
            _refusalsMayBeLost |= _disk.StatsFail;
            await _pipeline.StopAsync();
            _life.Kill();
            (_life, _pipeline) = Begin();
        }

        async Task Pass(TimeSpan time)
        {
            await _pipeline.Settled();
            _clock.Advance(time);
            await _pipeline.Settled();
        }

        /// <summary>A payload of some traces: good ones, dropped by hand, with a span without id; sometimes damaged, sometimes sent twice.</summary>
        async Task Send()
        {
            var now = _clock.NowUnixNanos();
            var good = new List<Span>();
            var (dropped, rejected) = (new List<Span>(), new List<Span>());
            var traces = new List<IReadOnlyList<Span>>();
            for (var left = _random.Next(1, 4); left > 0; left--)
            {
                var kind = _random.Next(6);
                var service = Services[_random.Next(Services.Length)];
                var trace = new TraceId(0, _nextId);
                var spans = Enumerable.Range(0, _random.Next(1, 4)).Select(i => new Span
                {
                    TraceId = trace,
                    Id = new SpanId(kind == 0 && i == 0 ? 0 : _nextId++),
                    StartUnixNanos = now,
                    DurationNanos = 1_000,
                    Service = kind == 0 || _random.Next(2) == 0 ? service : Services[_random.Next(Services.Length)],
                    Name = "op",
                    Resource = "r",
                    Flags = _random.Next(3) == 0 ? SpanFlags.Error : SpanFlags.None,
                    Tags = new Dictionary<string, string> { ["error.type"] = _random.Next(2) == 0 ? "KeyError" : "ValueError", ["error.message"] = $"no item {_nextId}" },
                    Numbers = kind == 1 ? new Dictionary<string, double> { ["_sampling_priority_v1"] = -1 } : new Dictionary<string, double>(),
                }).ToList();
                _nextId++;
                (kind == 0 ? rejected : kind == 1 ? dropped : good).AddRange(spans);
                traces.Add(spans);
            }
            var body = DatadogV04Encoder.Encode(traces);
            if (_random.Next(8) == 0)
            {
                body = body[..^1];
                good.Clear();
            }
            for (var times = _random.Next(6) == 0 ? 2 : 1; times > 0; times--) await Send(body, now, good, dropped, rejected);
        }

        async Task Send(byte[] body, long now, List<Span> good, List<Span> dropped, List<Span> rejected)
        {
            DecodedPayload payload;
            try
            {
                payload = _pipeline.Decoder.Decode(new PayloadEnvelope(PayloadFormat.DatadogMsgPack, new Payload { Protocol = "test", ReceivedUnixNanos = now }), body);
            }
            catch (PayloadException)
            {
                return; // The receiver enters it as unread.
            }
            if (payload.Batch.SpanCount == 0)
            {
                _pipeline.Books.Settle(payload.Tally());
                _refused += rejected.Count;
                return;
            }
            Exception? why = null;
            try
            {
                await _pipeline.Accept(payload, body);
            }
            catch (Exception refusal) when (refusal is OverloadedException or StoreUnavailableException)
            {
                why = refusal;
            }
            lock (_random) Note(why, now, good, dropped, rejected); // Senders to a slow disk are answered on any thread.
        }

        void Note(Exception? refusal, long now, List<Span> good, List<Span> dropped, List<Span> rejected)
        {
            if (refusal is not null)
            {
                Refusals.Add(refusal.GetType().Name);
                _refused += good.Count + dropped.Count + rejected.Count;
                return;
            }
            Answered(now, SpanOutcome.Stored, good);
            Answered(now, SpanOutcome.SampledOut, dropped);
            _rejectedForCertain += rejected.Count;
            _hits += good.Count + dropped.Count;
            foreach (var span in good.Concat(dropped).Where(span => span.IsError))
                _errors[$"{span.Service} {span.Tags["error.type"]} no item {{n}}"] = _errors.GetValueOrDefault($"{span.Service} {span.Tags["error.type"]} no item {{n}}") + 1;
            _stored.AddRange(good.Select(span => span.Id.Value));
        }

        void Answered(long now, SpanOutcome outcome, List<Span> spans)
        {
            foreach (var span in spans)
            {
                var key = (span.Service, UnixTime.Floor(now, LedgerPage.MinuteNanos), outcome);
                _answered[key] = _answered.GetValueOrDefault(key) + 1;
            }
        }

        public async Task CheckAtEnd()
        {
            (_disk.TracesFail, _disk.StatsFail, _disk.LogFails) = (false, false, false);
            await Restart();
            await _pipeline.Settled();
            var rows = _pipeline.Ledger.ReadLedger(TimeRange.All, null, LedgerPage.MinuteNanos);
            foreach (var outcome in new[] { SpanOutcome.Stored, SpanOutcome.SampledOut })
                Assert.Equal(Draw(_answered.Where(pair => pair.Key.Outcome == outcome).Select(pair => (pair.Key.Service, pair.Key.Minute, pair.Value))),
                    Draw(rows.Where(row => row.Key.Outcome == outcome).Select(row => (row.Key.Service, row.StartUnixNanos, row.Count.SpanCount))));
            Assert.DoesNotContain(rows, row => row.Key.Outcome == SpanOutcome.Dropped);
            var rejections = rows.Where(row => row.Key.Outcome == SpanOutcome.Rejected).Sum(row => row.Count.SpanCount);
            Assert.InRange(rejections, _refusalsMayBeLost ? _rejectedForCertain : _rejectedForCertain + _refused, _rejectedForCertain + _refused);
            Assert.Equal(_stored.Order(), _disk.StoredSpans().Select(span => span.Id.Value).Order());
            Assert.Equal(_hits, _disk.Counted().Hits);
            Assert.Empty(_pipeline.Books.Waiting());
            var issues = _pipeline.Issues.Issues();
            Assert.Equal(_errors.OrderBy(pair => pair.Key, StringComparer.Ordinal), issues.Select(issue => KeyValuePair.Create($"{issue.Service} {issue.Type} {issue.Pattern}", issue.Totals.Count)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
            Assert.Equal(issues.ToDictionary(issue => issue.Id, issue => issue.Totals.Count), _disk.CountedErrors());
            await _pipeline.StopAsync();
        }

        static string Draw(IEnumerable<(string Service, long Minute, long Count)> counts) => string.Join('\n', counts
            .GroupBy(entry => (entry.Service, entry.Minute)).OrderBy(group => group.Key)
            .Select(group => $"{group.Key.Service} {group.Key.Minute / LedgerPage.MinuteNanos}: {group.Sum(entry => entry.Count)}"));
    }
}
