using Apm.Core.Checks;
using Apm.TestKit;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.Disk;

namespace Apm.TraceAgent.Tests.Checks.Disk;

public sealed class DiskCheckTests : IDisposable
{
    const string Mounts = """
        proc /proc proc rw,nosuid 0 0
        sysfs /sys sysfs ro 0 0
        /dev/sda1 / ext4 rw,relatime 0 0
        /dev/sda1 /mnt/again ext4 rw 0 0
        /dev/sdb1 /mnt/my\040data xfs ro,noatime 0 0
        tmpfs /run tmpfs rw 0 0
        cgroup2 /sys/fs/cgroup cgroup2 rw 0 0
        nonsense
        """;

    readonly string _proc = Directory.CreateTempSubdirectory("apm-mounts-").FullName;
    readonly Dictionary<string, Func<FileSystemUsage>> _usages = new()
    {
        ["/"] = () => new(1024 * 1000, 1024 * 300, 1024 * 600, 100, 75),
        ["/mnt/my data"] = () => new(1024 * 4000, 1024 * 4000, 0, 0, 0),
        ["/run"] = () => new(1024 * 10, 1024 * 10, 0, 10, 10),
    };

    public DiskCheckTests()
    {
        Directory.CreateDirectory($"{_proc}/self");
        File.WriteAllText($"{_proc}/self/mounts", Mounts);
    }

    public void Dispose() => Directory.Delete(_proc, recursive: true);

    ICheck Check(params (string Key, object? Value)[] keys) => new DiskCheckKind(_proc, mount => _usages.TryGetValue(mount, out var usage) ? usage() : throw new IOException("No such file or directory")).Create(Instance.Of(keys));

    async Task<RecordingOutput> RunAsync(params (string Key, object? Value)[] keys)
    {
        var output = new RecordingOutput();
        await using var check = Check(keys);
        await check.RunAsync(output, CancellationToken.None);
        return output;
    }

    [Fact]
    public async Task Each_disk_once_and_nothing_that_the_kernel_made_up()
    {
        var output = await RunAsync(("tags", Instance.List("env:prod")), ("file_system_exclude", Instance.List("tmpfs$")));

        Assert.Equal(
        [
            "Gauge system.disk.total 1000 env:prod device:/dev/sda1 device_name:sda1",
            "Gauge system.disk.used 600 env:prod device:/dev/sda1 device_name:sda1",
            "Gauge system.disk.free 300 env:prod device:/dev/sda1 device_name:sda1",
            "Gauge system.disk.in_use 0.6666666666666666 env:prod device:/dev/sda1 device_name:sda1",
            "Gauge system.fs.inodes.total 100 env:prod device:/dev/sda1 device_name:sda1",
            "Gauge system.fs.inodes.free 75 env:prod device:/dev/sda1 device_name:sda1",
            "Gauge system.fs.inodes.used 25 env:prod device:/dev/sda1 device_name:sda1",
            "Gauge system.fs.inodes.in_use 0.25 env:prod device:/dev/sda1 device_name:sda1",
            "Gauge system.disk.total 4000 env:prod device:/dev/sdb1 device_name:sdb1",
            "Gauge system.disk.used 0 env:prod device:/dev/sdb1 device_name:sdb1",
            "Gauge system.disk.free 4000 env:prod device:/dev/sdb1 device_name:sdb1",
            "Gauge system.disk.in_use 0 env:prod device:/dev/sdb1 device_name:sdb1",
        ], output.Lines);
        Assert.Empty(output.Warnings);
        Assert.Empty(output.ServiceChecks);
    }

    [Fact]
    public async Task By_mount_with_tags_and_whether_it_can_be_written()
    {
        var output = await RunAsync(("use_mount", true), ("mount_point_include", Instance.List("^/mnt/my")), ("tag_by_filesystem", true), ("service_check_rw", true), ("device_tag_re", Instance.Map(("sdb", "tier:cold, owner:me"))));

        Assert.Equal("Gauge system.disk.total 4000 xfs filesystem:xfs device:/mnt/my data device_name:sdb1 tier:cold owner:me", output.Lines.First());
        Assert.Equal((CheckStatus.Critical, "/mnt/my data is mounted read-only."), output.ServiceChecks.Select(answer => (answer.Status, answer.Message)).Single());
    }

