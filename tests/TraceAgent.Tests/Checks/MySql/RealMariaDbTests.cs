using Apm.Core.Checks;
using Apm.TestKit;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.MySql;
using MySqlConnector;

namespace Apm.TraceAgent.Tests.Checks.MySql;

/// <summary>The check against a server as Debian ships it, with the account and the file of the walkthrough.</summary>
public class RealMariaDbTests(MariaDbFixture fixture) : IClassFixture<MariaDbFixture>
{
    readonly MariaDb _server = fixture.Server;

    ICheck Check(params (string Key, object? Value)[] keys) =>
        new MySqlCheckKind().Create(Instance.Of([("server", "127.0.0.1"), ("port", (long)_server.Port), ("user", MariaDb.User), ("pass", MariaDb.Password), .. keys]));

    static async Task<RecordingOutput> RunAsync(ICheck check, int times = 1)
    {
        var output = new RecordingOutput();
        await using (check)
            for (var i = 0; i < times; i++) await check.RunAsync(output, CancellationToken.None);
        return output;
    }

    [Fact]
    public async Task The_walkthroughs_instance_gives_the_whole_default_set()
    {
        var output = await RunAsync(Check(("tags", Instance.List("optional_tag1", "env:walkthrough")), ("options", Instance.Map(("replication", 0L), ("galera_cluster", 1L)))), times: 2);

        Assert.Empty(output.Warnings);
        var expected = MySqlMetrics.Status.Concat(MySqlMetrics.Variables).Concat(MySqlMetrics.Innodb).Select(metric => metric.Name)
            .Concat(["mysql.binlog.disk_use", "mysql.performance.user_time", "mysql.performance.kernel_time", "mysql.performance.cpu_time"]);
        Assert.Equal(expected.Except(NotInMariaDb).Order(StringComparer.Ordinal), output.Names);
        Assert.All(output.Metrics, sent => Assert.Equal("optional_tag1 env:walkthrough", sent.Tags));
        Assert.Equal([("mysql.can_connect", CheckStatus.Ok, $"server:127.0.0.1 port:{_server.Port} optional_tag1 env:walkthrough", ""), ("mysql.can_connect", CheckStatus.Ok, $"server:127.0.0.1 port:{_server.Port} optional_tag1 env:walkthrough", "")], output.ServiceChecks);
        Assert.Contains("MariaDB", output.Facts["version"], StringComparison.Ordinal);
        Assert.Equal("MariaDB", output.Facts["flavor"]);
        Assert.Equal(151, output["mysql.net.max_connections_available"]);
        Assert.InRange(output["mysql.innodb.buffer_pool_total"], 15 * 1024 * 1024, 16 * 1024 * 1024); // Of the 16 MiB, some is for keeping books.
        Assert.InRange(output["mysql.innodb.buffer_pool_utilization"], 0.01, 1);
        Assert.True(output["mysql.performance.threads_connected"] >= 1);
        Assert.True(output["mysql.binlog.disk_use"] > 0);
    }

    /// <summary>What SHOW STATUS and the status text of MariaDB from 10.8 on no longer have.</summary>
    static readonly string[] NotInMariaDb = ["mysql.innodb.mutex_os_waits", "mysql.innodb.mutex_spin_rounds", "mysql.innodb.mutex_spin_waits", "mysql.innodb.os_log_fsyncs"];

    [Fact]
    public async Task Connections_are_a_counter_that_grows_with_each_run()
    {
        var output = await RunAsync(Check(), times: 3);

        var values = output.Metrics.Where(sent => sent.Name == "mysql.net.connections").ToList();
        Assert.All(values, sent => Assert.Equal(CheckMetricKind.Rate, sent.Kind));
        Assert.True(values[0].Value < values[1].Value && values[1].Value < values[2].Value);
    }

