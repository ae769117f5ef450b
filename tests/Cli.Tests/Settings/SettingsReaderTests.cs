using Apm.Cli.Host;
using Apm.Cli.Settings;

namespace Apm.Cli.Tests.Settings;

public class SettingsReaderTests
{
    static SettingsResult Read(string text, string path = "apm.yaml", IReadOnlyDictionary<string, string>? environment = null, IReadOnlyDictionary<string, string>? options = null) =>
        SettingsReader.Read(options ?? new Dictionary<string, string>(), name => environment?.GetValueOrDefault(name), (path, text.ReplaceLineEndings("\n")));

    static string Source(SettingsResult result, string name) => result.Effective.Single(entry => entry.Setting.Name == name).Source;

    [Fact]
    public void The_file_fills_the_settings_and_each_value_tells_where_it_came_from()
    {
        var result = Read("""
            # ours
            memory:
              max_bytes: 1GB
            storage:
              max_age: 3d
            statistics: {keep_ten_seconds: 48h}
            ports:
              zipkin: off
            """);

        Assert.Empty(result.Issues);
        Assert.Equal((1_000_000_000, TimeSpan.FromDays(3), TimeSpan.FromDays(2), null), (result.Settings.MaxMemoryBytes, result.Settings.Traces.MaxAge, result.Settings.Stats.KeepTenSeconds, result.Settings.Agent.ZipkinPort));
        Assert.Equal("apm.yaml:3", Source(result, "memory.max_bytes"));
        Assert.Equal("default", Source(result, "limits.max_connections"));
    }

    [Fact]
    public void Options_win_over_the_environment_and_that_over_the_file()
    {
        var result = Read("data: /file\nenv: file\nports: {agent: 1}", environment: new Dictionary<string, string> { ["APM_DATA"] = "/environment", ["DD_ENV"] = "environment" }, options: new Dictionary<string, string> { ["data"] = "/option" });

        Assert.Equal(("/option", "environment", 1), (result.Settings.DataFolder, result.Settings.Agent.DefaultEnv, result.Settings.Agent.AgentPort));
        Assert.Equal("option --data", Source(result, "data"));
        Assert.Equal("environment DD_ENV", Source(result, "env"));
    }

    [Fact]
    public void A_datadog_yaml_is_taken_as_it_is()
    {
        var result = Read("""
            api_key: 0123456789abcdef0123456789abcdef
            site: datadoghq.eu
            hostname: web-1
            env: prod
            logs_enabled: true
            something_of_the_infrastructure_agent: 7
            apm_config:
              enabled: true
              receiver_port: 9126
              max_payload_size: 1000000
              ignore_resources: ["GET /health", "(GET|POST) /ping"]
              filter_tags:
                reject: ["debug:true"]
              replace_tags:
                - name: "user.id"
                  pattern: ".+"
                  repl: "?"
              obfuscation:
                credit_cards:
                  luhn: true
            dogstatsd_mapper_profiles:
              - name: airflow
                prefix: "airflow."
                mappings:
                  - match: "airflow.job.*.*"
                    name: "airflow.job"
                    tags: {dag: "$1", task: "$2"}
                  - {match: 'airflow\.x(\d+)', match_type: regex, name: airflow.x}
            otlp_config:
              receiver:
                protocols:
                  grpc:
                    endpoint: localhost:5317
            """, "datadog.yaml");

        Assert.Empty(result.Issues);
        var settings = result.Settings;
        Assert.Equal((9126, 1_000_000, "prod", 5317), (settings.Agent.AgentPort, settings.Agent.MaxBodyBytes, settings.Agent.DefaultEnv, settings.Agent.OtlpGrpcPort));
        Assert.Equal(["GET /health", "(GET|POST) /ping"], settings.Pipeline.Normalize.Filters.IgnoreResources);
        Assert.Equal("user.id", Assert.Single(settings.Pipeline.Normalize.Obfuscation.ReplaceRules).Name);
        Assert.True(settings.Pipeline.Normalize.Obfuscation.CreditCardsLuhn);
        Assert.Equal(["airflow. airflow.job.*.* False airflow.job (dag, $1) (task, $2)", @"airflow. airflow\.x(\d+) True airflow.x"], settings.DogStatsD.Mappings.Select(mapping => string.Join(' ', [mapping.Prefix, mapping.Match, mapping.IsRegex.ToString(), mapping.Name, .. mapping.Tags.Select(tag => tag.ToString())])));
        Assert.Equal("…cdef", result.Effective.Single(entry => entry.Setting.Name == "api_key").Setting.Print(settings));
    }

