using System.Globalization;
using Apm.Core.Checks;
using Apm.TestKit;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.Processes;

namespace Apm.TraceAgent.Tests.Checks.Processes;

public sealed class ProcessCheckTests : IDisposable
{
    readonly string _proc = Directory.CreateTempSubdirectory("apm-proc-").FullName;
    readonly SteppedClock _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_100));

    public ProcessCheckTests()
    {
        File.WriteAllText($"{_proc}/stat", "cpu  1 2 3\ncpu0 1 1 1\ncpu1 1 1 1\nbtime 1700000000\n");
        File.WriteAllText($"{_proc}/meminfo", "MemTotal:       1000 kB\nMemFree: 10 kB\n");
        File.WriteAllText($"{_proc}/passwd", "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/false\n");
    }

    public void Dispose() => Directory.Delete(_proc, recursive: true);

    void Add(int pid, string name, string command, int parent = 1, int user = 0, long ticks = 100, int files = 3)
    {
        Directory.CreateDirectory($"{_proc}/{pid}/fd");
        File.WriteAllText($"{_proc}/{pid}/comm", name + "\n");
        File.WriteAllText($"{_proc}/{pid}/cmdline", command.Replace(' ', '\0'));
        //                                            state ppid … minflt cminflt majflt cmajflt utime stime … threads … start
        File.WriteAllText($"{_proc}/{pid}/stat", $"{pid} ({name}) S {parent} 1 1 0 -1 0 10 20 30 40 {ticks} 50 0 0 20 0 4 0 2000 99 7\n");
        File.WriteAllText($"{_proc}/{pid}/statm", "100 50 10 1 0 1 0\n");
        File.WriteAllText($"{_proc}/{pid}/status", $"Name:\t{name}\nUid:\t{user}\t{user}\t{user}\t{user}\nVmSize:\t  400 kB\nVmRSS:\t  200 kB\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n");
        File.WriteAllText($"{_proc}/{pid}/io", "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 0\n");
        for (var i = 0; i < files; i++) File.WriteAllText($"{_proc}/{pid}/fd/{i}", "");
    }

    ICheck Check(params (string Key, object? Value)[] keys) => new ProcessCheckKind(_clock, _proc, $"{_proc}/passwd").Create(Instance.Of(keys));

    async Task<RecordingOutput> RunAsync(params (string Key, object? Value)[] keys)
    {
        var output = new RecordingOutput();
        await using var check = Check([("name", "web"), .. keys]);
        await check.RunAsync(output, CancellationToken.None);
        return output;
    }

    [Fact]
    public async Task Two_processes_are_summed_and_CPU_comes_with_the_second_run()
    {
        Add(10, "nginx", "nginx: master");
        Add(11, "nginx", "nginx: worker");
        Add(12, "sshd", "sshd");
        await using var check = Check(("name", "web"), ("search_string", Instance.List("nginx")), ("tags", Instance.List("env:prod")));
        var output = new RecordingOutput();
        await check.RunAsync(output, CancellationToken.None);

        Assert.All(output.Metrics, sent => Assert.Equal("env:prod process_name:web web", sent.Tags));
        Assert.Equal(
        [
            "Gauge system.processes.ioread_bytes 10", "Gauge system.processes.ioread_count 6", "Gauge system.processes.iowrite_bytes 12", "Gauge system.processes.iowrite_count 8",
            "Gauge system.processes.involuntary_ctx_switches 12", "Gauge system.processes.mem.pct 40", "Gauge system.processes.mem.real 327680", "Gauge system.processes.mem.rss 409600", "Gauge system.processes.mem.vms 819200",
            "Gauge system.processes.number 2", "Gauge system.processes.open_file_descriptors 6", "Gauge system.processes.run_time.avg 80", "Gauge system.processes.run_time.max 80", "Gauge system.processes.run_time.min 80",
            "Gauge system.processes.threads 8", "Gauge system.processes.voluntary_ctx_switches 10",
            "Rate system.processes.mem.page_faults.children_major_faults 80", "Rate system.processes.mem.page_faults.children_minor_faults 40", "Rate system.processes.mem.page_faults.major_faults 60", "Rate system.processes.mem.page_faults.minor_faults 20",
        ], output.Lines.Select(line => line.Replace(" env:prod process_name:web web", "", StringComparison.Ordinal)).Order(Comparer<string>.Create((a, b) => string.CompareOrdinal(a.Replace("ioread", "aread", StringComparison.Ordinal).Replace("iowrite", "awrite", StringComparison.Ordinal), b.Replace("ioread", "aread", StringComparison.Ordinal).Replace("iowrite", "awrite", StringComparison.Ordinal)))));
        Assert.Equal(("process.up", CheckStatus.Ok, "env:prod process:web", ""), Assert.Single(output.ServiceChecks));

        _clock.Advance(TimeSpan.FromSeconds(10));
        Add(10, "nginx", "nginx: master", ticks: 600);
        Add(11, "nginx", "nginx: worker", ticks: 350);
        Add(13, "nginx", "nginx: worker", ticks: 90_000); // Began meanwhile: what it used before is not of this time.
        await check.RunAsync(output, CancellationToken.None);

        Assert.Equal(75, output["system.processes.cpu.pct"], 9);
        Assert.Equal(37.5, output["system.processes.cpu.normalized_pct"], 9);
        Assert.Equal(3, output["system.processes.number"]);
    }

    [Theory]
    [InlineData("python3", true, 0)]
    [InlineData("worker\\.py --queue=mail", false, 1)]
    [InlineData("python3", false, 2)]
    [InlineData("a-name-longer-than-15", true, 1)]
    [InlineData("All", true, 3)]
    public async Task Processes_are_known_by_name_or_command_line(string search, bool exact, int count)
    {
        Add(20, "python", "python3 worker.py --queue=mail");
        Add(21, "python", "python3 worker.py --queue=sms");
        Add(22, "a-name-longer-t", "/usr/bin/a-name-longer-than-15 --x");

        Assert.Equal(count, (await RunAsync(("search_string", Instance.List(search)), ("exact_match", exact)))["system.processes.number"]);
    }

    [Fact]
    public async Task Children_and_users()
    {
        Add(30, "master", "master");
        Add(31, "child", "child", parent: 30, user: 33);
        Add(32, "grandchild", "grandchild", parent: 31, user: 33);
        var search = ("search_string", (object?)Instance.List("master"));

        Assert.Equal(3, (await RunAsync(search, ("collect_children", true)))["system.processes.number"]);
        Assert.Equal(2, (await RunAsync(search, ("collect_children", true), ("user", "www")))["system.processes.number"]);
        Assert.Equal("process: there is no `user: nobody` on this host (in " + $"{_proc}/passwd). Give the user's number if it comes from elsewhere.",
            (await Assert.ThrowsAsync<CheckFailedException>(() => RunAsync(search, ("user", "nobody")))).Message);
    }

    [Theory]
    [InlineData(1, null, null, "Ok", "")]
    [InlineData(0, null, null, "Critical", "0 processes of `web`; right is at least 1.")]
    [InlineData(2, "1,1", "1,5", "Warning", "2 processes of `web`; right are 1 to 1.")]
    [InlineData(7, "1,1", "1,5", "Critical", "7 processes of `web`; right are 1 to 5.")]
    public async Task How_many_are_right(int count, string? warning, string? critical, string status, string message)
    {
        for (var i = 0; i < count; i++) Add(40 + i, "web", "web");
        var thresholds = Instance.Map(("warning", Ends(warning)), ("critical", Ends(critical)));

        var answer = Assert.Single((await RunAsync(("search_string", Instance.List("web")), ("thresholds", thresholds))).ServiceChecks);

        Assert.Equal((status, message), (answer.Status.ToString(), answer.Message));

        static object? Ends(string? text) => text?.Split(',').Select(end => (object?)long.Parse(end, CultureInfo.InvariantCulture)).ToList();
    }

    [Fact]
    public async Task A_pid_file_names_the_process()
    {
        Add(50, "app", "app");
        File.WriteAllText($"{_proc}/app.pid", "50\n");
        Assert.Equal(1, (await RunAsync(("pid_file", $"{_proc}/app.pid")))["system.processes.number"]);
        Assert.Equal(1, (await RunAsync(("pid", 50L)))["system.processes.number"]);

        var missing = await RunAsync(("pid_file", $"{_proc}/none.pid"));
        Assert.Equal(0, missing["system.processes.number"]);
        Assert.StartsWith($"process: `pid_file: {_proc}/none.pid` cannot be read: ", Assert.Single(missing.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_processes_of_this_machine()
    {
        var output = new RecordingOutput();
        await using var check = new ProcessCheckKind(TimeProvider.System).Create(Instance.Of(("name", "self"), ("pid", (long)Environment.ProcessId), ("ignore_denied_access", false)));

        await check.RunAsync(output, CancellationToken.None);

        Assert.Equal(1, output["system.processes.number"]);
        Assert.True(output["system.processes.threads"] > 1);
        Assert.InRange(output["system.processes.mem.rss"], 1024 * 1024, 1e11);
        Assert.InRange(output["system.processes.run_time.avg"], 0, 1e6);
        Assert.Empty(output.Warnings);
    }

    [Fact]
    public void Without_anything_to_look_for_it_is_asked_for() =>
        Assert.Equal("process: the instance `web` needs `search_string` (a list of names, `['sshd']`), `pid` or `pid_file`.", Assert.Throws<CheckFailedException>(() => Check(("name", "web"))).Message);
}