    [Fact]
    public async Task All_options_at_once()
    {
        await _server.AsRootAsync("CREATE DATABASE IF NOT EXISTS shop", "CREATE TABLE IF NOT EXISTS shop.orders (id INT PRIMARY KEY, state VARCHAR(9))", "REPLACE INTO shop.orders VALUES (1, 'open'), (2, 'open'), (3, 'paid')", "USE shop", "SELECT COUNT(*) FROM orders",
            $"CREATE USER IF NOT EXISTS 'all'@'localhost' IDENTIFIED BY '{MariaDb.Password}'", "GRANT PROCESS, SELECT, BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'all'@'localhost'");
        var options = Instance.Map(("replication", 1L), ("extra_status_metrics", true), ("extra_innodb_metrics", true), ("schema_size_metrics", true), ("table_size_metrics", true), ("system_table_size_metrics", true),
            ("extra_performance_metrics", true), ("table_rows_stats_metrics", true));
        var query = Instance.Map(("query", "SELECT state, COUNT(*) FROM shop.orders GROUP BY state"), ("columns", Instance.List(Instance.Map(("name", "state"), ("type", "tag")), Instance.Map(("name", "shop.orders"), ("type", "gauge")))));

        var output = await RunAsync(Check(("username", "all"), ("options", options), ("custom_queries", Instance.List(query))));

        Assert.Empty(output.Warnings);
        Assert.Contains("Gauge shop.orders 2 state:open", output.Lines);
        Assert.Contains(output.Metrics, sent => sent is { Name: "mysql.info.schema.size", Tags: "schema:shop", Value: > 0 });
        Assert.Contains(output.Metrics, sent => sent is { Name: "mysql.info.table.data_size", Tags: "schema:shop table:orders", Value: > 0 });
        Assert.Contains(output.Metrics, sent => sent is { Name: "mysql.info.table.data_size", Tags: "schema:mysql table:global_priv" });
        Assert.Contains(output.Metrics, sent => sent is { Kind: CheckMetricKind.MonotonicCount, Name: "mysql.info.table.rows.read", Tags: "schema:shop table:orders" });
        Assert.True(output.Has("mysql.performance.digest_95th_percentile.avg_us"));
        Assert.True(output.Has("mysql.performance.query_run_time.avg"));
        Assert.Equal(0, output["mysql.replication.replicas_connected"]);
        Assert.Contains(("mysql.replication.replica_running", CheckStatus.Warning, "replication_mode:source", ""), output.ServiceChecks);
        Assert.Empty(MySqlMetrics.ExtraStatus.Select(metric => metric.Name).Except(output.Names));
        Assert.Equal(ExtraInnodbNotInMariaDb, MySqlMetrics.ExtraInnodb.Select(metric => metric.Name["mysql.innodb.".Length..]).Except(output.Names.Select(name => name.Replace("mysql.innodb.", "", StringComparison.Ordinal))).Order(StringComparer.Ordinal));
    }

    /// <summary>Of other servers, or of older ones.</summary>
    static readonly string[] ExtraInnodbNotInMariaDb = """
        hash_index_cells_total hash_index_cells_used mem_additional_pool mem_file_system mem_lock_system mem_page_hash mem_recovery_system mem_thread_hash
        os_log_pending_fsyncs os_log_pending_writes pending_aio_log_ios pending_aio_sync_ios pending_buffer_pool_flushes pending_checkpoint_writes
        pending_ibuf_aio_reads pending_log_flushes pending_log_writes pending_normal_aio_reads pending_normal_aio_writes queries_inside queries_queued
        rows_deleted rows_inserted rows_read rows_updated s_lock_os_waits s_lock_spin_rounds s_lock_spin_waits x_lock_os_waits x_lock_spin_rounds
        x_lock_spin_waits
        """.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public async Task A_socket_will_do_as_well()
    {
        await using var check = new MySqlCheckKind().Create(Instance.Of(("sock", _server.Socket), ("username", MariaDb.User), ("password", MariaDb.Password)));
        var output = new RecordingOutput();

        await check.RunAsync(output, CancellationToken.None);

        Assert.Equal(("mysql.can_connect", CheckStatus.Ok, $"server:{_server.Socket} port:unix_socket", ""), Assert.Single(output.ServiceChecks));
        Assert.True(output.Has("mysql.performance.cpu_time"));
    }

