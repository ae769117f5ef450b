using System.Globalization;
using Apm.TraceAgent.Checks.MySql;

namespace Apm.TraceAgent.Tests.Checks.MySql;

public class InnodbStatusTextTests
{
    static string Read(string text) => string.Join('\n', InnodbStatusText.Read(text).OrderBy(pair => pair.Key, StringComparer.Ordinal)
        .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key["Innodb_".Length..]} {pair.Value}")));

    [Fact]
    public void The_text_of_an_old_server_with_everything_in_it() => Assert.Equal("""
        active_transactions 2
        buffer_pool_pages_data 3000
        buffer_pool_pages_dirty 40
        buffer_pool_pages_free 5000
        buffer_pool_pages_total 8191
        checkpoint_age 900
        current_row_locks 7
        current_transactions 3
        hash_index_cells_total 2212
        hash_index_cells_used 11
        history_list_length 88
        ibuf_free_list 5
        ibuf_merged 60
        ibuf_merged_delete_marks 20
        ibuf_merged_deletes 30
        ibuf_merged_inserts 10
        ibuf_merges 6
        ibuf_segment_size 7
        ibuf_size 1
        lock_structs 6
        locked_tables 1
        locked_transactions 1
        log_writes 400
        lsn_current 1900
        lsn_flushed 1800
        lsn_last_checkpoint 1000
        mem_adaptive_hash 2217584
        mem_additional_pool 4096
        mem_dictionary 1199892
        mem_file_system 82904
        mem_lock_system 333608
        mem_page_hash 139144
        mem_recovery_system 0
        mem_thread_hash 82544
        mem_total 137363456
        mutex_os_waits 3
        mutex_spin_rounds 2
        mutex_spin_waits 1
        os_file_fsyncs 13
        os_file_reads 11
        os_file_writes 12
        pages_created 22
        pages_read 21
        pages_written 23
        pending_aio_log_ios 2
        pending_aio_sync_ios 3
        pending_buffer_pool_flushes 5
        pending_checkpoint_writes 9
        pending_ibuf_aio_reads 1
        pending_log_flushes 4
        pending_log_writes 8
        pending_normal_aio_reads 6
        pending_normal_aio_writes 10
        queries_inside 1
        queries_queued 2
        read_views 4
        rows_deleted 103
        rows_inserted 101
        rows_read 104
        rows_updated 102
        s_lock_os_waits 6
        s_lock_spin_rounds 5
        s_lock_spin_waits 4
        semaphore_wait_time 3500
        semaphore_waits 2
        tables_in_use 2
        x_lock_os_waits 9
        x_lock_spin_rounds 8
        x_lock_spin_waits 7
        """, Read("""
        =====================================
        151120 10:00:00 INNODB MONITOR OUTPUT
        =====================================
        ----------
        SEMAPHORES
        ----------
        OS WAIT ARRAY INFO: reservation count 10, signal count 9
        --Thread 1 has waited at btr0sea.c line 1134 for 1.50 seconds the semaphore:
        --Thread 2 has waited at row0sel.c line 3574 for 2.00 seconds the semaphore:
        Mutex spin waits 1, rounds 2, OS waits 3
        RW-shared spins 4, rounds 5, OS waits 6
        RW-excl spins 7, rounds 8, OS waits 9
        Spin rounds per wait: 2.00 mutex, 1.25 RW-shared, 1.14 RW-excl
        ------------------------
        LATEST DETECTED DEADLOCK
        ------------------------
        *** (1) TRANSACTION:
        TRANSACTION 5A1, ACTIVE 9 sec starting index read
        mysql tables in use 5, locked 5
        LOCK WAIT 9 lock struct(s), heap size 376, 9 row lock(s)
        ------------
        TRANSACTIONS
        ------------
        Trx id counter 5B7F
        Purge done for trx's n:o < 5B7E undo n:o < 0
        History list length 88
        LIST OF TRANSACTIONS FOR EACH SESSION:
        ---TRANSACTION 0, not started
        MySQL thread id 5, query id 61 localhost root
        ---TRANSACTION 5B7D, ACTIVE 3 sec
        2 lock struct(s), heap size 376, 3 row lock(s), undo log entries 3
        ---TRANSACTION 5B7C, ACTIVE 12 sec updating or deleting
        mysql tables in use 2, locked 1
        LOCK WAIT 4 lock struct(s), heap size 1248, 4 row lock(s)
        --------
        FILE I/O
        --------
        I/O thread 0 state: waiting for i/o request (insert buffer thread)
        Pending normal aio reads: 6 [1, 2, 3, 0] , aio writes: 10 [0, 0, 4, 6] ,
         ibuf aio reads: 1, log i/o's: 2, sync i/o's: 3
        Pending flushes (fsync) log: 4; buffer pool: 5
        11 OS file reads, 12 OS file writes, 13 OS fsyncs
        0.00 reads/s, 0 avg bytes/read, 0.00 writes/s, 0.00 fsyncs/s
        -------------------------------------
        INSERT BUFFER AND ADAPTIVE HASH INDEX
        -------------------------------------
        Ibuf: size 1, free list len 5, seg size 7, 6 merges
        merged operations:
         insert 10, delete mark 20, delete 30
        discarded operations:
         insert 1, delete mark 2, delete 3
        Hash table size 2212, used cells 11, node heap has 2 buffer(s)
        0.00 hash searches/s, 0.00 non-hash searches/s
        ---
        LOG
        ---
        Log sequence number 1900
        Log flushed up to   1800
        Last checkpoint at  1000
        8 pending log writes, 9 pending chkp writes
        400 log i/o's done, 0.00 log i/o's/second
        ----------------------
        BUFFER POOL AND MEMORY
        ----------------------
        Total memory allocated 137363456; in additional pool allocated 4096
        Internal hash tables (constant factor + variable factor)
            Adaptive hash index 2217584 	(2213368 + 4216)
            Page hash           139144 (buffer pool 0 only)
            Dictionary cache    1199892 	(554768 + 645124)
            File system         82904 	(82672 + 232)
            Lock system         333608 	(332872 + 736)
            Recovery system     0 	(0 + 0)
            Threads             82544 	(82696 + 0)
        Dictionary memory allocated 1199892
        Buffer pool size        8191
        Buffer pool size, bytes 134201344
        Free buffers            5000
        Database pages          3000
        Old database pages      1000
        Modified db pages       40
        Pending reads 0
        Pages read ahead 0.00/s, evicted without access 0.00/s, Random read ahead 0.00/s
        Pages read 21, created 22, written 23
        0.00 reads/s, 0.00 creates/s, 0.00 writes/s
        ----------------------
        INDIVIDUAL BUFFER POOL INFO
        ----------------------
        ---BUFFER POOL 0
        Buffer pool size        4095
        Free buffers            2500
        Database pages          1500
        Modified db pages       20
        Pages read 1, created 2, written 3
        --------------
        ROW OPERATIONS
        --------------
        1 queries inside InnoDB, 2 queries in queue
        4 read views open inside InnoDB
        Number of rows inserted 101, updated 102, deleted 103, read 104
        0.00 inserts/s, 0.00 updates/s, 0.00 deletes/s, 0.00 reads/s
        ----------------------------
        END OF INNODB MONITOR OUTPUT
        ============================
        """));

