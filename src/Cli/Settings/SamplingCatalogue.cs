using System.Globalization;
using Apm.Cli.Host;
using Apm.TraceAgent.Configuration;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Sample;

namespace Apm.Cli.Settings;

/// <summary>The settings of sampling (docs/sampling.md), with the names they have in a <c>datadog.yaml</c>.</summary>
static class SamplingCatalogue
{
    static readonly string[] Modes = ["budget", "all", "datadog"];

    public static IEnumerable<Setting> All()
    {
        yield return new("sampling.mode", SettingKind.OneOf(Modes), s => Modes[(int)s.Pipeline.Sampler.Mode], (s, v) => With(s, sampler => sampler with { Mode = (SamplerMode)Array.IndexOf(Modes, (string)v) }), "Keep everything while the storage budget allows; keep everything; or as the Datadog agent does, to target rates.");
        yield return new("sampling.keep_for", SettingKind.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(3_650)), s => s.Pipeline.Sampler.KeepFor, (s, v) => With(s, sampler => sampler with { KeepFor = (TimeSpan)v }), "How far back traces shall reach. When the budget is full before, traces are thinned.");
        yield return new("sampling.max_whole_spans_per_trace", SettingKind.Count(1_000, 500_000), s => (long)s.Pipeline.Sampler.MaxWholeSpansPerTrace, (s, v) => With(s, sampler => sampler with { MaxWholeSpansPerTrace = (int)(long)v }), "Spans of one trace that are stored whole. Of more, the shape is kept.") { Limits = ["SamplerSettings.MaxWholeSpansPerTrace"] };
        yield return Number("target_traces_per_second", 0, 1_000_000, s => s.TargetTracesPerSecond, (s, v) => s with { TargetTracesPerSecond = v }, "Mode datadog: traces per second that tracers are steered to, and of those without a priority.", "DD_APM_TARGET_TPS", "DD_APM_MAX_TPS", "DD_MAX_TPS") with { DatadogNames = ["apm_config.max_traces_per_second"] };
        yield return Number("errors_per_second", 0, 1_000_000, s => s.ErrorsPerSecond, (s, v) => s with { ErrorsPerSecond = v }, "Mode datadog: traces with an error per second that are kept beyond those; 0 keeps none.", "DD_APM_ERROR_TPS");
        yield return Number("max_events_per_second", 0, 1_000_000, s => s.MaxEventsPerSecond, (s, v) => s with { MaxEventsPerSecond = v }, "Analyzed spans per second that are kept of traces that are not.", "DD_APM_MAX_EPS", "DD_MAX_EPS") with { Limits = ["SamplerSettings.MaxEventsPerSecond"] };
        yield return Number("extra_sample_rate", 0, 1, s => s.ExtraSampleRate, (s, v) => s with { ExtraSampleRate = v }, "Multiplies the rates of the samplers.");
        yield return new("apm_config.max_catalog_entries", SettingKind.Count(1, 1_000_000), s => (long)s.Pipeline.Sampler.MaxServices, (s, v) => With(s, sampler => sampler with { MaxServices = (int)(long)v }), "Services that are told a rate of their own.") { Limits = ["SamplerSettings.MaxServices"] };
        yield return Switch("enable_rare_sampler", s => s.Rare.Enabled, (s, v) => s with { Rare = s.Rare with { Enabled = v } }, "Mode datadog: keep the first trace of each kind for a while.", "DD_APM_ENABLE_RARE_SAMPLER");
        yield return Number("rare_sampler.tps", 0, 10_000, s => s.Rare.TracesPerSecond, (s, v) => s with { Rare = s.Rare with { TracesPerSecond = v } }, "Rare traces per second at most.");
        yield return new("apm_config.rare_sampler.cooldown", SettingKind.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)), s => s.Pipeline.Sampler.Rare.Cooldown, (s, v) => With(s, sampler => sampler with { Rare = sampler.Rare with { Cooldown = (TimeSpan)v } }), "How long a kind must not have been seen to be rare.");
        yield return new("apm_config.rare_sampler.cardinality", SettingKind.Count(1, 100_000), s => (long)s.Pipeline.Sampler.Rare.Cardinality, (s, v) => With(s, sampler => sampler with { Rare = sampler.Rare with { Cardinality = (int)(long)v } }), "Kinds told apart per service and environment.");
        yield return Switch("probabilistic_sampler.enabled", s => s.Probabilistic.Enabled, (s, v) => s with { Probabilistic = s.Probabilistic with { Enabled = v } }, "Keep a share of all trace ids, whatever their priority.", "DD_APM_PROBABILISTIC_SAMPLER_ENABLED");
        yield return Number("probabilistic_sampler.sampling_percentage", 0, 100, s => s.Probabilistic.SamplingPercentage, (s, v) => s with { Probabilistic = s.Probabilistic with { SamplingPercentage = v } }, "That share.", "DD_APM_PROBABILISTIC_SAMPLER_SAMPLING_PERCENTAGE");
        yield return new("apm_config.probabilistic_sampler.hash_seed", SettingKind.Count(0, uint.MaxValue), s => (long)s.Pipeline.Sampler.Probabilistic.HashSeed, (s, v) => With(s, sampler => sampler with { Probabilistic = sampler.Probabilistic with { HashSeed = (uint)(long)v } }), "Agents with the same seed keep the same traces.") { OtherVariables = ["DD_APM_PROBABILISTIC_SAMPLER_HASH_SEED"] };
        yield return Switch("error_tracking_standalone.enabled", s => s.ErrorTrackingStandalone, (s, v) => s with { ErrorTrackingStandalone = v }, "Keep traces with an error or an exception, and no others.", "DD_APM_ERROR_TRACKING_STANDALONE_ENABLED");
        yield return new("apm_config.features", SettingKind.Texts, s => s.Pipeline.Sampler.Features.ToList(), SetFeatures, $"Switches of the Datadog agent: `{AgentFeatures.BigResource}`, `{AgentFeatures.ComponentAsName}`, `{AgentFeatures.HideDigitsOfTables}`; of sampling, `{AgentFeatures.ErrorsOfDroppedAreRare}` and `{AgentFeatures.FullTraceId}`.") { OtherVariables = ["DD_APM_FEATURES"], Warn = value => AgentFeatures.Remark((List<string>)value) };
        yield return new("apm_config.analyzed_spans", new SettingKind("service, a bar, operation, = and a rate, several separated by commas", "web|http.request=1", Rules, _ => ""), s => s.Pipeline.Sampler.AnalyzedSpans.ToList(),
            (s, v) => With(s, sampler => sampler with { AnalyzedSpans = (List<AnalyzedSpanRule>)v }), "Spans that are kept of traces that are not.") { OtherVariables = ["DD_APM_ANALYZED_SPANS"], ReadNode = Rules };
    }

    static HostSettings SetFeatures(HostSettings settings, object value)
    {
        var features = (List<string>)value;
        var changed = With(settings, sampler => sampler with { Features = features });
        if (features.Contains(AgentFeatures.HideDigitsOfTables)) changed = changed.WithHidden(hidden => hidden with { SqlReplaceDigits = true });
        return changed.WithNormalize(rules => rules with
        {
            ComponentIsName = features.Contains(AgentFeatures.ComponentAsName),
            MaxResourceBytes = features.Contains(AgentFeatures.BigResource) ? Math.Max(rules.MaxResourceBytes, NormalizeSettings.BigResourceBytes) : rules.MaxResourceBytes,
        });
    }

    static Setting Number(string name, double min, double max, Func<SamplerSettings, double> get, Func<SamplerSettings, double, SamplerSettings> set, string effect, params string[] variables) =>
        new($"apm_config.{name}", SettingKind.Number(min, max), s => get(s.Pipeline.Sampler), (s, v) => With(s, sampler => set(sampler, (double)v)), effect) { OtherVariables = variables };

    static Setting Switch(string name, Func<SamplerSettings, bool> get, Func<SamplerSettings, bool, SamplerSettings> set, string effect, params string[] variables) =>
        new($"apm_config.{name}", SettingKind.Boolean, s => get(s.Pipeline.Sampler), (s, v) => With(s, sampler => set(sampler, (bool)v)), effect) { OtherVariables = variables };

    static HostSettings With(HostSettings settings, Func<SamplerSettings, SamplerSettings> change) => settings with { Pipeline = settings.Pipeline with { Sampler = change(settings.Pipeline.Sampler) } };

    static List<AnalyzedSpanRule>? Rules(string text)
    {
        var rules = new List<AnalyzedSpanRule>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.LastIndexOf('=');
            if (equals < 0 || Rule(part[..equals], part[(equals + 1)..]) is not { } rule) return null;
            rules.Add(rule);
        }
        return rules;
    }

    static List<AnalyzedSpanRule>? Rules(SettingsNode node)
    {
        if (node is ScalarNode scalar) return Rules(scalar.Text);
        if (node is not MapNode map) return null;
        var rules = map.Entries.Select(entry => entry.Value is ScalarNode rate ? Rule(entry.Key, rate.Text) : null).ToList();
        return rules.Contains(null) ? null : [.. rules.OfType<AnalyzedSpanRule>()];
    }

    static AnalyzedSpanRule? Rule(string name, string rate)
    {
        var bar = name.IndexOf('|', StringComparison.Ordinal);
        return bar > 0 && double.TryParse(rate, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? new AnalyzedSpanRule(name[..bar], name[(bar + 1)..], share) : null;
    }
}
