using System.Text.RegularExpressions;

namespace Apm.TraceAgent.Checks.Disk;

/// <summary>One instance of <c>disk.d/conf.yaml</c>; the older keys <c>excluded_…</c> mean what the newer ones do, but match whole names.</summary>
public sealed record DiskCheckSettings
{
    /// <summary>Whether <c>device:</c> is where it is mounted, not what is.</summary>
    public bool UsesMount { get; init; }

    /// <summary>Also file systems that have no size of their own or are the kernel's.</summary>
    public bool AllPartitions { get; init; }

    public IReadOnlyList<Regex> IncludedFileSystems { get; init; } = [];
    public IReadOnlyList<Regex> ExcludedFileSystems { get; init; } = [];
    public IReadOnlyList<Regex> IncludedDevices { get; init; } = [];
    public IReadOnlyList<Regex> ExcludedDevices { get; init; } = [];
    public IReadOnlyList<Regex> IncludedMounts { get; init; } = [];
    public IReadOnlyList<Regex> ExcludedMounts { get; init; } = [];

    public bool TagsFileSystem { get; init; }

    public bool ChecksWritable { get; init; }

    public double MinBytes { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>By pattern of device or mount: tags for what it is found in.</summary>
    public IReadOnlyList<(Regex Pattern, IReadOnlyList<string> Tags)> DeviceTags { get; init; } = [];

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <exception cref="CheckFailedException">A key cannot be used.</exception>
    public static DiskCheckSettings From(CheckSettings settings)
    {
        var file = new CheckOptions("disk", settings.Instance);
        var init = new CheckOptions("disk", settings.Init);
        var tags = file.Map("device_tag_re");
        return new DiskCheckSettings
        {
            UsesMount = file.Flag("use_mount"),
            AllPartitions = file.Flag("all_partitions"),
            IncludedFileSystems = Patterns(file, "file_system_include", "file_system_whitelist"),
            ExcludedFileSystems = [.. Patterns(file, "file_system_exclude", "file_system_blacklist"), .. Patterns(init, "file_system_global_exclude", "file_system_global_blacklist"), .. Names(file, "excluded_filesystems")],
            IncludedDevices = Patterns(file, "device_include", "device_whitelist"),
            ExcludedDevices = [.. Patterns(file, "device_exclude", "device_blacklist"), .. Patterns(init, "device_global_exclude", "device_global_blacklist"), .. Names(file, "excluded_disks"), .. Old(file, "excluded_disk_re")],
            IncludedMounts = Patterns(file, "mount_point_include", "mount_point_whitelist"),
            ExcludedMounts = [.. Patterns(file, "mount_point_exclude", "mount_point_blacklist"), .. Patterns(init, "mount_point_global_exclude", "mount_point_global_blacklist"), .. Old(file, "excluded_mountpoint_re")],
            TagsFileSystem = file.Flag("tag_by_filesystem"),
            ChecksWritable = file.Flag("service_check_rw"),
            MinBytes = (file.Number(0, 1e12, "min_disk_size") ?? 0) * 1024 * 1024,
            Timeout = file.Seconds(5, 3600, "timeout"),
            DeviceTags = [.. tags.Pairs().Select(pair => (new CheckOptions("disk", new Dictionary<string, object?> { ["device_tag_re"] = pair.Key }).Pattern("device_tag_re", Ignoring)!,
                (IReadOnlyList<string>)pair.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))],
            Tags = file.Texts("tags"),
        };
    }

    const RegexOptions Ignoring = RegexOptions.IgnoreCase;

    static IReadOnlyList<Regex> Patterns(CheckOptions file, string key, string older) => file.Has(key) ? file.Patterns(key, Ignoring) : file.Patterns(older, Ignoring);

    static IEnumerable<Regex> Names(CheckOptions file, string key) => file.Texts(key).Select(name => new Regex($"^{Regex.Escape(name)}$", Ignoring | RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(200)));

    static IEnumerable<Regex> Old(CheckOptions file, string key) => file.Pattern(key) is { } pattern ? [pattern] : [];
}
