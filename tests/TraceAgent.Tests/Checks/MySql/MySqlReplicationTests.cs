using Apm.TraceAgent.Checks.MySql;

namespace Apm.TraceAgent.Tests.Checks.MySql;

public class MySqlReplicationTests
{
    static readonly (string, object?) On = ("options", Instance.Map(("replication", true)));

    static readonly string[] Columns = ["Channel_Name", "Replica_IO_Running", "Replica_SQL_Running", "Seconds_Behind_Source"];

    static FakeServer Replica(params object?[][] rows) => new FakeServer().Version("8.0.36").Answer("PROCESSLIST", ["n"], [0L]).Answer("SHOW REPLICA STATUS", Columns, rows);

    [Fact]
    public async Task A_replica_that_follows()
    {
        var output = await Replica(["", "Yes", "Yes", 7L]).RunAsync(On);

        Assert.Equal(
        [
            "Gauge mysql.replication.seconds_behind_master 7 channel:default",
            "Gauge mysql.replication.seconds_behind_source 7 channel:default",
            "Gauge mysql.replication.replicas_connected 0",
            "Gauge mysql.replication.slaves_connected 0",
            "Gauge mysql.replication.slave_running 1 replication_mode:replica",
        ], output.Lines);
        Assert.Equal(["mysql.can_connect Ok", "mysql.replication.replica_running Ok", "mysql.replication.slave_running Ok"], output.ServiceChecks.Select(answer => $"{answer.Name} {answer.Status}"));
    }

    [Theory]
    //          io     sql    io of a second channel, or none
    [InlineData("Yes", "Yes", null, "Ok")]
    [InlineData("Yes", "No", null, "Warning")]
    [InlineData("Connecting", "Yes", null, "Warning")]
    [InlineData("No", "No", null, "Critical")]
    [InlineData("Yes", "Yes", "No", "Warning")]
    public async Task How_a_replica_fares(string io, string sql, string? second, string status)
    {
        object?[][] rows = second is null ? [["", io, sql, null]] : [["a", io, sql, 1L], ["b", second, "Yes", null]];

        var output = await Replica(rows).RunAsync(On);

        Assert.Equal(status, output.ServiceChecks.Single(answer => answer.Name == "mysql.replication.slave_running").Status.ToString());
        Assert.Equal(status is "Ok" ? 1 : 0, output["mysql.replication.slave_running"]);
    }

    [Theory]
    [InlineData(2, "ON", "Ok")]
    [InlineData(2, "OFF", "Warning")]
    [InlineData(0, "ON", "Warning")]
    public async Task How_a_source_fares(long replicas, string log, string status)
    {
        var output = await new FakeServer().Version("5.7.40").Variables(("log_bin", log)).Answer("PROCESSLIST", ["n"], [replicas]).RunAsync(On);

        Assert.Equal(("mysql.replication.replica_running", status, "replication_mode:source"),
            output.ServiceChecks.Where(answer => answer.Name == "mysql.replication.replica_running").Select(answer => (answer.Name, answer.Status.ToString(), answer.Tags)).Single());
    }

    [Theory]
    [InlineData("10.11.6-MariaDB", null, "SHOW ALL SLAVES STATUS")]
    [InlineData("10.11.6-MariaDB", "o'r", "SHOW SLAVE 'o''r' STATUS")]
    [InlineData("5.7.40", null, "SHOW SLAVE STATUS")]
    [InlineData("8.0.36", "west", "SHOW REPLICA STATUS FOR CHANNEL 'west'")]
    [InlineData("8.0.20", "west", "SHOW SLAVE STATUS FOR CHANNEL 'west'")]
    public void Each_server_is_asked_in_its_words(string version, string? channel, string statement) => Assert.Equal(statement, MySqlReplication.StatementFor(MySqlVersion.Parse(version), channel));

    [Fact]
    public async Task A_MariaDB_names_the_right_of_its_own()
    {
        var output = await new FakeServer().Version("10.11.6-MariaDB").Refuse("SHOW ALL SLAVES", 1227, "Access denied").RunAsync(On);

        Assert.Equal(["mysql: `SHOW ALL SLAVES STATUS` needs a right that the account does not have, so the replication of this server (mysql.replication.*) is missing. Run on the server: GRANT SLAVE MONITOR ON *.* TO 'datadog'@'localhost';"], output.Warnings);
    }

    [Theory]
    [InlineData("ONLINE", "Ok")]
    [InlineData("RECOVERING", "Critical")]
    public async Task Group_replication(string state, string status)
    {
        var output = await new FakeServer().Version("8.0.36").Answer("PLUGINS", ["s"], ["ACTIVE"])
            .Answer("replication_group_members", ["channel_name", "member_state", "member_role"], ["group_replication_applier", state, "PRIMARY"])
            .Answer("replication_group_member_stats", ["CHANNEL_NAME", "COUNT_TRANSACTIONS_IN_QUEUE", "COUNT_CONFLICTS_DETECTED"], ["group_replication_applier", 3L, 1L]).RunAsync(On);

        Assert.Contains(("mysql.replication.group.status", status, $"channel_name:group_replication_applier member_state:{state} member_role:PRIMARY"), output.ServiceChecks.Select(answer => (answer.Name, answer.Status.ToString(), answer.Tags)));
        Assert.Contains("Gauge mysql.replication.group.transactions 3 channel_name:group_replication_applier", output.Lines);
        Assert.Contains("MonotonicCount mysql.replication.group.conflicts_detected 1 channel_name:group_replication_applier", output.Lines);
    }
}
