using Apm.Core.Checks;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.MySql;

namespace Apm.TraceAgent.Tests.Checks.MySql;

public class MySqlCheckTests
{
    [Fact]
    public async Task Values_go_out_under_their_names_with_the_instances_tags()
    {
        var output = await new FakeServer().Status(("Connections", 100), ("Questions", 1000), ("Threads_connected", 3)).Variables(("max_connections", 151))
            .RunAsync(("tags", Instance.List("env:shop", "optional:tag")));

        Assert.Equal(
        [
            "Rate mysql.net.connections 100 env:shop optional:tag",
            "Gauge mysql.performance.threads_connected 3 env:shop optional:tag",
            "Rate mysql.performance.questions 1000 env:shop optional:tag",
            "Gauge mysql.net.max_connections_available 151 env:shop optional:tag",
        ], output.Lines);
        Assert.Equal(("mysql.can_connect", CheckStatus.Ok, "server:127.0.0.1 port:3306 env:shop optional:tag", ""), Assert.Single(output.ServiceChecks));
        Assert.Empty(output.Warnings);
    }

    [Fact]
    public async Task A_buffer_pool_of_8192_pages()
    {
        var output = await new FakeServer().Answer("ENGINES", ["engine"], ["InnoDB"])
            .Status(("Innodb_buffer_pool_pages_total", 8192), ("Innodb_buffer_pool_pages_free", 2048), ("Innodb_page_size", 16384)).RunAsync();

        Assert.Equal(100663296, output["mysql.innodb.buffer_pool_used"]);
        Assert.Equal(134217728, output["mysql.innodb.buffer_pool_total"]);
        Assert.Equal(33554432, output["mysql.innodb.buffer_pool_free"]);
        Assert.Equal(0.75, output["mysql.innodb.buffer_pool_utilization"]);
    }

    [Fact]
    public async Task A_key_cache_that_is_used_to_a_fifth()
    {
        var output = await new FakeServer().Status(("Key_blocks_unused", 13396), ("Key_blocks_used", 10), ("Key_blocks_not_flushed", 2))
            .Variables(("key_buffer_size", 16777216), ("key_cache_block_size", 1024)).RunAsync();

        Assert.Equal(0.182373, output["mysql.performance.key_cache_utilization"], 6);
        Assert.Equal(10240, output["mysql.myisam.key_buffer_bytes_used"]);
        Assert.Equal(2048, output["mysql.myisam.key_buffer_bytes_unflushed"]);
    }

    [Fact]
    public async Task A_key_cache_of_no_size_divides_nothing() => Assert.False((await new FakeServer().Status(("Key_blocks_unused", 0)).Variables(("key_buffer_size", 0), ("key_cache_block_size", 1024)).RunAsync())
        .Has("mysql.performance.key_cache_utilization"));

    [Fact]
    public async Task The_query_cache_over_two_runs()
    {
        var server = new FakeServer().Status(("Qcache_hits", 0), ("Qcache_inserts", 10), ("Qcache_not_cached", 10));
        await using var check = server.Check();
        var output = new RecordingOutput();

        await check.RunAsync(output, CancellationToken.None);
        Assert.Equal(0, output["mysql.performance.qcache.utilization"]);
        Assert.False(output.Has("mysql.performance.qcache.utilization.instant"));

        server.Status(("Qcache_hits", 30), ("Qcache_inserts", 20), ("Qcache_not_cached", 10));
        await check.RunAsync(output, CancellationToken.None);
        Assert.Equal(50, output["mysql.performance.qcache.utilization"]);
        Assert.Equal(75, output["mysql.performance.qcache.utilization.instant"]);

        server.Status(("Qcache_hits", 1), ("Qcache_inserts", 1), ("Qcache_not_cached", 0));
        var restarted = new RecordingOutput();
        await check.RunAsync(restarted, CancellationToken.None);
        Assert.False(restarted.Has("mysql.performance.qcache.utilization.instant"));
    }

    [Fact]
    public async Task A_server_without_query_cache_has_no_metrics_of_it() => Assert.DoesNotContain((await new FakeServer().Status(("Connections", 1)).RunAsync()).Names, name => name.Contains("qcache", StringComparison.Ordinal));

    [Fact]
    public async Task A_missing_right_costs_its_metrics_and_says_which_grant()
    {
        var output = await new FakeServer().Version("8.0.36").Status(("Connections", 1)).Variables(("log_bin", "ON")).Answer("ENGINES", ["engine"], ["InnoDB"])
            .Refuse("ENGINE*/ INNODB STATUS", 1227, "Access denied; you need (at least one of) the PROCESS privilege(s) for this operation")
            .Refuse("SHOW BINARY LOGS", 1227, "Access denied; you need the REPLICATION CLIENT privilege").RunAsync();

        Assert.True(output.Has("mysql.net.connections"));
        Assert.False(output.Has("mysql.binlog.disk_use"));
        Assert.Equal(
        [
            "mysql: `SHOW /*!50000 ENGINE*/ INNODB STATUS` needs a right that the account does not have, so what only the status text of InnoDB tells (of mysql.innodb.*) is missing. Run on the server: GRANT PROCESS ON *.* TO 'datadog'@'localhost';",
            "mysql: `SHOW BINARY LOGS` needs a right that the account does not have, so mysql.binlog.disk_use is missing. Run on the server: GRANT REPLICATION CLIENT ON *.* TO 'datadog'@'localhost';",
        ], output.Warnings);
    }

