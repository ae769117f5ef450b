namespace Apm.Query.Metrics;

/// <summary>What the numbers of a machine are measured in, as Datadog's agent sends them (metrics-monitors §9.11); they come without a unit.</summary>
static class SystemUnits
{
    static readonly MetricUnit Percent = new("percent", ""), Fraction = new("fraction", ""), Mebibyte = new("mebibyte", ""), Kibibyte = new("kibibyte", "");

    /// <summary>None for other metrics, and for what is only counted.</summary>
    public static MetricUnit Of(string metric)
    {
        if (!metric.StartsWith("system.", StringComparison.Ordinal)) return MetricUnit.None;
        return metric["system.".Length..].Split('.') switch
        {
            ["cpu", "num_cores" or "context_switches"] => MetricUnit.None,
            ["cpu", _] or ["io", "util"] => Percent,
            ["mem", "pct_usable"] or ["swap", "pct_free"] or ["disk", "in_use"] or ["fs", "inodes" or "file_handles", "in_use"] => Fraction,
            ["mem", _] or ["swap", "total" or "used" or "free" or "cached"] => Mebibyte,
            ["disk", "total" or "used" or "free"] => Kibibyte,
            ["io", "rkb_s" or "wkb_s"] => Kibibyte with { PerUnit = "second" },
            ["net", "bytes_rcvd" or "bytes_sent"] => new MetricUnit("byte", "second"),
            ["uptime"] => new MetricUnit("second", ""),
            _ => MetricUnit.None,
        };
    }
}
