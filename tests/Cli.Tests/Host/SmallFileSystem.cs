using System.Diagnostics;

namespace Apm.Cli.Tests.Host;

/// <summary>
/// A small file system of its own, for what only a real one shows: no space left, no names left, read-only. Needs Linux and root, as on
/// the build machines; elsewhere the tests fail and say how to run them.
/// </summary>
sealed class SmallFileSystem : IDisposable
{
    readonly string? _image;
    bool _isMounted;

    SmallFileSystem(string? image, string options)
    {
        Assert.True(IsPossible, "A small disk of its own cannot be mounted here: that takes Linux and root. Run the tests as root, or those in memory with "
            + "\"unshare --map-root-user --mount dotnet test tests/Cli.Tests --filter SmallDiskTests\"; or leave them out with \"--filter FullyQualifiedName!~SmallDiskTests\".");
        Folder = Directory.CreateTempSubdirectory("apm-small-disk").FullName;
        _image = image;
        Options = options;
        Mount();
    }

    static bool IsPossible => OperatingSystem.IsLinux() && Environment.UserName == "root";

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    string Options { get; }

    /// <summary>In memory, of so many bytes; with a limit of names as a quota sets one.</summary>
    public static SmallFileSystem InMemory(long bytes, int? names = null) => new(null, names is null ? $"size={bytes}" : $"size={bytes},nr_inodes={names}");

    /// <summary>ext4 in a file.</summary>
    public static SmallFileSystem Ext4(long bytes)
    {
        var image = Path.GetTempFileName();
        using (var file = File.OpenWrite(image)) file.SetLength(bytes);
        Run("mkfs.ext4", "-q", "-F", image);
        return new SmallFileSystem(image, "loop");
    }

    public long FreeBytes => new DriveInfo(Folder).AvailableFreeSpace;

    /// <summary>Takes space away until only so much is left.</summary>
    public void FillUntilFree(long bytes)
    {
        using var ballast = new FileStream(Ballast, FileMode.OpenOrCreate, FileAccess.Write);
        ballast.Seek(0, SeekOrigin.End);
        var block = new byte[65_536];
        while (FreeBytes > bytes + block.Length) ballast.Write(block);
    }

    /// <summary>Gives the space back.</summary>
    public void FreeAgain() => File.Delete(Ballast);

    string Ballast => Path.Combine(Folder, "ballast");

    /// <summary>What the kernel does to a file system on a failing disk: nothing can be written any more, open files included.</summary>
    public void Abort() => Run("mount", "-o", "remount,abort", Folder);

    /// <summary>Takes it off and puts it back, as after a repair.</summary>
    public void MountAgain()
    {
        Unmount();
        Mount();
    }

    public void Dispose()
    {
        Unmount();
        Directory.Delete(Folder);
        if (_image is not null) File.Delete(_image);
    }

    void Mount()
    {
        if (_image is null) Run("mount", "-t", "tmpfs", "-o", Options, "tmpfs", Folder);
        else Run("mount", "-o", Options, _image, Folder);
        _isMounted = true;
    }

    void Unmount()
    {
        if (_isMounted) Run("umount", Folder);
        _isMounted = false;
    }

    static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {said}");
    }
}
