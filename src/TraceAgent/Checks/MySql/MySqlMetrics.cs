namespace Apm.TraceAgent.Checks.MySql;

/// <summary>One metric of the check.</summary>
/// <param name="Name">As it is submitted.</param>
/// <param name="Source">The server's name of the value, or ours for one that is worked out (<see cref="MySqlDerivedValues"/>).</param>
public readonly record struct MySqlMetric(string Name, string Source, CheckMetricKind Kind);

/// <summary>Which value of the server is sent under which name and how (metrics-monitors §10.4). A value that a server does not have is not sent.</summary>
public static class MySqlMetrics
{
    /// <summary>From SHOW GLOBAL STATUS, always.</summary>
    public static IReadOnlyList<MySqlMetric> Status { get; } =
    [
        new("mysql.net.connections", "Connections", CheckMetricKind.Rate),
        new("mysql.net.max_connections", "Max_used_connections", CheckMetricKind.Gauge),
        new("mysql.net.aborted_clients", "Aborted_clients", CheckMetricKind.Rate),
        new("mysql.net.aborted_connects", "Aborted_connects", CheckMetricKind.Rate),
        new("mysql.performance.threads_connected", "Threads_connected", CheckMetricKind.Gauge),
        new("mysql.performance.threads_running", "Threads_running", CheckMetricKind.Gauge),
        new("mysql.performance.questions", "Questions", CheckMetricKind.Rate),
        new("mysql.performance.queries", "Queries", CheckMetricKind.Rate),
        new("mysql.performance.slow_queries", "Slow_queries", CheckMetricKind.Rate),
        new("mysql.performance.prepared_stmt_count", "Prepared_stmt_count", CheckMetricKind.Gauge),
        new("mysql.performance.com_select", "Com_select", CheckMetricKind.Rate),
        new("mysql.performance.com_insert", "Com_insert", CheckMetricKind.Rate),
        new("mysql.performance.com_update", "Com_update", CheckMetricKind.Rate),
        new("mysql.performance.com_delete", "Com_delete", CheckMetricKind.Rate),
        new("mysql.performance.com_replace", "Com_replace", CheckMetricKind.Rate),
        new("mysql.performance.com_load", "Com_load", CheckMetricKind.Rate),
        new("mysql.performance.com_insert_select", "Com_insert_select", CheckMetricKind.Rate),
        new("mysql.performance.com_update_multi", "Com_update_multi", CheckMetricKind.Rate),
        new("mysql.performance.com_delete_multi", "Com_delete_multi", CheckMetricKind.Rate),
        new("mysql.performance.com_replace_select", "Com_replace_select", CheckMetricKind.Rate),
        new("mysql.performance.bytes_sent", "Bytes_sent", CheckMetricKind.Rate),
        new("mysql.performance.bytes_received", "Bytes_received", CheckMetricKind.Rate),
        new("mysql.performance.open_files", "Open_files", CheckMetricKind.Gauge),
        new("mysql.performance.open_tables", "Open_tables", CheckMetricKind.Gauge),
        new("mysql.performance.created_tmp_tables", "Created_tmp_tables", CheckMetricKind.Rate),
        new("mysql.performance.created_tmp_disk_tables", "Created_tmp_disk_tables", CheckMetricKind.Rate),
        new("mysql.performance.created_tmp_files", "Created_tmp_files", CheckMetricKind.Rate),
        new("mysql.performance.table_locks_waited", "Table_locks_waited", CheckMetricKind.Gauge),
        new("mysql.performance.table_locks_waited.rate", "Table_locks_waited", CheckMetricKind.Rate),
        new("mysql.performance.qcache_hits", "Qcache_hits", CheckMetricKind.Rate),
        new("mysql.performance.qcache_inserts", "Qcache_inserts", CheckMetricKind.Rate),
        new("mysql.performance.qcache_lowmem_prunes", "Qcache_lowmem_prunes", CheckMetricKind.Rate),
        new("mysql.myisam.key_buffer_bytes_unflushed", "Key_buffer_bytes_unflushed", CheckMetricKind.Gauge),
        new("mysql.myisam.key_buffer_bytes_used", "Key_buffer_bytes_used", CheckMetricKind.Gauge),
        new("mysql.myisam.key_read_requests", "Key_read_requests", CheckMetricKind.Rate),
        new("mysql.myisam.key_reads", "Key_reads", CheckMetricKind.Rate),
        new("mysql.myisam.key_write_requests", "Key_write_requests", CheckMetricKind.Rate),
        new("mysql.myisam.key_writes", "Key_writes", CheckMetricKind.Rate),
    ];