    [Theory]
    [InlineData(1045, "Access denied", "mysql: the server at 127.0.0.1:3306 refused the user 'datadog': the password is wrong, or there is no such account for this host. Check `username` and `password` in mysql.d/conf.yaml; a new account is made with: CREATE USER 'datadog'@'localhost' IDENTIFIED BY '<password>';")]
    [InlineData(1226, "exceeded", "mysql: the server at 127.0.0.1:3306 lets 'datadog' open no further connection: its limit is reached (max_user_connections). The check needs one at a time; SHOW PROCESSLIST says who holds them, and ALTER USER 'datadog'@'localhost' WITH MAX_USER_CONNECTIONS 5; sets the limit.")]
    [InlineData(1040, "Too many connections", "mysql: the server at 127.0.0.1:3306 has all its connections in use (max_connections). Close some, or raise max_connections.")]
    [InlineData(1130, "not allowed", "mysql: the server at 127.0.0.1:3306 takes no connections from this host. Use the address that the account is for ('datadog'@'localhost' means 127.0.0.1 or a socket), or make an account for this host.")]
    [InlineData(1251, "old", "mysql: the server at 127.0.0.1:3306 and the check agree on no way to log in (old.). ALTER USER 'datadog'@'localhost' IDENTIFIED WITH mysql_native_password BY '<password>';")]
    [InlineData(1042, "Connection refused", "mysql: the server at 127.0.0.1:3306 cannot be reached: Connection refused. Check that the server runs, and `host`, `port` or `sock` in mysql.d/conf.yaml.")]
    public async Task No_connection_fails_the_run_and_says_what_to_do(int number, string message, string sentence)
    {
        var server = new FakeServer().Refuse("connect", number, message, isGone: true);
        var output = new RecordingOutput();
        await using var check = server.Check();

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(output, CancellationToken.None));

