using System.Buffers;
using System.Globalization;

namespace Apm.TraceAgent.Checks.MySql;

/// <summary>
/// Reads the text of SHOW ENGINE INNODB STATUS, as MySQL from 5.1, Percona Server and MariaDB write it (metrics-monitors §10.5):
/// <code>
/// SEMAPHORES              spins, waits, threads that wait now
/// LATEST DETECTED DEADLOCK   of the past, so not counted
/// TRANSACTIONS            Trx id counter …, then one block per session
/// FILE I/O  INSERT BUFFER AND ADAPTIVE HASH INDEX  LOG
/// BUFFER POOL AND MEMORY  totals; then ---BUFFER POOL n, one per part
/// ROW OPERATIONS
/// </code>
/// Values get the names of status variables (<c>Innodb_</c> + name). Lines we do not know are passed over; a number that cannot be read is left out.
/// </summary>
public static class InnodbStatusText
{
    /// <summary>What the text tells. Things that are counted in it are 0, not absent, when their section is there and none is found.</summary>
    public static IReadOnlyDictionary<string, double> Read(string text)
    {
        var reader = new Reader();
        foreach (var line in text.AsSpan().EnumerateLines()) reader.Take(line.Trim());
        return reader.Finish();
    }

    sealed class Reader
    {
        readonly Dictionary<string, double> _values = new(StringComparer.OrdinalIgnoreCase);
        bool _inTransactions; // Before their counter stands the last deadlock, which has the same lines.
        bool _inOnePool;
        bool _mergedNext;

