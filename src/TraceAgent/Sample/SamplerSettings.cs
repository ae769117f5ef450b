namespace Apm.TraceAgent.Sample;

/// <summary>What decides which traces are kept.</summary>
public enum SamplerMode
{
    /// <summary>Keep everything while the storage budget allows, then thin to what it allows.</summary>
    Budget,

    /// <summary>Keep everything, whatever the budget; the store's retention then drops the oldest.</summary>
    All,

    /// <summary>As the Datadog agent does: by priority, errors, rarity, to target rates.</summary>
    Datadog,
}

/// <summary>Settings of sampling (trace-intake §4, §11.1). The names in brackets are Datadog's below <c>apm_config</c>.</summary>
public sealed record SamplerSettings
{
    /// <summary>Default <see cref="SamplerMode.Budget"/>.</summary>
    public SamplerMode Mode { get; init; } = SamplerMode.Budget;

    /// <summary>How far back traces shall reach before the budget mode thins them; default 24 h.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Traces per second to keep by priority and of those without (<c>target_traces_per_second</c>); default 10. 0 keeps none.</summary>
    public double TargetTracesPerSecond { get; init; } = 10;

    /// <summary>Traces with an error per second to keep beyond those (<c>errors_per_second</c>); default 10. 0 keeps none.</summary>
    public double ErrorsPerSecond { get; init; } = 10;

    /// <summary>Analyzed spans per second to keep of traces that are not (<c>max_events_per_second</c>); default 200.</summary>
    public double MaxEventsPerSecond { get; init; } = 200;

    /// <summary>Multiplies every rate (<c>extra_sample_rate</c>); default 1.</summary>
    public double ExtraSampleRate { get; init; } = 1;

    /// <summary>Environment of the agent, under which a tracer without one looks its rates up (<c>env</c>); default <c>none</c>.</summary>
    public string DefaultEnv { get; init; } = "none";

    /// <summary>Services to whom rates are told at most (<c>max_catalog_entries</c>); default 5000. The one unheard longest makes room, counted in <c>sampler_services_forgotten</c>.</summary>
    public int MaxServices { get; init; } = 5_000;

    public RareSamplerSettings Rare { get; init; } = new();

    public ProbabilisticSamplerSettings Probabilistic { get; init; } = new();

    /// <summary>Only traces with an error or an exception are kept (<c>error_tracking_standalone.enabled</c>); default false.</summary>
    public bool ErrorTrackingStandalone { get; init; }

    /// <summary>Switches of the Datadog agent (<c>features</c>): of these, <c>error_rare_sample_tracer_drop</c> and <c>probabilistic_sampler_full_trace_id</c> mean something here.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>Spans that are events whatever becomes of their trace (<c>analyzed_spans</c>).</summary>
    public IReadOnlyList<AnalyzedSpanRule> AnalyzedSpans { get; init; } = [];

    /// <summary>
    /// Spans of one trace that are stored whole; default 100 000. Of what comes beyond, its shape is stored: the rest is folded, and
    /// counted in the ledger as sampled out (<c>folded</c>).
    /// </summary>
    public int MaxWholeSpansPerTrace { get; init; } = 100_000;

    /// <summary>Whether a feature is switched on.</summary>
    public bool Has(string feature) => Features.Contains(feature, StringComparer.Ordinal);
}

/// <summary>Keeps the first trace of each kind for a while (trace-intake §4.5). The budget mode switches it on when it thins.</summary>
public sealed record RareSamplerSettings
{
    /// <summary>Default false (<c>enable_rare_sampler</c>).</summary>
    public bool Enabled { get; init; }

    /// <summary>Traces per second at most, in bursts of up to ten times as many (<c>rare_sampler.tps</c>); default 5.</summary>
    public double TracesPerSecond { get; init; } = 5;

    /// <summary>How long a kind must not have been seen to be rare (<c>rare_sampler.cooldown</c>); default 5 min.</summary>
    public TimeSpan Cooldown { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Kinds told apart per service and environment (<c>rare_sampler.cardinality</c>); default 200. Beyond it they are folded together.</summary>
    public int Cardinality { get; init; } = 200;
}

/// <summary>Keeps a share of all trace ids, whatever priority they have (trace-intake §4.5).</summary>
public sealed record ProbabilisticSamplerSettings
{
    /// <summary>Default false (<c>probabilistic_sampler.enabled</c>).</summary>
    public bool Enabled { get; init; }

    /// <summary>0 to 100 (<c>probabilistic_sampler.sampling_percentage</c>); default 100.</summary>
    public double SamplingPercentage { get; init; } = 100;

    /// <summary>Agents with the same seed keep the same traces (<c>probabilistic_sampler.hash_seed</c>); default 0.</summary>
    public uint HashSeed { get; init; }
}

/// <summary>Spans of one service and operation are events (<c>service|operation=rate</c>).</summary>
/// <param name="Service">Exactly as the span says it.</param>
/// <param name="Operation">The same.</param>
/// <param name="Rate">Share of them, 0 to 1.</param>
public sealed record AnalyzedSpanRule(string Service, string Operation, double Rate);
