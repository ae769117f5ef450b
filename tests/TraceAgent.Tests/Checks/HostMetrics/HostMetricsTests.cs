using Apm.TestKit;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.HostMetrics;

namespace Apm.TraceAgent.Tests.Checks.HostMetrics;

/// <summary>Fixed texts of <c>/proc</c>, and the numbers that follow.</summary>
public class HostMetricsTests
{
    readonly CheckRecorder _output = new();

    [Fact]
    public void Shares_of_processor_time_since_the_run_before()
    {
        var before = CpuTimes.Parse("cpu  100 10 50 800 20 5 5 10 0 0\ncpu0 50 5 25 400 10 2 3 5 0 0\ncpu1 50 5 25 400 10 3 2 5 0 0\nintr 1 2\nctxt 1000\n");
        var now = CpuTimes.Parse("cpu  150 20 70 890 30 10 10 20 10 0\ncpu0 1\ncpu1 1\nctxt 1500\n");

        CpuCheck.Submit(before, now, _output);

        // 200 ticks went by: 50 + 10 of users less 10 of guests, 20 + 5 + 5 of the system, 10 waiting, 90 idle, 10 stolen.
        Assert.Equal(["Gauge system.cpu.user 25", "Gauge system.cpu.system 15", "Gauge system.cpu.iowait 5", "Gauge system.cpu.idle 45", "Gauge system.cpu.stolen 5", "Gauge system.cpu.guest 5", "Gauge system.cpu.interrupt 5"], _output.Lines);
        Assert.Equal((2, 1500.0), (now.CoreCount, now.ContextSwitches));
    }

    [Fact]
    public void Load_as_it_is_and_per_core()
    {
        LoadAverage.Submit("0.50 1.00 2.00 1/100 12345\n", 4, _output);

        Assert.Equal(["Gauge system.load.1 0.5", "Gauge system.load.norm.1 0.125", "Gauge system.load.5 1", "Gauge system.load.norm.5 0.25", "Gauge system.load.15 2", "Gauge system.load.norm.15 0.5"], _output.Lines);
    }

    [Fact]
    public void Memory_in_mebibytes()
    {
        MemoryInfo.Submit("MemTotal: 8192000 kB\nMemFree: 2048000 kB\nMemAvailable: 4096000 kB\nBuffers: 102400 kB\nCached: 1024000 kB\nSwapCached: 1024 kB\nSwapTotal: 2048000 kB\nSwapFree: 1536000 kB\nShmem: 51200 kB\nSlab: 20480 kB\nSReclaimable: 10240 kB\nPageTables: 2048 kB\nCommitLimit: 4096000 kB\nCommitted_AS: 1024000 kB\nHugePages_Total: 0\n",
            "pswpin 256\npswpout 512\n", _output);

        var mib = Environment.SystemPageSize / 1_048_576.0;
        Assert.Equal(
        [
            "Gauge system.mem.total 8000", "Gauge system.mem.free 2000", "Gauge system.mem.used 6000", "Gauge system.mem.usable 4000", "Gauge system.mem.pct_usable 0.5", "Gauge system.mem.cached 1000", "Gauge system.mem.buffered 100",
            "Gauge system.mem.shared 50", "Gauge system.mem.slab 20", "Gauge system.mem.slab_reclaimable 10", "Gauge system.mem.page_tables 2", "Gauge system.mem.commit_limit 4000", "Gauge system.mem.committed_as 1000",
            "Gauge system.swap.total 2000", "Gauge system.swap.free 1500", "Gauge system.swap.used 500", "Gauge system.swap.pct_free 0.75", "Gauge system.swap.cached 1",
            FormattableString.Invariant($"Rate system.swap.swap_in {256 * mib:0.####}"), FormattableString.Invariant($"Rate system.swap.swap_out {512 * mib:0.####}"),
        ], _output.Lines);
    }

    [Fact]
    public void Open_files()
    {
        FileHandles.Submit("1200\t200\t10000\n", _output);

        Assert.Equal(["Gauge system.fs.file_handles.allocated 1200", "Gauge system.fs.file_handles.allocated_unused 200", "Gauge system.fs.file_handles.used 1000", "Gauge system.fs.file_handles.max 10000", "Gauge system.fs.file_handles.in_use 0.1"], _output.Lines);
    }

