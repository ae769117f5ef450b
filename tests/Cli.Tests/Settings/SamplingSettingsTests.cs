using Apm.Cli.Host;
using Apm.Cli.Settings;
using Apm.TraceAgent.Sample;

namespace Apm.Cli.Tests.Settings;

/// <summary>The sampling keys of a <c>datadog.yaml</c> fill the sampler's settings.</summary>
public class SamplingSettingsTests
{
    [Fact]
    public void Each_key_changes_what_it_names()
    {
        var settings = HostSettings.Default;
        foreach (var (name, text) in new[]
        {
            ("sampling.mode", "datadog"), ("sampling.keep_for", "2h"), ("apm_config.target_traces_per_second", "3.5"), ("apm_config.errors_per_second", "4"), ("apm_config.max_events_per_second", "5"),
            ("apm_config.extra_sample_rate", "0.5"), ("apm_config.max_catalog_entries", "6"), ("apm_config.enable_rare_sampler", "true"), ("apm_config.rare_sampler.tps", "7"), ("apm_config.rare_sampler.cooldown", "8m"),
            ("apm_config.rare_sampler.cardinality", "9"), ("apm_config.probabilistic_sampler.enabled", "true"), ("apm_config.probabilistic_sampler.sampling_percentage", "10"),
            ("apm_config.probabilistic_sampler.hash_seed", "11"), ("apm_config.error_tracking_standalone.enabled", "true"), ("env", "prod"), ("sampling.max_whole_spans_per_trace", "12000"),
        })
        {
            var setting = SettingsCatalogue.All.Single(setting => setting.Name == name);
            settings = setting.Set(settings, setting.Kind.Read(text)!);
        }

        Assert.Equal(
            new SamplerSettings
            {
                Mode = SamplerMode.Datadog, KeepFor = TimeSpan.FromHours(2), TargetTracesPerSecond = 3.5, ErrorsPerSecond = 4, MaxEventsPerSecond = 5, ExtraSampleRate = 0.5, MaxServices = 6,
                Rare = new() { Enabled = true, TracesPerSecond = 7, Cooldown = TimeSpan.FromMinutes(8), Cardinality = 9 }, Probabilistic = new() { Enabled = true, SamplingPercentage = 10, HashSeed = 11 },
                ErrorTrackingStandalone = true, DefaultEnv = "prod", MaxWholeSpansPerTrace = 12_000,
            },
            settings.Pipeline.Sampler);
    }

    [Theory]
    [InlineData("web|http.request=1, db|sql=0.25", 2)]
    [InlineData("web|http.request=2", null)]
    [InlineData("web=1", null)]
    public void Analyzed_spans(string text, int? count) =>
        Assert.Equal(count, (SettingsCatalogue.All.Single(setting => setting.Name == "apm_config.analyzed_spans").Kind.Read(text) as List<AnalyzedSpanRule>)?.Count);
}