        public void Take(ReadOnlySpan<char> line)
        {
            if (line.IsEmpty) return;
            if (_mergedNext) Merged(line);
            else if (line is "SEMAPHORES") Zero("semaphore_waits", "semaphore_wait_time");
            else if (Begins(line, "Mutex spin waits")) Spins(line, "Mutex spin waits", "mutex_spin_waits", "mutex_spin_rounds", "mutex_os_waits");
            else if (Begins(line, "RW-shared spins")) SharedSpins(line);
            else if (Begins(line, "RW-excl spins")) Spins(line, "RW-excl spins", "x_lock_spin_waits", "x_lock_spin_rounds", "x_lock_os_waits");
            else if (Before(line, "seconds the semaphore") is { } seconds) { Add("semaphore_waits", 1); Add("semaphore_wait_time", seconds * 1000); }
            else if (Begins(line, "Trx id counter")) BeginTransactions();
            else if (Begins(line, "History list length")) Set("history_list_length", After(line, "History list length"));
            else if (_inTransactions && Begins(line, "---TRANSACTION")) { Add("current_transactions", 1); if (line.Contains("ACTIVE", StringComparison.Ordinal)) Add("active_transactions", 1); }
            else if (Has(line, "read views open inside InnoDB")) Set("read_views", Before(line, "read views open"));
            else if (Begins(line, "mysql tables in use")) { if (_inTransactions) { Add("tables_in_use", After(line, "in use")); Add("locked_tables", After(line, "locked")); } }
            else if (Has(line, "lock struct(s)")) { if (_inTransactions) LockStructs(line); }
            else if (Has(line, "OS file reads")) { Set("os_file_reads", Before(line, "OS file reads")); Set("os_file_writes", Before(line, "OS file writes")); Set("os_file_fsyncs", Before(line, "OS fsyncs")); }
            else if (Begins(line, "Pending normal aio reads")) { Set("pending_normal_aio_reads", SumAfter(line, "aio reads:", "aio writes:")); Set("pending_normal_aio_writes", SumAfter(line, "aio writes:", "\n")); }
            else if (Begins(line, "ibuf aio reads")) { Set("pending_ibuf_aio_reads", After(line, "ibuf aio reads:")); Set("pending_aio_log_ios", After(line, "log i/o's:")); Set("pending_aio_sync_ios", After(line, "sync i/o's:")); }
            else if (Begins(line, "Pending flushes (fsync)")) { Set("pending_log_flushes", After(line, "log:")); Set("pending_buffer_pool_flushes", After(line, "buffer pool:")); }
            else if (Begins(line, "Ibuf")) { Set("ibuf_size", After(line, "size")); Set("ibuf_free_list", After(line, "free list len")); Set("ibuf_segment_size", After(line, "seg size")); Set("ibuf_merges", Before(line, "merges")); }
            else if (line is "merged operations:") _mergedNext = true;
            else if (Begins(line, "Hash table size")) HashTable(line);
            else if (Has(line, "log i/o's done")) Set("log_writes", Before(line, "log i/o's done"));
            else if (Has(line, "pending chkp writes")) { Set("pending_log_writes", Before(line, "pending log writes")); Set("pending_log_flushes", Before(line, "pending log flushes")); Set("pending_checkpoint_writes", Before(line, "pending chkp writes")); }
            else if (Begins(line, "Log sequence number")) Set("lsn_current", After(line, "Log sequence number"));
            else if (Begins(line, "Log flushed up to")) Set("lsn_flushed", After(line, "Log flushed up to"));
            else if (Begins(line, "Last checkpoint at")) Set("lsn_last_checkpoint", After(line, "Last checkpoint at"));
            else if (Begins(line, "Total memory allocated")) { Set("mem_total", After(line, "Total memory allocated")); Set("mem_additional_pool", After(line, "in additional pool allocated")); }
            else if (Begins(line, "Total large memory allocated")) Set("mem_total", After(line, "Total large memory allocated"));
            else if (Begins(line, "Adaptive hash index ")) Set("mem_adaptive_hash", After(line, "Adaptive hash index"));
            else if (Begins(line, "Page hash ")) Set("mem_page_hash", After(line, "Page hash"));
            else if (Begins(line, "Dictionary cache ")) Set("mem_dictionary", After(line, "Dictionary cache"));
            else if (Begins(line, "Dictionary memory allocated ")) Set("mem_dictionary", After(line, "Dictionary memory allocated"));
            else if (Begins(line, "File system ")) Set("mem_file_system", After(line, "File system"));
            else if (Begins(line, "Lock system ")) Set("mem_lock_system", After(line, "Lock system"));
            else if (Begins(line, "Recovery system ")) Set("mem_recovery_system", After(line, "Recovery system"));
            else if (Begins(line, "Threads ")) Set("mem_thread_hash", After(line, "Threads"));
            else if (Begins(line, "---BUFFER POOL")) _inOnePool = true;
            else if (line is "ROW OPERATIONS") _inOnePool = false;
            else if (_inOnePool) return; // Its pages are in the totals already.
            else if (Begins(line, "Buffer pool size ")) Set("buffer_pool_pages_total", After(line, "Buffer pool size"));
            else if (Begins(line, "Free buffers ")) Set("buffer_pool_pages_free", After(line, "Free buffers"));
            else if (Begins(line, "Database pages ")) Set("buffer_pool_pages_data", After(line, "Database pages"));
            else if (Begins(line, "Modified db pages ")) Set("buffer_pool_pages_dirty", After(line, "Modified db pages"));
            else if (Begins(line, "Pages read ahead")) return; // Rates of the server's own.
            else if (Begins(line, "Pages read ")) { Set("pages_read", After(line, "Pages read")); Set("pages_created", After(line, "created")); Set("pages_written", After(line, "written")); }
            else if (Begins(line, "Number of rows inserted")) { Set("rows_inserted", After(line, "inserted")); Set("rows_updated", After(line, "updated")); Set("rows_deleted", After(line, "deleted")); Set("rows_read", After(line, "read")); }
            else if (Has(line, "queries inside InnoDB")) { Set("queries_inside", Before(line, "queries inside InnoDB")); Set("queries_queued", Before(line, "queries in queue")); }
        }

        public Dictionary<string, double> Finish()
        {
            if (_values.TryGetValue("Innodb_lsn_current", out var current) && _values.TryGetValue("Innodb_lsn_last_checkpoint", out var last)) Set("checkpoint_age", current - last);
            return _values;
        }

        void BeginTransactions()
        {
            _inTransactions = true;
            Zero("current_transactions", "active_transactions", "locked_transactions", "lock_structs", "current_row_locks", "tables_in_use", "locked_tables");
        }

        void Spins(ReadOnlySpan<char> line, string begins, string waits, string rounds, string osWaits)
        {
            Set(waits, After(line, begins));
            Set(rounds, After(line, "rounds"));
            Set(osWaits, After(line, "OS waits"));
        }