    /// <summary>From SHOW GLOBAL VARIABLES and worked out, always.</summary>
    public static IReadOnlyList<MySqlMetric> Variables { get; } =
    [
        new("mysql.net.max_connections_available", "max_connections", CheckMetricKind.Gauge),
        new("mysql.performance.table_open_cache", "table_open_cache", CheckMetricKind.Gauge),
        new("mysql.performance.thread_cache_size", "thread_cache_size", CheckMetricKind.Gauge),
        new("mysql.performance.qcache_size", "query_cache_size", CheckMetricKind.Gauge),
        new("mysql.performance.max_prepared_stmt_count", "max_prepared_stmt_count", CheckMetricKind.Gauge),
        new("mysql.myisam.key_buffer_size", "key_buffer_size", CheckMetricKind.Gauge),
        new("mysql.performance.key_cache_utilization", "Key_cache_utilization", CheckMetricKind.Gauge),
        new("mysql.performance.qcache.utilization", "Qcache_utilization", CheckMetricKind.Gauge),
        new("mysql.performance.qcache.utilization.instant", "Qcache_instant_utilization", CheckMetricKind.Gauge),
    ];

    /// <summary>InnoDB, unless <c>disable_innodb_metrics</c>.</summary>
    public static IReadOnlyList<MySqlMetric> Innodb { get; } =
    [
        new("mysql.innodb.data_reads", "Innodb_data_reads", CheckMetricKind.Rate),
        new("mysql.innodb.data_writes", "Innodb_data_writes", CheckMetricKind.Rate),
        new("mysql.innodb.os_log_fsyncs", "Innodb_os_log_fsyncs", CheckMetricKind.Rate),
        new("mysql.innodb.mutex_spin_waits", "Innodb_mutex_spin_waits", CheckMetricKind.Rate),
        new("mysql.innodb.mutex_spin_rounds", "Innodb_mutex_spin_rounds", CheckMetricKind.Rate),
        new("mysql.innodb.mutex_os_waits", "Innodb_mutex_os_waits", CheckMetricKind.Rate),
        new("mysql.innodb.row_lock_waits", "Innodb_row_lock_waits", CheckMetricKind.Rate),
        new("mysql.innodb.row_lock_time", "Innodb_row_lock_time", CheckMetricKind.Rate),
        new("mysql.innodb.row_lock_current_waits", "Innodb_row_lock_current_waits", CheckMetricKind.Gauge),
        new("mysql.innodb.current_row_locks", "Innodb_current_row_locks", CheckMetricKind.Gauge),
        new("mysql.innodb.buffer_pool_dirty", "Innodb_buffer_pool_bytes_dirty", CheckMetricKind.Gauge),
        new("mysql.innodb.buffer_pool_free", "Innodb_buffer_pool_bytes_free", CheckMetricKind.Gauge),
        new("mysql.innodb.buffer_pool_used", "Innodb_buffer_pool_bytes_used", CheckMetricKind.Gauge),
        new("mysql.innodb.buffer_pool_total", "Innodb_buffer_pool_bytes_total", CheckMetricKind.Gauge),
        new("mysql.innodb.buffer_pool_utilization", "Innodb_buffer_pool_utilization", CheckMetricKind.Gauge),
        new("mysql.innodb.buffer_pool_read_requests", "Innodb_buffer_pool_read_requests", CheckMetricKind.Rate),
        new("mysql.innodb.buffer_pool_reads", "Innodb_buffer_pool_reads", CheckMetricKind.Rate),
    ];

