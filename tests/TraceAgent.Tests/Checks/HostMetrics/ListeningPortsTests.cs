using Apm.Core.Checks;
using Apm.TraceAgent.Checks.HostMetrics;

namespace Apm.TraceAgent.Tests.Checks.HostMetrics;

public class ListeningPortsTests
{
    [Fact]
    public void What_listens_is_read_from_the_kernels_tables()
    {
        var root = Directory.CreateTempSubdirectory("apm-proc").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(root, "net"));
            const string Head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
            File.WriteAllText(Path.Combine(root, "net", "tcp"), Head + "   0: 0100007F:1FBE 00000000:0000 0A 0 0 0 0 0 0 1\n   1: 00000000:0016 00000000:0000 0A 0 0\n   2: 0100007F:C350 0100007F:1FBE 01 0 0\n   3: rubbish\n   4: 0100007F:ZZZZ 00000000:0000 0A 0 0\n");
            File.WriteAllText(Path.Combine(root, "net", "tcp6"), Head + "   0: 00000000000000000000000001000000:1FBE 00000000000000000000000000000000:0000 0A 0 0\n   1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0 0\n");
            File.WriteAllText(Path.Combine(root, "net", "udp"), Head + "   0: 0100007F:1FBD 00000000:0000 07 0 0\n");

            var ports = ListeningPorts.Read(new HostFiles(root));

            Assert.Equal([new ListeningPort(22, "tcp", true), new ListeningPort(80, "tcp", true), new ListeningPort(8125, "udp", false), new ListeningPort(8126, "tcp", false)], ports);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void Where_there_are_no_tables_there_are_no_ports() => Assert.Empty(ListeningPorts.Read(new HostFiles("/nowhere")));
}
