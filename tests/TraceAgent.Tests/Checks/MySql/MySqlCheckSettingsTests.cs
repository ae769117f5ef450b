using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.MySql;

namespace Apm.TraceAgent.Tests.Checks.MySql;

public class MySqlCheckSettingsTests
{
    [Fact]
    public void The_walkthroughs_file_with_its_old_keys()
    {
        var settings = MySqlCheckSettings.From(Instance.Of(("server", "127.0.0.1"), ("user", "datadog"), ("pass", "p"), ("port", 0L), ("tags", Instance.List("optional_tag1")),
            ("options", Instance.Map(("replication", 0L), ("galera_cluster", 1L)))));

        Assert.Equal(("127.0.0.1", 3306, "datadog", "p", false, true), (settings.Host, settings.Port, settings.User, settings.Password, settings.Replication, settings.GaleraCluster));
        Assert.Equal(["optional_tag1"], settings.Tags);
        Assert.Equal(["server:127.0.0.1", "port:3306"], settings.ServerTags);
    }

    [Fact]
    public void A_socket_is_the_server()
    {
        var settings = MySqlCheckSettings.From(Instance.Of(("sock", "/run/mysqld/mysqld.sock"), ("username", "datadog")));

        Assert.Equal(["server:/run/mysqld/mysqld.sock", "port:unix_socket"], settings.ServerTags);
        Assert.Contains("Protocol=UnixSocket", MySqlServer.ConnectionString(settings).Replace("Connection Protocol", "Protocol", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_host_or_user_nothing_is_tried()
    {
        foreach (var keys in new (string, object?)[][] { [("host", "h")], [("user", "u")], [("username", "u"), ("password", "p"), ("port", 3306L)] })
            Assert.Equal("Mysql host and user or a defaults_file are needed.", Assert.Throws<CheckFailedException>(() => MySqlCheckSettings.From(Instance.Of(keys))).Message);
        Assert.Equal("my.cnf", MySqlCheckSettings.From(Instance.Of(("defaults_file", "my.cnf"))).DefaultsFile);
    }

    [Fact]
    public void Every_key_of_the_file_has_its_place()
    {
        var settings = MySqlCheckSettings.From(Instance.Of(("host", "db"), ("port", "3307"), ("username", "u"), ("password", 123L), ("connect_timeout", 3L), ("read_timeout", 1.5), ("charset", "utf8mb4"),
            ("ssl", Instance.Map(("key", "k.pem"), ("cert", "c.pem"), ("ca", "ca.pem"), ("check_hostname", "no"))),
            ("options", Instance.Map(("replication", "yes"), ("replication_channel", "west"), ("extra_status_metrics", true), ("extra_innodb_metrics", true), ("disable_innodb_metrics", true), ("schema_size_metrics", true),
                ("table_size_metrics", true), ("system_table_size_metrics", true), ("extra_performance_metrics", true), ("table_rows_stats_metrics", true)))));

        Assert.Equal((3307, "123", TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1.5), "utf8mb4"), (settings.Port, settings.Password, settings.ConnectTimeout, settings.ReadTimeout, settings.Charset));
        Assert.Equal(new MySqlTls("k.pem", "c.pem", "ca.pem", false), settings.Tls);
        Assert.True(settings is { Replication: true, ReplicationChannel: "west", ExtraStatusMetrics: true, ExtraInnodbMetrics: true, DisableInnodbMetrics: true, SchemaSizeMetrics: true, TableSizeMetrics: true,
            SystemTableSizeMetrics: true, ExtraPerformanceMetrics: true, TableRowsStatsMetrics: true });
        var line = MySqlServer.ConnectionString(settings);
        Assert.Contains("Pooling=False", line, StringComparison.Ordinal);
        Assert.Contains("VerifyCA", line, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_file_gives_the_account()
    {
        var client = MySqlDefaultsFile.Client("""
            # made by hand
            [mysqld]
            user = mysql
            [client]
            host=db1
            user = 'datadog'
            password = "a#b" # not part of it
            ssl-ca = /etc/ca.pem # nor this
            ;port=1
            !include other.cnf
            [mysqldump]
            password=other
            """);

        Assert.Equal(["host=db1", "password=a#b", "ssl_ca=/etc/ca.pem", "user=datadog"], client.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_option_file_that_is_not_there_fails_the_run_with_its_name()
    {
        await using var check = new MySqlCheckKind().Create(Instance.Of(("defaults_file", "/nonexistent/my.cnf")));

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(new RecordingOutput(), CancellationToken.None));

        Assert.Equal("mysql: defaults_file /nonexistent/my.cnf cannot be read: Could not find file '/nonexistent/my.cnf'. It must be readable by the user that runs the agent.", fault.Message);
    }

    [Fact]
    public async Task A_server_that_answers_nonsense_is_told_as_one_that_cannot_be_reached()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            byte[] greeting = [10, .. "5.5.5-10.11.6-MariaDB\0"u8, 1, 0, 0, 0, .. "abcdefgh\0"u8, 0xFF, 0xF7, 8, 2, 0, 0x0F, 0xA0, 0x15, .. new byte[10], .. "abcdefghijkl\0mysql_native_password\0"u8];
            await client.GetStream().WriteAsync((byte[])[(byte)greeting.Length, 0, 0, 0, .. greeting]);
            await client.GetStream().ReadAtLeastAsync(new byte[4096], 1);
            await client.GetStream().WriteAsync((byte[])[7, 0, 0, 2, 5, 0, 0, 2, 0, 0, 0]);
        });
        await using var check = new MySqlCheckKind().Create(Instance.Of(("server", "127.0.0.1"), ("port", (long)((System.Net.IPEndPoint)listener.LocalEndpoint).Port), ("user", "a"), ("pass", "b")));

        var fault = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(new RecordingOutput(), CancellationToken.None));

        Assert.StartsWith("mysql: the server at 127.0.0.1:", fault.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be reached: ", fault.Message, StringComparison.Ordinal);
        await serving;
    }

    [Theory]
    [InlineData("8.0.36", false, 8, 0, 36)]
    [InlineData("10.11.6-MariaDB-0+deb12u1", true, 10, 11, 6)]
    [InlineData("5.5.5-10.4.2-MariaDB", true, 10, 4, 2)]
    [InlineData("8.0.35-27-Percona", false, 8, 0, 35)]
    [InlineData("nonsense", false, 0, 0, 0)]
    public void Versions(string text, bool isMariaDb, int major, int minor, int patch) => Assert.Equal(new MySqlVersion(text, isMariaDb, major, minor, patch), MySqlVersion.Parse(text));
}
