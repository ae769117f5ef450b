using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;

namespace Apm.TraceAgent.Sample;

/// <summary>Whether the samplers decide at present, since when, and what tracers are told; says in words when it changes.</summary>
/// <remarks><see cref="AreSampling"/>, <see cref="Rates"/> and <see cref="Offered"/> from any thread; the rest under the sampler's lock.</remarks>
sealed class SamplingModes
{
    readonly SamplerSettings _settings;
    readonly Func<TraceStoreFacts> _facts;
    readonly ChunkSamplers _samplers;
    readonly Counters _counters;
    readonly RecentProblems _problems;
    readonly TimeProvider _clock;
    readonly BudgetWatch _budget;
    readonly bool _alwaysSamples;
    volatile bool _thins;
    volatile RatesAnswer _rates;
    BudgetPlan _plan = new(false, 0, 1, 0, 0, TimeSpan.Zero);
    long _sinceUnixNanos;
    long _ratesChange;
    long _forgottenSeen;

    public SamplingModes(SamplerSettings settings, Func<TraceStoreFacts> facts, ChunkSamplers samplers, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        _settings = settings;
        _facts = facts;
        _samplers = samplers;
        _counters = counters;
        _problems = problems;
        _clock = clock;
        _budget = new BudgetWatch(settings, facts, clock);
        _alwaysSamples = settings.Mode == SamplerMode.Datadog || (settings.Mode == SamplerMode.Budget && (settings.Probabilistic.Enabled || settings.ErrorTrackingStandalone));
        _sinceUnixNanos = clock.NowUnixNanos();
        _rates = RatesAnswer.All(NextVersion());
    }

    /// <summary>The samplers decide; else everything is kept.</summary>
    public bool AreSampling => _alwaysSamples || _thins;

    /// <summary>What tracers are told.</summary>
    public RatesAnswer Rates => _rates;

    public void Offered(SpanBatch batch) => _budget.Offered(batch.SpanCount, batch.Chunks.Count);

    /// <summary>Looks whether the budget asks for something else than before.</summary>
    public void Tick()
    {
        if (_alwaysSamples || _settings.Mode == SamplerMode.All || _budget.Look() is not { } plan) return;
        var before = _plan;
        _plan = plan;
        if (plan.Thins) _samplers.ThinTo(plan.TracesPerSecond);
        if (plan.Thins == before.Thins) return;
        var now = _clock.NowUnixNanos();
        var since = _sinceUnixNanos;
        _sinceUnixNanos = now;
        _thins = plan.Thins;
        if (!plan.Thins)
        {
            _samplers.ThinNoMore();
            Tell(RatesAnswer.All("").Rates);
        }
        _counters.Add("sampling_mode_changes", plan.Thins ? "budget" : "keep_all");
        _problems.Add("sampling", plan.Thins ? ThinsSentence() : EndSentence(since), now);
    }

    /// <summary>Tells tracers the rates as they are now.</summary>
    public void PublishRates()
    {
        Tell(_samplers.Rates());
        _counters.Add("sampler_services_forgotten", count: _samplers.ForgottenServiceCount - _forgottenSeen);
        _forgottenSeen = _samplers.ForgottenServiceCount;
    }

    public SamplingStatus Status(IReadOnlyDictionary<string, long> chunksInLastMinute, long memoryByteCount) => new()
    {
        Mode = _alwaysSamples ? "datadog" : _thins ? "budget" : "keep_all",
        SinceUnixNanos = _sinceUnixNanos,
        Sentence = _alwaysSamples ? AlwaysSentence() : _thins ? ThinsSentence() : KeepsSentence(_facts()),
        KeptShare = _thins ? _plan.KeptShare : 1,
        TargetTracesPerSecond = _alwaysSamples ? _settings.TargetTracesPerSecond : _thins ? _plan.TracesPerSecond : null,
        Rates = _rates.Rates,
        RatesVersion = _rates.Version,
        ChunksInLastMinute = chunksInLastMinute,
        MemoryByteCount = memoryByteCount,
    };

    void Tell(IReadOnlyDictionary<string, double> rates)
    {
        if (_rates.Rates.Count == rates.Count && rates.All(rate => _rates.Rates.TryGetValue(rate.Key, out var known) && known == rate.Value)) return;
        _rates = new RatesAnswer(NextVersion(), rates);
    }

    string NextVersion() => RatesAnswer.VersionOf(_clock.NowUnixNanos() / UnixTime.NanosPerSecond, _ratesChange++);

    string AlwaysSentence() =>
        _settings.ErrorTrackingStandalone ? "Only traces with an error are kept, because error tracking stands alone."
        : _settings.Probabilistic.Enabled ? string.Create(CultureInfo.InvariantCulture, $"{_settings.Probabilistic.SamplingPercentage:0.##} % of all traces are kept, and beyond them those with an error.")
        : string.Create(CultureInfo.InvariantCulture, $"Traces are sampled as the Datadog agent does: about {_settings.TargetTracesPerSecond:0.##} per second by priority, and {_settings.ErrorsPerSecond:0.##} with an error.");

    /// <summary>How much of the budget is used, so that one sees thinning come.</summary>
    string KeepsSentence(TraceStoreFacts now) =>
        "Every trace is kept, except those dropped by hand"
        + (now.MaxByteCount > 0 ? $": {Bytes(now.ByteCount)} of {Bytes(now.MaxByteCount)} for traces are used" : "")
        + (now.OldestStartUnixNanos is { } oldest ? $", the oldest trace is {Age(TimeSpan.FromTicks(Math.Max(0, _clock.NowUnixNanos() - oldest) / UnixTime.NanosPerTick))} old." : ".");

    string ThinsSentence() => string.Create(CultureInfo.InvariantCulture,
        $"Since {TimeOfDay(_sinceUnixNanos)} traces are sampled: the store holds {Bytes(_plan.ByteCount)} of {Bytes(_plan.MaxByteCount)} and its oldest trace is only {Age(_plan.OldestAge)} old. {Percent(_plan.KeptShare)} are kept. Raise storage.max_bytes or lower sampling.keep_for.");

    string EndSentence(long since) => $"Since {TimeOfDay(_sinceUnixNanos)} every trace is kept again: what comes in fits into the storage budget. Traces were sampled since {TimeOfDay(since)}.";

    static string TimeOfDay(long unixNanos) => UnixTime.ToDateTime(unixNanos).ToString("HH:mm 'UTC'", CultureInfo.InvariantCulture);

    static string Bytes(long count) => count switch
    {
        >= 1_000_000_000 => FormattableString.Invariant($"{count / 1e9:0.0} GB"),
        >= 1_000_000 => FormattableString.Invariant($"{count / 1e6:0.0} MB"),
        _ => FormattableString.Invariant($"{count / 1e3:0.0} kB"),
    };

    static string Age(TimeSpan age) =>
        age.TotalHours >= 2 ? FormattableString.Invariant($"{(int)age.TotalHours} h")
        : age.TotalMinutes >= 2 ? FormattableString.Invariant($"{(int)age.TotalMinutes} min")
        : FormattableString.Invariant($"{(int)age.TotalSeconds} s");

    static string Percent(double share) => share >= 0.1 ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} %") : string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##} %");
}
