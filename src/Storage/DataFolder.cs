using System.Globalization;
using Apm.Core.Ports;
using Apm.Storage.Files;

namespace Apm.Storage;

/// <summary>
/// The folder that holds everything: who has it (one process at a time), in which format it is, and where what stands.
/// </summary>
/// <remarks>Held until disposed; the system releases it when the process dies, however it dies.</remarks>
public sealed class DataFolder : IDisposable
{
    /// <summary>The format that this version writes. A folder of a newer one is refused, never touched.</summary>
    public const int FormatVersion = 1;

    const string FormatText = "apm data folder, format ";
    const string FormatName = "format";
    const string LockName = "lock";
    const string PidName = "pid";

    static readonly string[] OwnNames = [FormatName, LockName, PidName, FormatName + StoreFiles.TemporarySuffix, PidName + StoreFiles.TemporarySuffix];

    readonly FileStream _lock;

    DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>Full path of the folder.</summary>
    public string Path { get; }

    /// <summary>Folder of the payload log.</summary>
    public string LogPath => System.IO.Path.Combine(Path, "log");

    /// <summary>Folder of the trace slices and their catalogue.</summary>
    public string TracesPath => System.IO.Path.Combine(Path, "traces");

    /// <summary>Folder of what became of traces that are not stored.</summary>
    public string FatesPath => System.IO.Path.Combine(Path, "fates");

    /// <summary>Folder of the statistics.</summary>
    public string StatsPath => System.IO.Path.Combine(Path, "stats");

    /// <summary>Folder of the metrics.</summary>
    public string MetricsPath => System.IO.Path.Combine(Path, "metrics");

    /// <summary>Folder of the metrics that are not yet in a file of their day.</summary>
    public string MetricsLogPath => System.IO.Path.Combine(MetricsPath, "log");

    /// <summary>The file of events and of answers of service checks.</summary>
    public string EventsPath => System.IO.Path.Combine(Path, "events.db");

    /// <summary>Folder of the pictures of graphs.</summary>
    public string SnapshotsPath => System.IO.Path.Combine(Path, "snapshots");

    /// <summary>The file of documents.</summary>
    public string StatePath => System.IO.Path.Combine(Path, "state.db");

    /// <summary>Opens a data folder, making it when it is not there or empty, and holds it for this process.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be made or written, another process has it, it is of a newer format, or it holds something else.</exception>
    public static DataFolder Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(full);
            RefuseStrangeFolder(full);
            held = Hold(full);
            CheckFormat(full);
            DiskFiles.Instance.Replace(System.IO.Path.Combine(full, PidName), Utf8(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
            var folder = new DataFolder(full, held);
            Directory.CreateDirectory(folder.LogPath);
            Directory.CreateDirectory(folder.TracesPath);
            Directory.CreateDirectory(folder.StatsPath);
            Directory.CreateDirectory(folder.FatesPath);
            Directory.CreateDirectory(folder.MetricsPath);
            return folder;
        }
        catch (Exception failure)
        {
            held?.Dispose();
            if (failure is not (IOException or UnauthorizedAccessException or NotSupportedException)) throw;
            throw new StoreUnavailableException(
                $"The data folder {full} cannot be written: {failure.Message} Give a folder that this user may write with --data DIR, or change its permissions.", failure);
        }
    }

    /// <summary>Bytes that can still be written.</summary>
    public long FreeBytes() => DiskFiles.Instance.FreeBytes(Path);

    /// <summary>A sentence for the user when less than some space is free; null when all is well.</summary>
    public string? DiskSpaceProblem(long leastFreeBytes) => DiskSpaceProblem(Path, FreeBytes(), leastFreeBytes);

    /// <summary>The same for given figures.</summary>
    public static string? DiskSpaceProblem(string path, long freeBytes, long leastFreeBytes) => freeBytes >= leastFreeBytes
        ? null
        : string.Create(CultureInfo.InvariantCulture,
            $"The disk of the data folder {path} has {freeBytes / 1_048_576} MiB left; below {leastFreeBytes / 1_048_576} MiB payloads may be refused. " +
            $"Free some space, lower the storage budget, or move the folder with --data DIR.");

    public void Dispose()
    {
        try
        {
            File.Delete(System.IO.Path.Combine(Path, PidName));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Only a note for people; the lock is what counts.
        }
        _lock.Dispose();
    }

    static void RefuseStrangeFolder(string folder)
    {
        if (File.Exists(System.IO.Path.Combine(folder, FormatName))) return;
        var strange = Directory.EnumerateFileSystemEntries(folder).Select(entry => System.IO.Path.GetFileName(entry)!)
            .Where(name => !OwnNames.Contains(name) && !name.StartsWith('.') && name != "lost+found").Order(StringComparer.Ordinal).FirstOrDefault();
        if (strange is not null)
            throw new StoreUnavailableException(
                $"The folder {folder} is not a data folder of Apm: it holds {strange} and no file named {FormatName}. Give an empty folder or a new one with --data DIR.");
    }

    static FileStream Hold(string folder)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (IsHeldByAnother(failure))
        {
            var pid = DiskFiles.Instance.ReadAll(System.IO.Path.Combine(folder, PidName)) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes).Trim() : "unknown";
            throw new StoreUnavailableException(
                $"The data folder {folder} is in use by another Apm, process {pid}. Stop that one, or give this one a folder of its own with --data DIR.", failure);
        }
    }

    /// <summary>Sharing violation: EAGAIN where locks are flock's, 0x80070020 on Windows.</summary>
    static bool IsHeldByAnother(IOException failure) =>
        failure.GetType() == typeof(IOException) && (failure.HResult is 11 or 35 or unchecked((int)0x80070020));

    static void CheckFormat(string folder)
    {
        var path = System.IO.Path.Combine(folder, FormatName);
        if (DiskFiles.Instance.ReadAll(path) is not { } bytes)
        {
            DiskFiles.Instance.Replace(path, Utf8($"{FormatText}{FormatVersion}\n"));
            return;
        }
        var text = System.Text.Encoding.UTF8.GetString(bytes).Trim();
        if (!text.StartsWith(FormatText, StringComparison.Ordinal) || !int.TryParse(text.AsSpan(FormatText.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            throw new StoreUnavailableException($"The file {path} does not say \"{FormatText}N\", so {folder} may not be a data folder of Apm. Give another folder with --data DIR.");
        if (version > FormatVersion)
            throw new StoreUnavailableException(
                $"The data folder {folder} is in format {version}, written by a newer Apm; this one knows formats up to {FormatVersion}. " +
                "Start the newer version, or give this one a folder of its own with --data DIR. Nothing was changed.");
    }

    static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
