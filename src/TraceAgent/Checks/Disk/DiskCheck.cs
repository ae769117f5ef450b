using System.Globalization;
using Apm.Core.Checks;

namespace Apm.TraceAgent.Checks.Disk;

/// <summary>Makes the instances of <c>disk.d/conf.yaml</c>.</summary>
/// <param name="proc">Where <c>self/mounts</c> and <c>diskstats</c> are.</param>
/// <param name="usageOf">Asks what is used of a mount.</param>
public sealed class DiskCheckKind(string proc = "/proc", Func<string, FileSystemUsage>? usageOf = null) : ICheckKind
{
    public string Name => "disk";

    public ICheck Create(CheckSettings settings) => new DiskCheck(DiskCheckSettings.From(settings), proc, usageOf ?? FileSystemUsage.Of);
}

/// <summary>
/// What is used of each mounted file system, and what part of the time its device was busy reading and writing: metrics <c>system.disk.*</c>
/// (KiB; <c>in_use</c> from 0 to 1) and <c>system.fs.inodes.*</c>, with the tags <c>device</c> and <c>device_name</c>. File systems of the kernel's are passed over.
/// </summary>
public sealed class DiskCheck(DiskCheckSettings settings, string proc, Func<string, FileSystemUsage> usageOf) : ICheck
{
    /// <summary>Mounts whose answer did not come in time: they are not asked again before it came, so that a dead server holds one thread and not ever more.</summary>
    readonly Dictionary<string, Task<FileSystemUsage>> _waiting = new(StringComparer.Ordinal);

    public async Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mount in MountTable.Read(ReadFile("self/mounts")))
        {
            if (!IsMeant(mount)) continue;
            var tags = TagsOf(mount);
            if (settings.ChecksWritable) output.ServiceCheck("disk.read_write", mount.IsReadOnly ? CheckStatus.Critical : CheckStatus.Ok, tags, mount.IsReadOnly ? $"{mount.Mount} is mounted read-only." : "");
            // What is mounted in several places is one disk, unless it is told by its places.
            if (!seen.Add(settings.UsesMount ? mount.Mount : mount.Device)) continue;
            if (await AskAsync(mount.Mount, output, cancel) is { } usage) Tell(output, usage, tags);
        }
        TellDevices(output);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    bool IsMeant(MountedFileSystem mount)
    {
        if (!settings.AllPartitions && (MountTable.IsPseudo(mount.Type) || mount.Device is "none" or "")) return false;
        return Passes(mount.Type, settings.IncludedFileSystems, settings.ExcludedFileSystems) && Passes(mount.Device, settings.IncludedDevices, settings.ExcludedDevices)
            && Passes(mount.Mount, settings.IncludedMounts, settings.ExcludedMounts);

        static bool Passes(string name, IReadOnlyList<System.Text.RegularExpressions.Regex> included, IReadOnlyList<System.Text.RegularExpressions.Regex> excluded) =>
            !excluded.AnyMatches(name) && (included.Count == 0 || included.AnyMatches(name));
    }

    /// <summary>Null when it is too small, has no size, or does not answer; the last is said.</summary>
    async Task<FileSystemUsage?> AskAsync(string mount, ICheckOutput output, CancellationToken cancel)
    {
        var seconds = settings.Timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        if (_waiting.TryGetValue(mount, out var still) && !still.IsCompleted)
        {
            output.Warn($"disk: {mount} still does not answer; it is left out. A network file system whose server is away does so; `mount_point_exclude: [{mount}]` ends the question.");
            return null;
        }
        _waiting.Remove(mount);
        // A thread of its own: it may be held for as long as a server is away, and a busy pool must not look like a mount that does not answer.
        var asking = Task.Factory.StartNew(() => usageOf(mount), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            var usage = await asking.WaitAsync(settings.Timeout, cancel);
            return usage.TotalBytes > 0 && usage.TotalBytes >= settings.MinBytes ? usage : null;
        }
        catch (TimeoutException)
        {
            _waiting[mount] = asking;
            output.Warn($"disk: {mount} did not answer within {seconds} s (`timeout`); it is left out.");
        }
        catch (OperationCanceledException)
        {
            _waiting[mount] = asking;
            throw;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            output.Warn($"disk: what is used of {mount} cannot be read: {fault.Message}");
        }
        return null;
    }

    static void Tell(ICheckOutput output, FileSystemUsage usage, IReadOnlyList<string> tags)
    {
        Gauge("system.disk.total", usage.TotalBytes / 1024);
        Gauge("system.disk.used", usage.UsedBytes / 1024);
        Gauge("system.disk.free", usage.FreeBytes / 1024);
        if (usage.UsedBytes + usage.FreeBytes is > 0 and var usable) Gauge("system.disk.in_use", usage.UsedBytes / usable);
        if (usage.TotalInodes <= 0) return; // Some file systems make them as they go.
        Gauge("system.fs.inodes.total", usage.TotalInodes);
        Gauge("system.fs.inodes.free", usage.FreeInodes);
        Gauge("system.fs.inodes.used", usage.TotalInodes - usage.FreeInodes);
        Gauge("system.fs.inodes.in_use", (usage.TotalInodes - usage.FreeInodes) / usage.TotalInodes);

        void Gauge(string metric, double value) => output.Submit(CheckMetricKind.Gauge, metric, value, tags);
    }

    /// <summary>Milliseconds a device spent reading and writing, as percent of the time: a rate of a tenth of them.</summary>
    void TellDevices(ICheckOutput output)
    {
        foreach (var line in ReadFile("diskstats").Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [_, _, var device, _, _, _, var readMillis, _, _, _, var writeMillis, ..]) continue;
            if (device.StartsWith("loop", StringComparison.Ordinal) || device.StartsWith("ram", StringComparison.Ordinal)) continue;
            if (settings.ExcludedDevices.AnyMatches(device) || settings.ExcludedDevices.AnyMatches($"/dev/{device}")) continue;
            string[] tags = [.. settings.Tags, $"device:{device}", $"device_name:{device}"];
            if (Number(readMillis) is { } read) output.Submit(CheckMetricKind.Rate, "system.disk.read_time_pct", read / 10, tags);
            if (Number(writeMillis) is { } write) output.Submit(CheckMetricKind.Rate, "system.disk.write_time_pct", write / 10, tags);
        }

        static double? Number(string text) => double.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    List<string> TagsOf(MountedFileSystem mount)
    {
        var tags = new List<string>(settings.Tags);
        if (settings.TagsFileSystem) tags.AddRange([mount.Type, $"filesystem:{mount.Type}"]);
        var device = settings.UsesMount ? mount.Mount : mount.Device;
        tags.Add($"device:{device}");
        tags.Add($"device_name:{mount.Device[(mount.Device.LastIndexOf('/') + 1)..]}");
        foreach (var (pattern, more) in settings.DeviceTags)
            if (pattern.IsFoundIn(mount.Device) || pattern.IsFoundIn(mount.Mount)) tags.AddRange(more);
        return tags;
    }

    /// <summary>"" when there is no such file.</summary>
    string ReadFile(string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(proc, name));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
