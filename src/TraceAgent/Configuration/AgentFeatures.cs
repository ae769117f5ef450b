namespace Apm.TraceAgent.Configuration;

/// <summary>The switches that a Datadog agent has under <c>apm_config.features</c> (trace-intake §11.1), and what became of them here.</summary>
public static class AgentFeatures
{
    /// <summary>The span's <c>component</c> is its operation name (trace-intake §2.2, rule 8).</summary>
    public const string ComponentAsName = "component2name";

    /// <summary>Resources may have 15,000 bytes; tracers are told so (trace-intake §2.4).</summary>
    public const string BigResource = "big_resource";

    /// <summary>Digits in names of tables are hidden.</summary>
    public const string HideDigitsOfTables = "quantize_sql_tables";

    /// <summary>An error of a trace that the tracer dropped may be rare.</summary>
    public const string ErrorsOfDroppedAreRare = "error_rare_sample_tracer_drop";

    /// <summary>The probabilistic sampler looks at all 128 bits.</summary>
    public const string FullTraceId = "probabilistic_sampler_full_trace_id";

    static readonly string[] Working = [ComponentAsName, BigResource, HideDigitsOfTables, ErrorsOfDroppedAreRare, FullTraceId];

    static readonly Dictionary<string, string> Others = new(StringComparer.Ordinal)
    {
        ["429"] = "is always so here",
        ["enable_otlp_compute_top_level_by_span_kind"] = "is always so here",
        ["disable_cid_stats"] = "is always so here: statistics are not counted by container",
        ["disable_process_stats"] = "is always so here: statistics are not counted by the tags of processes",
        ["table_names"] = "is not supported: no tag sql.tables is made",
        ["disable_receive_resource_spans_v2"] = "is not supported: OTLP is read in one way",
        ["disable_operation_and_resource_name_logic_v2"] = "is not supported: operations and resources of OTLP are named by the current rules",
    };

    /// <summary>What is to be known of switches that were set: those that change nothing, and those that nobody knows; null when all of them work.</summary>
    public static string? Remark(IEnumerable<string> features)
    {
        var remarks = features.Where(feature => !Working.Contains(feature, StringComparer.Ordinal)).Select(feature => Others.TryGetValue(feature, out var what) ? $"\"{feature}\" {what}." : Unknown(feature)).ToList();
        return remarks.Count == 0 ? null : string.Join(' ', remarks);
    }

    static string Unknown(string feature) =>
        $"\"{feature}\" is no feature.{(NearestWord.Find(feature, Working.Concat(Others.Keys)) is { } near ? $" Did you mean \"{near}\"?" : $" Those that work here: {string.Join(", ", Working)}.")}";
}
