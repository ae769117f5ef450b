using Apm.Cli.Host;
using Apm.TraceAgent.Sample;

namespace Apm.Cli.Settings;

/// <summary>What can be set of sampling.</summary>
static class SamplingSettings
{
    public static IEnumerable<Setting> All()
    {
        yield return new("sampling.mode", SettingKind.OneOf("budget", "all", "datadog"), s => Sampler(s).Mode.ToString().ToLowerInvariant(), (s, v) => With(s, sampler => sampler with { Mode = Enum.Parse<SamplerMode>((string)v, ignoreCase: true) }), "budget keeps everything while storage.max_bytes lasts for storage.keep_for, then thins; all keeps everything; datadog keeps to the rates below.");
        yield return new("storage.keep_for", SettingKind.Duration(TimeSpan.FromMinutes(10), TimeSpan.FromDays(3_650)), s => Sampler(s).KeepFor, (s, v) => With(s, sampler => sampler with { KeepFor = (TimeSpan)v }), "How far back traces shall reach before they are thinned.");
        yield return Rate("target_traces_per_second", s => s.TargetTracesPerSecond, (s, v) => s with { TargetTracesPerSecond = v }, "Traces a second to keep by priority (mode datadog).", "DD_APM_TARGET_TPS", "DD_APM_MAX_TPS", "DD_MAX_TPS") with { DatadogNames = ["apm_config.max_traces_per_second"] };
        yield return Rate("errors_per_second", s => s.ErrorsPerSecond, (s, v) => s with { ErrorsPerSecond = v }, "Traces with an error a second to keep beyond those.", "DD_APM_ERROR_TPS");
        yield return Rate("max_events_per_second", s => s.MaxEventsPerSecond, (s, v) => s with { MaxEventsPerSecond = v }, "Analyzed spans a second to keep of traces that are not.", "DD_APM_MAX_EPS", "DD_MAX_EPS") with { Limits = ["SamplerSettings.MaxEventsPerSecond"] };
        yield return Rate("extra_sample_rate", s => s.ExtraSampleRate, (s, v) => s with { ExtraSampleRate = v }, "Multiplies every rate.");
        yield return Switch("enable_rare_sampler", s => s.Rare.Enabled, (s, v) => s with { Rare = s.Rare with { Enabled = v } }, "Keep the first trace of each kind for a while.", "DD_APM_ENABLE_RARE_SAMPLER");
        yield return Rate("rare_sampler.tps", s => s.Rare.TracesPerSecond, (s, v) => s with { Rare = s.Rare with { TracesPerSecond = v } }, "Rare traces a second at most.");
        yield return new("apm_config.rare_sampler.cooldown", SettingKind.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)), s => Sampler(s).Rare.Cooldown, (s, v) => With(s, sampler => sampler with { Rare = sampler.Rare with { Cooldown = (TimeSpan)v } }), "How long a kind must not have been seen to be rare.");
        yield return Number("rare_sampler.cardinality", 1, 100_000, s => s.Rare.Cardinality, (s, v) => s with { Rare = s.Rare with { Cardinality = (int)v } }, "Kinds told apart per service and environment.");
        yield return Switch("probabilistic_sampler.enabled", s => s.Probabilistic.Enabled, (s, v) => s with { Probabilistic = s.Probabilistic with { Enabled = v } }, "Keep a share of all trace ids.", "DD_APM_PROBABILISTIC_SAMPLER_ENABLED");
        yield return new("apm_config.probabilistic_sampler.sampling_percentage", SettingKind.Number(0, 100), s => Sampler(s).Probabilistic.SamplingPercentage, (s, v) => With(s, sampler => sampler with { Probabilistic = sampler.Probabilistic with { SamplingPercentage = (double)v } }), "That share in percent.") { OtherVariables = ["DD_APM_PROBABILISTIC_SAMPLER_SAMPLING_PERCENTAGE"] };
        yield return Number("probabilistic_sampler.hash_seed", 0, uint.MaxValue, s => s.Probabilistic.HashSeed, (s, v) => s with { Probabilistic = s.Probabilistic with { HashSeed = (uint)v } }, "Agents with the same seed keep the same traces.", "DD_APM_PROBABILISTIC_SAMPLER_HASH_SEED");
        yield return Switch("error_tracking_standalone.enabled", s => s.ErrorTrackingStandalone, (s, v) => s with { ErrorTrackingStandalone = v }, "Keep only traces with an error.", "DD_APM_ERROR_TRACKING_STANDALONE_ENABLED");
        yield return Number("max_catalog_entries", 1, 1_000_000, s => s.MaxServices, (s, v) => s with { MaxServices = (int)v }, "Services to whom rates are told.") with { Limits = ["SamplerSettings.MaxServices"] };
        yield return new("apm_config.features", SettingKind.Texts, s => Sampler(s).Features, (s, v) => With(s, sampler => sampler with { Features = (List<string>)v }), "Switches of the Datadog agent that mean something here.") { OtherVariables = ["DD_APM_FEATURES"] };
        yield return new("sampling.max_whole_spans_per_trace", SettingKind.Count(100, 10_000_000), s => (long)Sampler(s).MaxWholeSpansPerTrace, (s, v) => With(s, sampler => sampler with { MaxWholeSpansPerTrace = (int)(long)v }), "Spans of one trace that are stored whole; of more only the shape.") { Limits = ["SamplerSettings.MaxWholeSpansPerTrace"] };
    }

    static SamplerSettings Sampler(HostSettings settings) => settings.Pipeline.Sampler;

    static HostSettings With(HostSettings settings, Func<SamplerSettings, SamplerSettings> change) => settings with { Pipeline = settings.Pipeline with { Sampler = change(settings.Pipeline.Sampler) } };

    static Setting Rate(string name, Func<SamplerSettings, double> get, Func<SamplerSettings, double, SamplerSettings> set, string effect, params string[] variables) =>
        new($"apm_config.{name}", SettingKind.Number(0, 1_000_000), s => get(Sampler(s)), (s, v) => With(s, sampler => set(sampler, (double)v)), effect) { OtherVariables = variables };

    static Setting Switch(string name, Func<SamplerSettings, bool> get, Func<SamplerSettings, bool, SamplerSettings> set, string effect, params string[] variables) =>
        new($"apm_config.{name}", SettingKind.Boolean, s => get(Sampler(s)), (s, v) => With(s, sampler => set(sampler, (bool)v)), effect) { OtherVariables = variables };

    static Setting Number(string name, long min, long max, Func<SamplerSettings, long> get, Func<SamplerSettings, long, SamplerSettings> set, string effect, params string[] variables) =>
        new($"apm_config.{name}", SettingKind.Count(min, max), s => get(Sampler(s)), (s, v) => With(s, sampler => set(sampler, (long)v)), effect) { OtherVariables = variables };
}