        /// <summary>Up to MySQL 5.5.16 both kinds of lock stand in one line, without rounds.</summary>
        void SharedSpins(ReadOnlySpan<char> line)
        {
            var second = line.IndexOf("; RW-excl spins", StringComparison.Ordinal);
            Spins(second < 0 ? line : line[..second], "RW-shared spins", "s_lock_spin_waits", "s_lock_spin_rounds", "s_lock_os_waits");
            if (second >= 0) Spins(line[second..], "RW-excl spins", "x_lock_spin_waits", "x_lock_spin_rounds", "x_lock_os_waits");
        }

        void LockStructs(ReadOnlySpan<char> line)
        {
            Add("lock_structs", Before(line, "lock struct(s)"));
            Add("current_row_locks", Before(line, "row lock(s)"));
            if (Begins(line, "LOCK WAIT")) Add("locked_transactions", 1);
        }

        /// <summary>The line below "merged operations:"; a little further on stands one of the same shape for discarded ones.</summary>
        void Merged(ReadOnlySpan<char> line)
        {
            _mergedNext = false;
            var inserts = After(line, "insert");
            var marks = After(line, "delete mark");
            var deletes = line.LastIndexOf("delete ", StringComparison.Ordinal) is >= 0 and var at ? After(line[at..], "delete") : null;
            Set("ibuf_merged_inserts", inserts);
            Set("ibuf_merged_delete_marks", marks);
            Set("ibuf_merged_deletes", deletes);
            if (inserts is not null && marks is not null && deletes is not null) Set("ibuf_merged", inserts + marks + deletes);
        }

        /// <summary>One line per part of the index: the sizes add up. Which cells are used is told by old servers only.</summary>
        void HashTable(ReadOnlySpan<char> line)
        {
            Add("hash_index_cells_total", After(line, "Hash table size"));
            Add("hash_index_cells_used", After(line, "used cells") ?? 0);
        }

        void Zero(params ReadOnlySpan<string> names)
        {
            foreach (var name in names) Set(name, 0);
        }

        void Set(string name, double? value)
        {
            if (value is { } number) _values[$"Innodb_{name}"] = number;
        }

        void Add(string name, double? value)
        {
            if (value is { } number) _values[$"Innodb_{name}"] = _values.GetValueOrDefault($"Innodb_{name}") + number;
        }
    }

    static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    static bool Begins(ReadOnlySpan<char> line, string with) => line.StartsWith(with, StringComparison.Ordinal);

    static bool Has(ReadOnlySpan<char> line, string phrase) => line.Contains(phrase, StringComparison.Ordinal);

    /// <summary>The number that follows a phrase at once, but for blanks and brackets.</summary>
    static double? After(ReadOnlySpan<char> line, string phrase)
    {
        var at = line.IndexOf(phrase, StringComparison.Ordinal);
        if (at < 0) return null;
        var rest = line[(at + phrase.Length)..].TrimStart(" \t[");
        var length = rest.IndexOfAnyExcept(Digits);
        return Number(length < 0 ? rest : rest[..length]);
    }

    /// <summary>The number that stands at once before a phrase, but for blanks.</summary>
    static double? Before(ReadOnlySpan<char> line, string phrase)
    {
        var at = line.IndexOf(phrase, StringComparison.Ordinal);
        if (at <= 0) return null;
        var rest = line[..at].TrimEnd();
        return Number(rest[(rest.LastIndexOfAnyExcept(Digits) + 1)..]);
    }

    /// <summary>Between two phrases: a number, or a list in brackets, whose sum it is when no number stands before the list.</summary>
    static double? SumAfter(ReadOnlySpan<char> line, string phrase, string until)
    {
        if (After(line, phrase) is null) return null;
        var part = line[(line.IndexOf(phrase, StringComparison.Ordinal) + phrase.Length)..];
        if (part.IndexOf(until, StringComparison.Ordinal) is >= 0 and var end) part = part[..end];
        part = part.Trim();
        if (part.IsEmpty || part[0] is not '[') return After(line, phrase);
        double? sum = null;
        var list = part[1..];
        if (list.IndexOf(']') is >= 0 and var close) list = list[..close];
        foreach (var range in list.Split(',')) if (Number(list[range].Trim()) is { } number) sum = (sum ?? 0) + number;
        return sum;
    }

    static double? Number(ReadOnlySpan<char> digits) =>
        double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