    [Fact]
    public void The_text_of_MariaDB_10_11_19_as_it_came() => Assert.Equal("""
        active_transactions 0
        buffer_pool_pages_data 305
        buffer_pool_pages_dirty 23
        buffer_pool_pages_free 7807
        buffer_pool_pages_total 8112
        checkpoint_age 2390
        current_row_locks 0
        current_transactions 1
        history_list_length 3
        lock_structs 0
        locked_tables 0
        locked_transactions 0
        lsn_current 46778
        lsn_flushed 46711
        lsn_last_checkpoint 44388
        mem_dictionary 857024
        mem_total 167772160
        os_file_fsyncs 4
        os_file_reads 179
        os_file_writes 0
        pages_created 135
        pages_read 170
        pages_written 0
        read_views 0
        semaphore_wait_time 0
        semaphore_waits 0
        tables_in_use 0
        """, Read(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Checks/MySql/Recorded/innodb-status-mariadb-10.11.19.txt"))));

    [Theory]
    [InlineData("RW-shared spins 3, OS waits 2; RW-excl spins 5, OS waits 4", "s_lock_os_waits 2\ns_lock_spin_waits 3\nx_lock_os_waits 4\nx_lock_spin_waits 5")]
    [InlineData("Pending normal aio reads: 1, aio writes: 2,", "pending_normal_aio_reads 1\npending_normal_aio_writes 2")]
    [InlineData("Pending normal aio reads: [1, 2, 0, 4] , aio writes: [0, 8] ,", "pending_normal_aio_reads 7\npending_normal_aio_writes 8")]
    [InlineData("Pending normal aio reads:, aio writes:,", "")]
    [InlineData("Pending normal aio reads: [0, 0] , aio writes: [0, 0] ,\n ibuf aio reads:, log i/o's:, sync i/o's:", "pending_normal_aio_reads 0\npending_normal_aio_writes 0")]
    [InlineData("Hash table size 34679, node heap has 1 buffer(s)\nHash table size 34679, node heap has 0 buffer(s)", "hash_index_cells_total 69358\nhash_index_cells_used 0")]
    [InlineData("Total large memory allocated 137428992\nDictionary memory allocated 116177", "mem_dictionary 116177\nmem_total 137428992")]
    [InlineData("0 pending log flushes, 1 pending chkp writes", "pending_checkpoint_writes 1\npending_log_flushes 0")]
    [InlineData("Number of system rows inserted 1, updated 2, deleted 3, read 4", "")]
    [InlineData("Log sequence number          18231\nLast checkpoint at           18231", "checkpoint_age 0\nlsn_current 18231\nlsn_last_checkpoint 18231")]
    [InlineData("", "")]
    [InlineData("History list length\nOS file reads, OS file writes\n lock struct(s)\nmerged operations:", "")]
    [InlineData("History list length 99999999999999999999999999", "history_list_length 1E+26")]
    public void Lines_of_other_servers(string text, string values) => Assert.Equal(values, Read(text));

    [Fact]
    public void On_a_server_where_nothing_happens_what_is_counted_is_nought() => Assert.Equal("""
        active_transactions 0
        current_row_locks 0
        current_transactions 1
        lock_structs 0
        locked_tables 0
        locked_transactions 0
        semaphore_wait_time 0
        semaphore_waits 0
        tables_in_use 0
        """, Read("SEMAPHORES\nTrx id counter 14\n---TRANSACTION 281479, not started\n0 lock struct(s), heap size 1128, 0 row lock(s)"));

    [Fact]
    public void Damaged_texts_throw_nothing()
    {
        var random = new Random(20261129);
        var lines = new[] { "Ibuf: size 1, free list len 0, seg size 2, 0 merges", "merged operations:", " insert 0, delete mark 0, delete 0", "Pending normal aio reads: [1, 2] , aio writes: 3 [3] ,", "Trx id counter 5",
            "---TRANSACTION 5, ACTIVE 1 sec", "LOCK WAIT 2 lock struct(s), heap size 1128, 1 row lock(s)", "RW-shared spins 3, OS waits 2; RW-excl spins 5, OS waits 4", "1 queries inside InnoDB, 0 queries in queue" };
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Join('\n', Enumerable.Range(0, 5).Select(_ => lines[random.Next(lines.Length)])).ToCharArray();
            for (var n = random.Next(6); n > 0; n--) text[random.Next(text.Length)] = (char)random.Next(32, 127);
            _ = InnodbStatusText.Read(new string(text.AsSpan(random.Next(text.Length))));
        }
    }
}