    [Theory]
    [InlineData("memory:\n  max_byte: 1GB", """
        apm.yaml:2:3: "max_byte" is no setting under memory. Did you mean "max_bytes"?
          2 |   max_byte: 1GB
            |   ^^^^^^^^
          write:
              max_bytes: 1GB
        """)]
    [InlineData("memory:\n  max_bytes: lots", """
        apm.yaml:2:14: "lots" is not what memory.max_bytes takes: a size from 256MiB to 1000GB, such as 1GiB (MB or MiB, GB, KB; a bare number is bytes).
          2 |   max_bytes: lots
            |              ^^^^
          write:
              max_bytes: 512MiB
        """)]
    [InlineData("memory:\n\tmax_bytes: 1GB", """
        apm.yaml:2:1: A tab indents this line; YAML takes blanks only.
          2 | →max_bytes: 1GB
            | ^
          write:
              max_bytes: 1GB
        """)]
    [InlineData("apm_config:\nreceiver_port: 9126", """
        apm.yaml:2:1: "receiver_port" stands at the top level, where it means nothing; it belongs under apm_config, indented.
          2 | receiver_port: 9126
            | ^^^^^^^^^^^^^
          write:
            apm_config:
              receiver_port: 9126
        """)]
    [InlineData("memory:\n  max_bytes: 1GB\n  max_bytes: 2GB", """
        apm.yaml:3:3: "max_bytes" stands here a second time; the first is in line 2, and counts. Keep one of them.
          3 |   max_bytes: 2GB
            |   ^^^^^^^^^
        """)]
    [InlineData("memory: 1GB", """
        apm.yaml:1:9: "memory" is a group: its keys stand below it, each indented by two blanks.
          1 | memory: 1GB
            |         ^
          write:
            memory:
              max_bytes: …
        """)]
    [InlineData("zzz: 1", """
        apm.yaml:1:1: "zzz" is no setting at the top level. Settings there: additional_checksd, api_key, apm_config, bind_host, check_runners, checks, confd_path, data, dogstatsd, dogstatsd_port, env, extra_tags, hostname, limits, memory, metrics, normalize, notifications, obfuscation, ports, sampling, smtp, statistics, storage, tags, ui, yaml_tabs.
          1 | zzz: 1
            | ^^^
        """)]
    [InlineData("apm_config:\n  obfuscation:\n    zzz: 1", """
        apm.yaml:3:5: "zzz" is no setting under apm_config.obfuscation. Settings there: credit_cards, elasticsearch, http, memcached, mongodb, opensearch, redis, remove_stack_traces, valkey.
          3 |     zzz: 1
            |     ^^^
        """)]
    [InlineData("ports: {agent: [1, 2]}", """
        apm.yaml:1:16: A list is not what ports.agent takes: a port from 0 to 65535.
          1 | ports: {agent: [1, 2]}
            |                ^
        """)]
    [InlineData("limits:\n  max_connections: five", """
        apm.yaml:2:20: "five" is not what limits.max_connections takes: a whole number from 1 to 100000.
          2 |   max_connections: five
            |                    ^^^^
          write:
              max_connections: 1000
        """)]
    [InlineData("apm_config:\n  ignore_resources: [\"a(\"]", null)]
    [InlineData("enabled: true", """
        apm.yaml:1:1: "enabled" stands at the top level, where it means nothing; it belongs under apm_config, indented.
          1 | enabled: true
            | ^^^^^^^
          write:
            apm_config:
              enabled: true
        """)]
    public void What_is_wrong_in_our_file_is_an_error_that_says_where_what_and_what_to_write(string text, string? expected)
    {
        var issue = Assert.Single(Read(text).Issues);

        Assert.True(issue.IsError);
        if (expected is not null) Assert.Equal(expected.ReplaceLineEndings("\n"), issue.ToString());
        else Assert.Contains("apm_config.ignore_resources: the pattern a( cannot be used", issue.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_file_says_where()
    {
        var issue = Read("memory: {max_bytes: 1GB\nports:\n  agent:1").Issues[0];

        Assert.True(issue.IsError);
        Assert.Contains("This is not YAML", issue.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_in_a_datadog_yaml_is_passed_over_with_a_warning()
    {
        var result = Read("apm_config:\n  receiver_port: eight\n  max_payload_sise: 7\n  env: prod", "/etc/datadog.yaml");

        Assert.Equal(8126, result.Settings.Agent.AgentPort);
        Assert.Equal("prod", result.Settings.Agent.DefaultEnv);
        Assert.Equal(2, result.Issues.Count);
        Assert.All(result.Issues, issue => Assert.False(issue.IsError));
        Assert.Contains(result.Issues, issue => issue.Sentence == "\"max_payload_sise\" is no setting under apm_config. Did you mean \"max_payload_size\"? It is passed over.");
    }

    [Theory]
    [InlineData("apm_config:\n  enabled: false", "\"apm_config.enabled\" changes nothing here: traces are taken all the same: taking them is what Apm is for. To take none, do not start it.")]
    [InlineData("otlp_config:\n  traces:\n    probabilistic_sampler:\n      sampling_percentage: 10", "\"otlp_config.traces.probabilistic_sampler.sampling_percentage\" changes nothing here: traces of OTLP are kept like all others. To keep a share, set sampling.mode: datadog and apm_config.probabilistic_sampler, or the app's own sampler.")]
    [InlineData("otlp_config:\n  traces:\n    span_name_remappings: {a: b}", "\"otlp_config.traces.span_name_remappings\" changes nothing here: operations of OTLP are named by the current rules. Take it out, or set the attribute operation.name in the app.")]
    public void A_key_of_the_Datadog_agent_whose_effect_would_be_missed_is_told(string text, string sentence)
    {
        var inTheirs = Assert.Single(Read(text, "/etc/datadog.yaml").Issues);
        var inOurs = Assert.Single(Read(text).Issues);

        Assert.Equal((false, true), (inTheirs.IsError, inOurs.IsError));
        Assert.StartsWith(sentence, inTheirs.Sentence, StringComparison.Ordinal);
        Assert.StartsWith(sentence, inOurs.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("apm_config: {enabled: true, bucket_size_seconds: 10, obfuscation: {sql_exec_plan: {enabled: false}}}\notlp_config: {traces: {enabled: true, internal_port: 5003, probabilistic_sampler: {sampling_percentage: 100}}}")]
    public void And_what_asks_for_what_is_so_anyhow_is_not(string text) => Assert.Empty(Read(text).Issues);

    [Fact]
    public void Features_of_the_Datadog_agent_have_their_effect_and_the_others_are_told()
    {
        var result = Read("apm_config:\n  features: [big_resource, component2name, quantize_sql_tables, table_names, big_resurce, zzz]");

        var settings = result.Settings;
        Assert.Equal((15_000, true, true), (settings.Normalize.MaxResourceBytes, settings.Normalize.ComponentIsName, settings.Hidden.SqlReplaceDigits));
        var issue = Assert.Single(result.Issues);
        Assert.False(issue.IsError);
        Assert.StartsWith(
            "\"table_names\" is not supported: no tag sql.tables is made. \"big_resurce\" is no feature. Did you mean \"big_resource\"? \"zzz\" is no feature. Those that work here: component2name, big_resource, quantize_sql_tables, error_rare_sample_tracer_drop, probabilistic_sampler_full_trace_id.",
            issue.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_counted_and_where_the_agent_answers_come_from_the_file()
    {
        var settings = Read("apm_config:\n  peer_tags: [shop.region]\n  compute_stats_by_span_kind: false\n  receiver_socket: /run/apm.sock\nobfuscation: {sql: false}\nnormalize: {templates_endpoints: false}").Settings;

        Assert.Equal(["shop.region"], settings.Pipeline.Counting.PeerTags);
        Assert.False(settings.Pipeline.Counting.CountsBySpanKind);
        Assert.Equal(("/run/apm.sock", false, false), (settings.Agent.SocketPath, settings.Hidden.SqlEnabled, settings.Normalize.TemplatesEndpoints));
    }

    [Theory]
    [InlineData("apm_config: {apm_non_local_traffic: true}")]
    [InlineData("bind_host: 0.0.0.0")]
    public void Listening_beyond_this_machine_is_answered_and_not_done(string text)
    {
        var issue = Assert.Single(Read(text).Issues);

        Assert.False(issue.IsError);
        Assert.StartsWith("Apm listens on this machine only: beyond it a login and API keys are needed, which are not available yet. It stays on loopback.", issue.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_variable_of_ours_is_an_error_and_one_of_datadogs_a_warning()
    {
        var issues = Read("", environment: new Dictionary<string, string> { ["APM_MEMORY_MAX_BYTES"] = "12", ["DD_APM_MAX_PAYLOAD_SIZE"] = "much" }).Issues;

        Assert.Equal([true, false], issues.Select(issue => issue.IsError));
        Assert.StartsWith("environment APM_MEMORY_MAX_BYTES=12: \"12\" is not what memory.max_bytes takes", issues[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_and_lists_come_from_the_environment_as_json()
    {
        var settings = Read("", environment: new Dictionary<string, string>
        {
            ["DD_APM_REPLACE_TAGS"] = """[{"name":"*","pattern":"secret","repl":"?"}]""", ["DD_APM_FILTER_TAGS_REQUIRE"] = "env:prod team", ["DD_APM_IGNORE_RESOURCES"] = "GET /a, GET /b",
        }).Settings.Pipeline.Normalize;

        Assert.Equal("*", Assert.Single(settings.Obfuscation.ReplaceRules).Name);
        Assert.Equal(["env:prod", "team"], settings.Filters.RequireTags);
        Assert.Equal(["GET /a", "GET /b"], settings.Filters.IgnoreResources);
    }

    [Fact]
    public void Every_default_is_a_value_that_its_setting_takes()
    {
        foreach (var setting in SettingsCatalogue.All.Where(setting => setting.ReadNode is null && !setting.Kind.IsList && !setting.IsSecret && setting.Get(HostSettings.Default) is not null))
            Assert.True(setting.Kind.Read(setting.Print(HostSettings.Default)) is not null, $"{setting.Name}: {setting.Print(HostSettings.Default)} is not {setting.Kind.Expected}");
    }
}
