using System.Net;
using System.Net.Sockets;
using Apm.Core.Diagnosis;
using Apm.TraceAgent.Doctor.Witness;

namespace Apm.TraceAgent.Tests.Doctor;

public sealed class ProcessTableTests : IDisposable
{
    readonly string _root = Directory.CreateTempSubdirectory("apm-proc").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void This_process_holds_its_port_and_listens_where_the_system_says()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var table = new ProcessTable();

        Assert.Equal(Environment.ProcessId, Assert.Single(table.HoldersOf(port)).ProcessId);
        Assert.Contains(new IPEndPoint(IPAddress.Loopback, port), table.ListenersOf(Environment.ProcessId));
        Assert.Equal(Environment.ProcessId, table.HoldersOf(new HashSet<int> { port })[port].Single().ProcessId);
        Assert.True(table.IsRunning(Environment.ProcessId));
        Assert.Contains(table.Family(Environment.ProcessId), member => member.Ports.Contains(port));
    }

    [Fact]
    public void The_other_end_of_a_connection_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        client.Connect((IPEndPoint)listener.LocalEndpoint);

        var sender = new ProcessTable().SenderOf(((IPEndPoint)client.Client.LocalEndPoint!).Port, ((IPEndPoint)listener.LocalEndpoint).Port);

        Assert.Equal(Environment.ProcessId, sender?.ProcessId);
    }

    [Fact]
    public void Where_there_is_no_such_table_nothing_is_known_and_nothing_fails()
    {
        var table = new ProcessTable(_root);

        Assert.Null(table.IsRunning(1));
        Assert.Empty(table.HoldersOf(8126));
        Assert.Empty(table.ListenersOf(1));
        Assert.Empty(table.Family(1));
        Assert.Null(table.EnvironmentOf(1));
        Assert.Equal("", table.ProgramOf(1));
    }

    [Fact]
    public void A_process_that_hides_its_sockets_or_half_vanishes_is_passed_over()
    {
        Directory.CreateDirectory(Path.Combine(_root, "self"));
        Directory.CreateDirectory(Path.Combine(_root, "net"));
        File.WriteAllText(Path.Combine(_root, "net", "tcp"), "head\n 0: 0100007F:1FBE 00000000:0000 0A 0:0 0:0 0 0 0 77 1\n garbage\n");
        Directory.CreateDirectory(Path.Combine(_root, "42", "fd")); // No stat, no cmdline: it is going.
        File.CreateSymbolicLink(Path.Combine(_root, "42", "fd", "3"), "socket:[77]");
        Directory.CreateDirectory(Path.Combine(_root, "43")); // Another user's.
        var table = new ProcessTable(_root);

        Assert.Equal(new PortHolder(42, "", 0), Assert.Single(table.HoldersOf(8126)));
        Assert.Equal("pid 42", table.HoldersOf(8126)[0].ToString());
        Assert.False(table.IsRunning(42));
        Assert.False(table.IsRunning(43));
    }

    [Fact]
    public void A_name_with_brackets_and_a_start_that_is_too_late_do_not_mislead()
    {
        Directory.CreateDirectory(Path.Combine(_root, "self"));
        Directory.CreateDirectory(Path.Combine(_root, "42"));
        File.WriteAllText(Path.Combine(_root, "stat"), "cpu 1\nbtime 1000\n");
        File.WriteAllText(Path.Combine(_root, "42", "stat"), "42 (a ) 1 S (x) S 7 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 50000 1");

        Assert.True(new ProcessTable(_root).IsRunning(42, startedBeforeUnixSeconds: 1500));
        Assert.False(new ProcessTable(_root).IsRunning(42, startedBeforeUnixSeconds: 1400)); // Another process with the id of an old one.
    }
}