    [Fact]
    public async Task An_option_file_gives_the_account()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $"[client]\nuser = {MariaDb.User}\npassword = '{MariaDb.Password}'\nsocket = {_server.Socket}\n");
        try
        {
            var output = await RunAsync(new MySqlCheckKind().Create(Instance.Of(("defaults_file", file))));

            Assert.Equal(CheckStatus.Ok, Assert.Single(output.ServiceChecks).Status);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_wrong_password_is_critical_and_says_what_to_check()
    {
        var output = new RecordingOutput();
        await using var check = Check(("password", "wrong"));

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(output, CancellationToken.None));

        Assert.Equal($"mysql: the server at 127.0.0.1:{_server.Port} refused the user 'datadog': the password is wrong, or there is no such account for this host. Check `username` and `password` in mysql.d/conf.yaml; " +
            "a new account is made with: CREATE USER 'datadog'@'localhost' IDENTIFIED BY '<password>';", fault.Message);
        Assert.Equal(CheckStatus.Critical, Assert.Single(output.ServiceChecks).Status);
    }

    [Fact]
    public async Task Missing_grants_are_named_one_by_one()
    {
        await _server.AsRootAsync($"CREATE USER IF NOT EXISTS 'poor'@'localhost' IDENTIFIED BY '{MariaDb.Password}'");

        var output = await RunAsync(Check(("username", "poor"), ("options", Instance.Map(("replication", true)))));

        Assert.Equal(
        [
            "GRANT PROCESS ON *.* TO 'poor'@'localhost';",
            "GRANT REPLICATION CLIENT ON *.* TO 'poor'@'localhost';",
            "GRANT SLAVE MONITOR ON *.* TO 'poor'@'localhost';",
        ], output.Warnings.Select(sentence => sentence[sentence.IndexOf("GRANT", StringComparison.Ordinal)..]));
        await _server.AsRootAsync([.. output.Warnings.Select(sentence => sentence[sentence.IndexOf("GRANT", StringComparison.Ordinal)..])]);
        Assert.Empty((await RunAsync(Check(("username", "poor"), ("options", Instance.Map(("replication", true)))))).Warnings);
    }

    [Fact]
    public async Task Four_other_connections_leave_room_for_the_check_and_a_fifth_does_not()
    {
        await _server.AsRootAsync($"CREATE USER IF NOT EXISTS 'five'@'localhost' IDENTIFIED BY '{MariaDb.Password}' WITH MAX_USER_CONNECTIONS 5", "GRANT PROCESS, REPLICATION CLIENT ON *.* TO 'five'@'localhost'");
        var others = new List<MySqlConnection>();
        try
        {
            for (var i = 0; i < 4; i++) others.Add(await _server.OpenAsync("five", MariaDb.Password));
            for (var run = 0; run < 5; run++)
            {
                Assert.Empty((await RunAsync(Check(("username", "five")))).Warnings);
                // The server forgets a closed connection a moment after its client has.
                await Until.True("the check's connection is gone", TimeSpan.FromSeconds(20), async () => await CountAsync("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE user = 'five'") == 4);
            }

            others.Add(await _server.OpenAsync("five", MariaDb.Password));
            await using var check = Check(("username", "five"));
            var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(new RecordingOutput(), CancellationToken.None));
            Assert.Contains("lets 'five' open no further connection", fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            foreach (var other in others) await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_statement_that_lasts_too_long_ends_the_run_without_a_second_connection()
    {
        await _server.AsRootAsync($"CREATE USER IF NOT EXISTS 'slow'@'localhost' IDENTIFIED BY '{MariaDb.Password}' WITH MAX_USER_CONNECTIONS 1");
        var query = Instance.Map(("query", "SELECT SLEEP(30)"), ("columns", Instance.List(Instance.Map(("name", "x"), ("type", "gauge")))));
        await using var check = Check(("username", "slow"), ("read_timeout", 1L), ("only_custom_queries", true), ("custom_queries", Instance.List(query)));
        var before = await ConnectionsSoFarAsync();

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(new RecordingOutput(), CancellationToken.None));

        Assert.Equal(before + 2, await ConnectionsSoFarAsync()); // The check's, and the one that asks.

        Assert.StartsWith($"mysql: the server at 127.0.0.1:{_server.Port} went away at `SELECT SLEEP(30)`: ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1)] // No room for the second connection that would end the statement on the server.
    public async Task A_run_that_is_ended_from_outside_stops_soon(int connections)
    {
        await _server.AsRootAsync($"CREATE USER IF NOT EXISTS 'ended{connections}'@'localhost' IDENTIFIED BY '{MariaDb.Password}' WITH MAX_USER_CONNECTIONS {connections}");
        var query = Instance.Map(("query", "SELECT SLEEP(30)"), ("columns", Instance.List(Instance.Map(("name", "x"), ("type", "gauge")))));
        await using var check = Check(("username", $"ended{connections}"), ("only_custom_queries", true), ("custom_queries", Instance.List(query)), ("read_timeout", 60L));
        using var end = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check.RunAsync(new RecordingOutput(), end.Token).WaitAsync(TimeSpan.FromSeconds(10)));

        if (connections > 1) await Until.True("the server has ended the statement", TimeSpan.FromSeconds(10), async () => await CountAsync($"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE user = 'ended{connections}'") == 0);
    }

    [Fact]
    public async Task Rows_beyond_the_limit_are_left_unread_and_it_is_said()
    {
        var query = Instance.Map(("query", "SELECT seq FROM shop.seq_1_to_500000000"), ("columns", Instance.List(Instance.Map(("name", "x"), ("type", "gauge")))));
        await _server.AsRootAsync("CREATE DATABASE IF NOT EXISTS shop", $"GRANT SELECT ON shop.* TO '{MariaDb.User}'@'localhost'");

        var output = await RunAsync(Check(("only_custom_queries", true), ("custom_queries", Instance.List(query, Instance.Map(("query", "SELECT 7"), ("columns", Instance.List(Instance.Map(("name", "y"), ("type", "gauge")))))))));

        Assert.Equal(["mysql: `SELECT seq FROM shop.seq_1_to_500000000` gave more than 10,000 rows; the first 10,000 are used for what this custom query gives."], output.Warnings);
        Assert.Equal((10_001, 7), (output.Metrics.Count, output["y"]));
    }

    /// <summary>How many connections the server was ever asked for, this one included.</summary>
    Task<long> ConnectionsSoFarAsync() => CountAsync("SELECT variable_value FROM information_schema.GLOBAL_STATUS WHERE variable_name = 'Connections'");

    async Task<long> CountAsync(string statement)
    {
        await using var connection = await _server.OpenAsync("root", "");
        await using var command = new MySqlCommand(statement, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Nobody_who_answers_is_critical()
    {
        await using var check = new MySqlCheckKind().Create(Instance.Of(("host", "127.0.0.1"), ("port", 1L), ("user", "u"), ("pass", "p")));
        var output = new RecordingOutput();

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(output, CancellationToken.None));

        Assert.StartsWith("mysql: the server at 127.0.0.1:1 cannot be reached: ", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("Check that the server runs, and `host`, `port` or `sock` in mysql.d/conf.yaml.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(("mysql.can_connect", CheckStatus.Critical, "server:127.0.0.1 port:1", fault.Message), Assert.Single(output.ServiceChecks));
    }

    [Fact]
    public async Task The_server_is_killed_in_mid_check_and_the_run_after_it_is_back_is_good()
    {
        await using var check = Check();
        var killed = false;
        var output = new RecordingOutput { OnServiceCheck = status => { if (status is CheckStatus.Ok && !killed) { killed = true; _server.Kill(); } } };

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(output, CancellationToken.None));

        Assert.StartsWith($"mysql: the server at 127.0.0.1:{_server.Port} went away at `SELECT VERSION(), CURRENT_USER()`: ", fault.Message, StringComparison.Ordinal);
        Assert.Equal([CheckStatus.Ok, CheckStatus.Critical], output.ServiceChecks.Select(answer => answer.Status));

        await _server.StartServerAsync();
        var again = new RecordingOutput();
        await check.RunAsync(again, CancellationToken.None);
        Assert.Equal(CheckStatus.Ok, Assert.Single(again.ServiceChecks).Status);
        Assert.True(again.Has("mysql.net.connections"));
    }
}
