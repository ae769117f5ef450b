using System.Globalization;
using System.Text;

namespace Apm.TraceAgent.Checks.Disk;

/// <summary>A line of <c>/proc/self/mounts</c>.</summary>
public sealed record MountedFileSystem(string Device, string Mount, string Type, bool IsReadOnly);

/// <summary>Reads which file systems are mounted: <c>device mount type options 0 0</c>, blanks within a name as <c>\040</c>.</summary>
public static class MountTable
{
    /// <summary>Kinds that the kernel makes up and that hold nothing of anybody's; and images that are always full.</summary>
    static readonly HashSet<string> PseudoTypes = new(StringComparer.Ordinal)
    {
        "autofs", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl", "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal",
        "hugetlbfs", "iso9660", "mqueue", "nsfs", "proc", "pstore", "ramfs", "rootfs", "rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tracefs",
    };

    public static bool IsPseudo(string type) => PseudoTypes.Contains(type);

    /// <summary>Lines that are not such are passed over.</summary>
    public static IReadOnlyList<MountedFileSystem> Read(string text)
    {
        var mounts = new List<MountedFileSystem>();
        foreach (var line in text.Split('\n'))
            if (line.Split(' ') is [var device, var mount, var type, var options, ..])
                mounts.Add(new MountedFileSystem(Plain(device), Plain(mount), type, options.Split(',').Contains("ro")));
        return mounts;
    }

    /// <summary>A name with its octal escapes turned back.</summary>
    static string Plain(string name)
    {
        if (!name.Contains('\\', StringComparison.Ordinal)) return name;
        var bytes = new List<byte>();
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] is '\\' && i + 3 < name.Length && Octal(name.AsSpan(i + 1, 3)) is { } code)
            {
                bytes.Add(code);
                i += 3;
            }
            else bytes.AddRange(Encoding.UTF8.GetBytes(name[i].ToString(CultureInfo.InvariantCulture)));
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    static byte? Octal(ReadOnlySpan<char> digits)
    {
        var code = 0;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7') return null;
            code = (code * 8) + digit - '0';
        }
        return code <= 255 ? (byte)code : null;
    }
}
