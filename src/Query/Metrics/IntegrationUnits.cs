namespace Apm.Query.Metrics;

/// <summary>What the numbers of checks are measured in (metrics-monitors §10 and docs/checks); they come without a unit.</summary>
static class IntegrationUnits
{
    static readonly MetricUnit Byte = new("byte", ""), BytePerSecond = new("byte", "second"), Fraction = new("fraction", ""), Percent = new("percent", ""), Second = new("second", "");
    static readonly MetricUnit Connection = new("connection", ""), Query = new("query", "second"), Thread = new("thread", ""), Microsecond = new("microsecond", ""), Mebibyte = new("mebibyte", "");

    /// <summary>None for other metrics, and for what is only counted.</summary>
    public static MetricUnit Of(string metric) => metric switch
    {
        _ when metric.StartsWith("mysql.", StringComparison.Ordinal) => OfMySql(metric["mysql.".Length..]),
        _ when metric.StartsWith("system.processes.", StringComparison.Ordinal) => OfProcesses(metric["system.processes.".Length..]),
        "network.http.response_time" or "network.tcp.response_time" or "http.ssl.seconds_left" => Second,
        "http.ssl.days_left" => new MetricUnit("day", ""),
        _ => MetricUnit.None,
    };

    static MetricUnit OfMySql(string name) => name switch
    {
        "net.connections" or "net.aborted_clients" or "net.aborted_connects" => Connection with { PerUnit = "second" },
        "net.max_connections" or "net.max_connections_available" => Connection,
        "performance.bytes_sent" or "performance.bytes_received" => BytePerSecond,
        "performance.queries" or "performance.questions" or "performance.slow_queries" or "performance.qcache_hits" or "performance.qcache_inserts" or "performance.qcache_not_cached" => Query,
        "performance.threads_connected" or "performance.threads_running" or "performance.threads_cached" or "performance.thread_cache_size" => Thread,
        "performance.user_time" or "performance.kernel_time" or "performance.cpu_time" => Percent,
        "performance.key_cache_utilization" or "performance.qcache.utilization" or "performance.qcache.utilization.instant" or "innodb.buffer_pool_utilization" or "galera.wsrep_flow_control_paused" => Fraction,
        "performance.query_run_time.avg" or "performance.digest_95th_percentile.avg_us" => Microsecond,
        "performance.qcache_size" or "performance.qcache_free_memory" => Byte,
        "innodb.buffer_pool_dirty" or "innodb.buffer_pool_free" or "innodb.buffer_pool_used" or "innodb.buffer_pool_total" or "innodb.buffer_pool_data" => Byte,
        "innodb.row_lock_time" => new MetricUnit("millisecond", "second"),
        "innodb.data_read" or "innodb.data_written" or "innodb.os_log_written" or "galera.wsrep_replicated_bytes" or "galera.wsrep_received_bytes" => BytePerSecond,
        "replication.seconds_behind_master" or "replication.seconds_behind_source" => Second,
        "info.schema.size" or "info.table.index_size" or "info.table.data_size" => Mebibyte,
        _ when name.StartsWith("performance.com_", StringComparison.Ordinal) => Query,
        _ when name.StartsWith("myisam.key_buffer_", StringComparison.Ordinal) || name.StartsWith("innodb.mem_", StringComparison.Ordinal) => Byte,
        _ => MetricUnit.None,
    };

    static MetricUnit OfProcesses(string name) => name switch
    {
        "cpu.pct" or "cpu.normalized_pct" or "mem.pct" => Percent,
        "mem.rss" or "mem.vms" or "mem.real" => Byte,
        "run_time.avg" or "run_time.max" or "run_time.min" => Second,
        "threads" => Thread,
        _ => MetricUnit.None,
    };
}