    /// <summary>With <c>extra_status_metrics</c>.</summary>
    public static IReadOnlyList<MySqlMetric> ExtraStatus { get; } =
    [
        new("mysql.binlog.cache_disk_use", "Binlog_cache_disk_use", CheckMetricKind.Gauge),
        new("mysql.binlog.cache_use", "Binlog_cache_use", CheckMetricKind.Gauge),
        new("mysql.performance.handler_commit", "Handler_commit", CheckMetricKind.Rate),
        new("mysql.performance.handler_delete", "Handler_delete", CheckMetricKind.Rate),
        new("mysql.performance.handler_prepare", "Handler_prepare", CheckMetricKind.Rate),
        new("mysql.performance.handler_read_first", "Handler_read_first", CheckMetricKind.Rate),
        new("mysql.performance.handler_read_key", "Handler_read_key", CheckMetricKind.Rate),
        new("mysql.performance.handler_read_next", "Handler_read_next", CheckMetricKind.Rate),
        new("mysql.performance.handler_read_prev", "Handler_read_prev", CheckMetricKind.Rate),
        new("mysql.performance.handler_read_rnd", "Handler_read_rnd", CheckMetricKind.Rate),
        new("mysql.performance.handler_read_rnd_next", "Handler_read_rnd_next", CheckMetricKind.Rate),
        new("mysql.performance.handler_rollback", "Handler_rollback", CheckMetricKind.Rate),
        new("mysql.performance.handler_update", "Handler_update", CheckMetricKind.Rate),
        new("mysql.performance.handler_write", "Handler_write", CheckMetricKind.Rate),
        new("mysql.performance.opened_tables", "Opened_tables", CheckMetricKind.Rate),
        new("mysql.performance.qcache_total_blocks", "Qcache_total_blocks", CheckMetricKind.Gauge),
        new("mysql.performance.qcache_free_blocks", "Qcache_free_blocks", CheckMetricKind.Gauge),
        new("mysql.performance.qcache_free_memory", "Qcache_free_memory", CheckMetricKind.Gauge),
        new("mysql.performance.qcache_not_cached", "Qcache_not_cached", CheckMetricKind.Rate),
        new("mysql.performance.qcache_queries_in_cache", "Qcache_queries_in_cache", CheckMetricKind.Gauge),
        new("mysql.performance.select_full_join", "Select_full_join", CheckMetricKind.Rate),
        new("mysql.performance.select_full_range_join", "Select_full_range_join", CheckMetricKind.Rate),
        new("mysql.performance.select_range", "Select_range", CheckMetricKind.Rate),
        new("mysql.performance.select_range_check", "Select_range_check", CheckMetricKind.Rate),
        new("mysql.performance.select_scan", "Select_scan", CheckMetricKind.Rate),
        new("mysql.performance.sort_merge_passes", "Sort_merge_passes", CheckMetricKind.Rate),
        new("mysql.performance.sort_range", "Sort_range", CheckMetricKind.Rate),
        new("mysql.performance.sort_rows", "Sort_rows", CheckMetricKind.Rate),
        new("mysql.performance.sort_scan", "Sort_scan", CheckMetricKind.Rate),
        new("mysql.performance.table_locks_immediate", "Table_locks_immediate", CheckMetricKind.Gauge),
        new("mysql.performance.table_locks_immediate.rate", "Table_locks_immediate", CheckMetricKind.Rate),
        new("mysql.performance.threads_cached", "Threads_cached", CheckMetricKind.Gauge),
        new("mysql.performance.threads_created", "Threads_created", CheckMetricKind.MonotonicCount),
        new("mysql.performance.table_cache_hits", "Table_open_cache_hits", CheckMetricKind.Rate),
        new("mysql.performance.table_cache_misses", "Table_open_cache_misses", CheckMetricKind.Rate),
    ];