    [Fact]
    public void What_a_disk_did_per_second()
    {
        var before = DiskStats.Parse("   8       0 sda 100 10 2000 50 200 20 4000 100 0 120 150 0 0 0 0\n   7 0 loop0 5 0 10 1 0 0 0 0 0 1 1\n 254 16 vdb 0 0 0 0 0 0 0 0 0 0 0\n");
        var now = DiskStats.Parse("   8       0 sda 150 15 4000 150 250 30 8000 300 0 1120 450 0 0 0 0\n");

        Assert.Equal(["sda"], before.Keys);
        IoCheck.Submit("sda", before["sda"], now["sda"], TimeSpan.FromSeconds(10), _output);

        Assert.Equal(
        [
            "r_s 5", "w_s 5", "rkb_s 100", "wkb_s 200", "rrqm_s 0.5", "wrqm_s 1", "avg_rq_sz 60", "avg_q_sz 0.03", "await 3", "r_await 2", "w_await 4", "svctm 10", "util 10",
        ], _output.Lines.Select(line => line.Replace("Gauge system.io.", "", StringComparison.Ordinal).Replace(" device:sda device_name:sda", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_goes_through_an_interface()
    {
        var check = new NetworkCheck(new HostFiles(), Settings([]));

        check.SubmitInterfaces("Inter-|   Receive  |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  eth0:1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0\n", _output);

        Assert.Equal(["bytes_rcvd 1000", "packets_in.count 10", "packets_in.error 1", "packets_in.drop 2", "bytes_sent 2000", "packets_out.count 20", "packets_out.error 3", "packets_out.drop 4"],
            _output.Lines.Select(line => line.Replace("Rate system.net.", "", StringComparison.Ordinal).Replace(" device:eth0 device_name:eth0", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void Interfaces_can_be_left_out_by_pattern()
    {
        var check = new NetworkCheck(new HostFiles(), Settings(new() { ["excluded_interface_re"] = "^veth", ["excluded_interfaces"] = new List<object?> { "eth0" } }));

        check.SubmitInterfaces("  lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  eth0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  veth9: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n", _output);

        Assert.All(_output.Lines, line => Assert.Contains("device:lo", line, StringComparison.Ordinal));
        Assert.Equal(8, _output.Lines.Count);
        Assert.StartsWith("excluded_interface_re: \"(\" cannot be used as a pattern: ", Assert.Throws<CheckFailedException>(() => new NetworkCheck(new HostFiles(), Settings(new() { ["excluded_interface_re"] = "(" }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Troubles_of_tcp_and_udp()
    {
        NetworkCheck.SubmitProtocols("Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoAlgorithm InSegs OutSegs RetransSegs\nTcp: 1 100 200 3\nUdp: InDatagrams NoPorts\nUdp: 7 8\n\nTcpExt: ListenOverflows ListenDrops\nTcpExt: 5 6\n", _output);

        Assert.Equal(
        [
            "Rate system.net.tcp.retrans_segs 3", "MonotonicCount system.net.tcp.retrans_segs.count 3", "Rate system.net.tcp.in_segs 100", "MonotonicCount system.net.tcp.in_segs.count 100", "Rate system.net.tcp.out_segs 200",
            "MonotonicCount system.net.tcp.out_segs.count 200", "Rate system.net.tcp.listen_overflows 5", "MonotonicCount system.net.tcp.listen_overflows.count 5", "Rate system.net.tcp.listen_drops 6", "MonotonicCount system.net.tcp.listen_drops.count 6",
            "Rate system.net.udp.in_datagrams 7", "MonotonicCount system.net.udp.in_datagrams.count 7", "Rate system.net.udp.no_ports 8", "MonotonicCount system.net.udp.no_ports.count 8",
        ], _output.Lines);
    }

    [Fact]
    public void Connections_by_state()
    {
        NetworkCheck.SubmitStates("  sl  local_address rem_address   st\n   0: 0100007F:1F90 00000000:0000 0A 0\n   1: 0100007F:1F90 0100007F:9999 01 0\n   2: 0100007F:1F90 0100007F:9998 01 0\n   3: 0100007F:1F90 0100007F:9997 06 0\n   4: 0100007F:1F90 0100007F:9996 02 0\n   5: 0100007F:1F90 0100007F:9995 08 0\n", "tcp4", _output);

        Assert.Equal(["Gauge system.net.tcp4.established 2", "Gauge system.net.tcp4.opening 1", "Gauge system.net.tcp4.closing 1", "Gauge system.net.tcp4.time_wait 1", "Gauge system.net.tcp4.listening 1"], _output.Lines);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_said()
    {
        var folder = Directory.CreateTempSubdirectory("proc").FullName;
        var check = HostChecks.Kinds(new HostFiles(folder), new FixedClock(0)).Single(kind => kind.Name == "load").Create(Settings([]));

        var failure = await Assert.ThrowsAsync<CheckFailedException>(() => check.RunAsync(_output, CancellationToken.None));

        Assert.Equal($"{folder}/loadavg cannot be read. It is there on Linux; in a container it may be hidden.", failure.Message);
        Directory.Delete(folder);
    }

    [Fact]
    public async Task All_of_them_read_this_machine()
    {
        foreach (var kind in HostChecks.Kinds(new HostFiles(), new FixedClock(0)))
        {
            var check = kind.Create(Settings([]));
            await check.RunAsync(_output, CancellationToken.None);
            await check.RunAsync(_output, CancellationToken.None);
        }

        foreach (var metric in new[] { "datadog.agent.running", "system.cpu.num_cores", "system.load.1", "system.mem.total", "system.swap.total", "system.uptime", "system.fs.file_handles.max" }) Assert.Contains(_output.Lines, line => line.Contains($" {metric} ", StringComparison.Ordinal));
        Assert.Contains("datadog.agent.up Ok", _output.Lines);
    }

    static CheckSettings Settings(Dictionary<string, object?> instance) => new(new Dictionary<string, object?>(), instance, "box");
}