    [Theory]
    [InlineData("device_exclude", "/dev/sd", "/run")]
    [InlineData("excluded_filesystems", "ext4", "/mnt/my data,/run")]
    [InlineData("excluded_disks", "/dev/sda1", "/mnt/my data,/run")]
    [InlineData("excluded_mountpoint_re", "^/mnt|/run", "/")]
    [InlineData("file_system_whitelist", "XFS", "/mnt/my data")]
    [InlineData("min_disk_size", "1", "/mnt/my data")]
    public async Task What_is_left_out(string key, string value, string mounts)
    {
        var output = await RunAsync(("use_mount", true), ("mount_point_exclude", Instance.List("again")), (key, value));

        Assert.Equal(mounts.Split(','), output.Metrics.Where(sent => sent.Name == "system.disk.total").Select(sent => sent.Tags["device:".Length..sent.Tags.IndexOf(" device_name", StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task A_mount_that_cannot_be_read_is_said_and_the_others_go_on()
    {
        _usages.Remove("/");

        var output = await RunAsync();

        Assert.Equal(["disk: what is used of / cannot be read: No such file or directory"], output.Warnings);
        Assert.True(output.Has("system.disk.total"));
    }

    [Fact]
    public async Task A_mount_that_does_not_answer_holds_one_question_only()
    {
        using var release = new ManualResetEventSlim();
        var questions = 0;
        _usages["/"] = () => { Interlocked.Increment(ref questions); release.Wait(); return new(1024, 0, 1024, 0, 0); };
        await using var check = Check(("timeout", 0.05), ("device_include", Instance.List("sda1")));
        var output = new RecordingOutput();

        for (var i = 0; i < 3; i++) await check.RunAsync(output, CancellationToken.None);
        await Until.True("the question is asked", TimeSpan.FromSeconds(30), () => Task.FromResult(Volatile.Read(ref questions) > 0));
        release.Set();

        Assert.Equal(1, questions);
        Assert.Equal(
        [
            "disk: / did not answer within 0.05 s (`timeout`); it is left out.",
            "disk: / still does not answer; it is left out. A network file system whose server is away does so; `mount_point_exclude: [/]` ends the question.",
            "disk: / still does not answer; it is left out. A network file system whose server is away does so; `mount_point_exclude: [/]` ends the question.",
        ], output.Warnings);
    }

    [Fact]
    public async Task How_busy_a_device_is()
    {
        File.WriteAllText($"{_proc}/diskstats", "   8       0 sda 100 0 200 5000 300 0 400 700 0 10 20\n   7       0 loop0 1 0 1 1 0 0 0 0 0 0 0\n");

        var output = await RunAsync(("device_include", Instance.List("nothing")));

        Assert.Equal(["Rate system.disk.read_time_pct 500 device:sda device_name:sda", "Rate system.disk.write_time_pct 70 device:sda device_name:sda"], output.Lines);
    }

    [Fact]
    public async Task The_disks_of_this_machine()
    {
        var usage = FileSystemUsage.Of("/");
        Assert.InRange(usage.UsedBytes, 1, usage.TotalBytes);
        Assert.InRange(usage.FreeBytes, 0, usage.TotalBytes - usage.UsedBytes + 1);

        var output = new RecordingOutput();
        await using var check = new DiskCheckKind().Create(Instance.Of());
        await check.RunAsync(output, CancellationToken.None);
        Assert.InRange(output["system.disk.in_use"], 0, 1);
    }

    [Fact]
    public void A_path_that_is_none_says_why() => Assert.Equal("No such file or directory", Assert.Throws<IOException>(() => FileSystemUsage.Of("/nonexistent")).Message);
}