    /// <summary>With <c>extra_innodb_metrics</c>.</summary>
    public static IReadOnlyList<MySqlMetric> ExtraInnodb { get; } =
    [
        .. InnodbNames(CheckMetricKind.Gauge, """
            active_transactions buffer_pool_data buffer_pool_pages_data buffer_pool_pages_dirty buffer_pool_pages_free buffer_pool_pages_total
            buffer_pool_read_ahead_rnd checkpoint_age current_transactions data_pending_fsyncs data_pending_reads data_pending_writes
            hash_index_cells_total hash_index_cells_used history_list_length ibuf_free_list ibuf_segment_size ibuf_size locked_tables
            locked_transactions mem_adaptive_hash mem_additional_pool mem_dictionary mem_file_system mem_lock_system mem_page_hash
            mem_recovery_system mem_thread_hash mem_total os_log_pending_fsyncs os_log_pending_writes pending_aio_log_ios pending_aio_sync_ios
            pending_buffer_pool_flushes pending_checkpoint_writes pending_ibuf_aio_reads pending_log_flushes pending_log_writes
            pending_normal_aio_reads pending_normal_aio_writes queries_inside queries_queued read_views semaphore_wait_time semaphore_waits
            tables_in_use
            """),
        .. InnodbNames(CheckMetricKind.Rate, """
            buffer_pool_pages_flushed buffer_pool_read_ahead buffer_pool_read_ahead_evicted buffer_pool_write_requests data_fsyncs data_read
            data_written dblwr_pages_written dblwr_writes ibuf_merged ibuf_merged_delete_marks ibuf_merged_deletes ibuf_merged_inserts ibuf_merges
            lock_structs log_waits log_write_requests log_writes lsn_current lsn_flushed lsn_last_checkpoint os_file_fsyncs os_file_reads
            os_file_writes os_log_written pages_created pages_read pages_written rows_deleted rows_inserted rows_read rows_updated s_lock_os_waits
            s_lock_spin_rounds s_lock_spin_waits x_lock_os_waits x_lock_spin_rounds x_lock_spin_waits
            """),
        .. InnodbNames(CheckMetricKind.MonotonicCount, "buffer_pool_wait_free"),
    ];

    /// <summary>With <c>galera_cluster</c>, on a server that is in a cluster.</summary>
    public static IReadOnlyList<MySqlMetric> Galera { get; } =
    [
        new("mysql.galera.wsrep_cluster_size", "wsrep_cluster_size", CheckMetricKind.Gauge),
        new("mysql.galera.wsrep_local_recv_queue_avg", "wsrep_local_recv_queue_avg", CheckMetricKind.Gauge),
        new("mysql.galera.wsrep_local_send_queue_avg", "wsrep_local_send_queue_avg", CheckMetricKind.Gauge),
        new("mysql.galera.wsrep_flow_control_paused", "wsrep_flow_control_paused", CheckMetricKind.Gauge),
        new("mysql.galera.wsrep_flow_control_paused_ns", "wsrep_flow_control_paused_ns", CheckMetricKind.MonotonicCount),
        new("mysql.galera.wsrep_flow_control_recv", "wsrep_flow_control_recv", CheckMetricKind.MonotonicCount),
        new("mysql.galera.wsrep_flow_control_sent", "wsrep_flow_control_sent", CheckMetricKind.MonotonicCount),
        new("mysql.galera.wsrep_cert_deps_distance", "wsrep_cert_deps_distance", CheckMetricKind.Gauge),
        new("mysql.galera.wsrep_replicated_bytes", "wsrep_replicated_bytes", CheckMetricKind.Gauge),
        new("mysql.galera.wsrep_received_bytes", "wsrep_received_bytes", CheckMetricKind.Gauge),
        new("mysql.galera.wsrep_received", "wsrep_received", CheckMetricKind.Gauge),
        new("mysql.galera.wsrep_local_state", "wsrep_local_state", CheckMetricKind.Gauge),
        new("mysql.galera.wsrep_local_cert_failures", "wsrep_local_cert_failures", CheckMetricKind.MonotonicCount),
    ];

    /// <summary>Metrics <c>mysql.innodb.NAME</c>, whose values the server calls <c>Innodb_NAME</c>; one differs.</summary>
    static IEnumerable<MySqlMetric> InnodbNames(CheckMetricKind kind, string names) =>
        names.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Select(name => new MySqlMetric($"mysql.innodb.{name}", name is "buffer_pool_data" ? "Innodb_buffer_pool_bytes_data" : $"Innodb_{name}", kind));
}