        Assert.Equal(sentence, fault.Message);
        Assert.Equal(("mysql.can_connect", CheckStatus.Critical, "server:127.0.0.1 port:3306", sentence), Assert.Single(output.ServiceChecks));
    }

    [Fact]
    public async Task A_server_that_goes_away_in_mid_check_fails_the_run_and_closes_the_connection()
    {
        var server = new FakeServer().Refuse("GLOBAL VARIABLES", 2013, "Lost connection", isGone: true);
        var output = new RecordingOutput();
        await using var check = server.Check();

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(output, CancellationToken.None));

        Assert.Equal("mysql: the server at 127.0.0.1:3306 went away at `SHOW GLOBAL VARIABLES`: Lost connection. What was read before counts; the next run connects anew. The server's error log says why it ended.", fault.Message);
        Assert.Equal([CheckStatus.Ok, CheckStatus.Critical], output.ServiceChecks.Select(answer => answer.Status));
        Assert.Equal(0, server.Open);
    }

    [Fact]
    public async Task Each_run_uses_one_connection_and_closes_it()
    {
        var server = new FakeServer().Status(("Connections", 1));
        await using var check = server.Check(("options", Instance.Map(("replication", 1L), ("galera_cluster", 1L), ("extra_status_metrics", true))));

        for (var i = 0; i < 3; i++) await check.RunAsync(new RecordingOutput(), CancellationToken.None);

        Assert.Equal((3, 0), (server.Connections, server.Open));
    }

    [Fact]
    public async Task A_plain_server_has_no_galera_metrics_and_a_cluster_has()
    {
        var options = ("options", (object?)Instance.Map(("replication", 0L), ("galera_cluster", 1L)));
        var server = new FakeServer().Status(("wsrep_cluster_size", 3), ("wsrep_flow_control_sent", 9));

        Assert.Empty((await server.Variables(("wsrep_on", "OFF")).RunAsync(options)).Names);
        Assert.Equal(["MonotonicCount mysql.galera.wsrep_flow_control_sent 9", "Gauge mysql.galera.wsrep_cluster_size 3"],
            (await server.Variables(("wsrep_on", "ON")).RunAsync(options)).Lines.OrderDescending(StringComparer.Ordinal));
        Assert.Empty((await server.RunAsync()).Names);
    }

    [Fact]
    public async Task Additional_values_are_those_that_the_file_names()
    {
        var output = await new FakeServer().Status(("Com_commit", 5)).Variables(("tmp_table_size", 16)).RunAsync(
            ("additional_status", Instance.List(Instance.Map(("name", "Com_commit"), ("metric_name", "mysql.commits"), ("type", "rate")))),
            ("additional_variable", Instance.List(Instance.Map(("name", "tmp_table_size"), ("metric_name", "mysql.tmp"), ("type", "gauge")))));

        Assert.Equal(["Rate mysql.commits 5", "Gauge mysql.tmp 16"], output.Lines);
    }

    [Fact]
    public async Task Custom_queries_give_metrics_and_tags()
    {
        var columns = Instance.List(Instance.Map(("name", "shop.orders"), ("type", "gauge")), Instance.Map(), Instance.Map(("name", "state"), ("type", "tag")));
        var query = Instance.Map(("query", "SELECT n, x, state FROM orders"), ("columns", columns), ("tags", Instance.List("from:query")));
        var server = new FakeServer().Answer("FROM orders", ["n", "x", "state"], [7L, "ignored", "open"], [null, "ignored", "closed"], ["many", "ignored", null]);

        var output = await server.RunAsync(("custom_queries", Instance.List(query)), ("only_custom_queries", true), ("tags", Instance.List("env:shop")));

        Assert.Equal(["Gauge shop.orders 7 env:shop from:query state:open"], output.Lines);
        Assert.Equal(["mysql: the custom query `SELECT n, x, state FROM orders` gives `many` for shop.orders, which is no number. If it is a tag, give it `type: tag`."], output.Warnings);
        Assert.DoesNotContain(server.Asked, statement => statement.Contains("STATUS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_custom_query_with_other_columns_than_described_sends_nothing_and_says_so()
    {
        var query = Instance.Map(("query", "SELECT a, b FROM t"), ("columns", Instance.List(Instance.Map(("name", "shop.a"), ("type", "gauge")))));

        var output = await new FakeServer().Answer("FROM t", ["a", "b"], [1, 2]).RunAsync(("custom_queries", Instance.List(query)));

        Assert.Empty(output.Names);
        Assert.Equal(["mysql: the custom query `SELECT a, b FROM t` gives 2 columns (a, b), and 1 are described under `columns`. Describe each, `{}` for one that is not wanted; nothing of it is sent."], output.Warnings);
    }

    [Fact]
    public async Task More_custom_queries_than_may_be_are_named()
    {
        var queries = Enumerable.Range(1, 3).Select(i => (object?)Instance.Map(("query", $"SELECT {i}"), ("columns", Instance.List(Instance.Map(("name", $"q{i}"), ("type", "gauge")))))).ToArray();
        var server = new FakeServer();

        var output = await server.RunAsync(("custom_queries", Instance.List(queries)), ("max_custom_queries", 2L), ("only_custom_queries", 1L));

        Assert.Equal(["mysql: 3 custom queries are configured and 2 are run; the others, from `SELECT 3` on, are not. Raise max_custom_queries if the server can bear it."], output.Warnings);
        Assert.Equal(["SELECT VERSION(), CURRENT_USER()", "SET SESSION sql_select_limit = 10001", "SELECT 1", "SELECT 2"], server.Asked);
    }

    [Fact]
    public async Task Options_that_the_server_cannot_serve_are_said()
    {
        var output = await new FakeServer().RunAsync(("options", Instance.Map(("extra_performance_metrics", true), ("table_rows_stats_metrics", true))));

        Assert.Equal(
        [
            "mysql: `extra_performance_metrics` needs performance_schema = ON in the server's configuration; it is off.",
            "mysql: `table_rows_stats_metrics` needs the server to count: set userstat = 1 there (MariaDB and Percona Server; MySQL has no such count).",
        ], output.Warnings);
    }

    [Fact]
    public async Task How_long_statements_take()
    {
        var output = await new FakeServer().Variables(("performance_schema", "ON")).Answer("GROUP BY schema_name", ["schema_name", "avg"], ["shop", 120m])
            .Answer("SELECT COUNT(*) FROM performance_schema", ["n"], [200L]).Answer("LIMIT 190, 1", ["avg"], [950m]).RunAsync(("options", Instance.Map(("extra_performance_metrics", "yes"))));

        Assert.Equal(["Gauge mysql.performance.query_run_time.avg 120 schema:shop", "Gauge mysql.performance.digest_95th_percentile.avg_us 950"], output.Lines);
    }

    [Fact]
    public void The_set_of_names_is_the_reference()
    {
        Assert.Equal((38, 9, 17, 35, 85, 13),
            (MySqlMetrics.Status.Count, MySqlMetrics.Variables.Count, MySqlMetrics.Innodb.Count, MySqlMetrics.ExtraStatus.Count, MySqlMetrics.ExtraInnodb.Count, MySqlMetrics.Galera.Count));
        var names = new[] { MySqlMetrics.Status, MySqlMetrics.Variables, MySqlMetrics.Innodb, MySqlMetrics.ExtraStatus, MySqlMetrics.ExtraInnodb, MySqlMetrics.Galera }.SelectMany(set => set).Select(metric => metric.Name).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(names, name => Assert.Matches("^mysql\\.[a-z0-9_.]+$", name));
    }
}
