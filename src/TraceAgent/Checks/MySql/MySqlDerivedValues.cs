namespace Apm.TraceAgent.Checks.MySql;

/// <summary>Values that no statement gives but that follow from those it gives (metrics-monitors §10.4). One of these per instance: it remembers the last run.</summary>
/// <remarks>Not thread-safe. What cannot be worked out, because a part is missing or would be divided by zero, stays absent.</remarks>
public sealed class MySqlDerivedValues
{
    double? _lastHits;
    double _lastLookups;

    /// <summary>Adds them to the values of this run.</summary>
    public void AddTo(MySqlValues values)
    {
        AddKeyCache(values);
        AddQueryCache(values);
        AddBufferPool(values);
        AddMerges(values);
    }

    static void AddKeyCache(MySqlValues values)
    {
        if (!values.TryGet("key_cache_block_size", out var blockBytes)) return;
        if (values.TryGet("Key_blocks_unused", out var unused) && values.TryGet("key_buffer_size", out var bufferBytes) && bufferBytes > 0)
            values.Set("Key_cache_utilization", 1 - (unused * blockBytes / bufferBytes));
        if (values.TryGet("Key_blocks_used", out var used)) values.Set("Key_buffer_bytes_used", used * blockBytes);
        if (values.TryGet("Key_blocks_not_flushed", out var unflushed)) values.Set("Key_buffer_bytes_unflushed", unflushed * blockBytes);
    }

    void AddQueryCache(MySqlValues values)
    {
        if (!values.TryGet("Qcache_hits", out var hits) || !values.TryGet("Qcache_inserts", out var inserts) || !values.TryGet("Qcache_not_cached", out var notCached)) return;
        var lookups = inserts + notCached + hits;
        values.Set("Qcache_utilization", hits == 0 ? 0 : hits / lookups * 100);
        // After a restart of the server the counters are smaller than they were: that step says nothing.
        if (_lastHits is { } before && hits >= before && lookups >= _lastLookups)
            values.Set("Qcache_instant_utilization", hits == before ? 0 : (hits - before) / (lookups - _lastLookups) * 100);
        (_lastHits, _lastLookups) = (hits, lookups);
    }

    static void AddBufferPool(MySqlValues values)
    {
        if (!values.TryGet("Innodb_page_size", out var pageBytes)) return;
        AddBytes(values, "Innodb_buffer_pool_bytes_data", "Innodb_buffer_pool_pages_data", pageBytes);
        AddBytes(values, "Innodb_buffer_pool_bytes_dirty", "Innodb_buffer_pool_pages_dirty", pageBytes);
        AddBytes(values, "Innodb_buffer_pool_bytes_free", "Innodb_buffer_pool_pages_free", pageBytes);
        if (!values.TryGet("Innodb_buffer_pool_pages_total", out var total) || !values.TryGet("Innodb_buffer_pool_pages_free", out var free)) return;
        values.Set("Innodb_buffer_pool_bytes_total", total * pageBytes);
        values.Set("Innodb_buffer_pool_bytes_used", (total - free) * pageBytes);
        if (total > 0) values.Set("Innodb_buffer_pool_utilization", (total - free) / total);
    }

    /// <summary>MariaDB's status text no longer has the merges of the change buffer; their parts are in SHOW STATUS.</summary>
    static void AddMerges(MySqlValues values)
    {
        if (values.Find("Innodb_ibuf_merged") is null && values.TryGet("Innodb_ibuf_merged_inserts", out var inserts) && values.TryGet("Innodb_ibuf_merged_delete_marks", out var marks)
            && values.TryGet("Innodb_ibuf_merged_deletes", out var deletes))
            values.Set("Innodb_ibuf_merged", inserts + marks + deletes);
    }

    /// <summary>A size from the number of pages, where the server does not give the bytes.</summary>
    static void AddBytes(MySqlValues values, string bytes, string pages, double pageBytes)
    {
        if (values.Find(bytes) is null && values.TryGet(pages, out var count)) values.Set(bytes, count * pageBytes);
    }
}
