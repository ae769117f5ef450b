namespace Apm.Storage;

/// <summary>What a data folder holds, by its share of the budget.</summary>
/// <param name="TotalBytes">All files.</param>
/// <param name="SmallBytes">Those that have no share of their own: neither slices nor segments of the log nor statistics by the hour nor metrics.</param>
public readonly record struct FolderSize(long TotalBytes, long SmallBytes)
{
    /// <summary>Adds the files up. Files that come or go meanwhile are counted or not.</summary>
    public static FolderSize Measure(DataFolder folder)
    {
        var (total, small) = (0L, 0L);
        foreach (var file in new DirectoryInfo(folder.Path).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }))
        {
            try
            {
                var bytes = file.Length;
                total += bytes;
                if (!HasShare(folder, file)) small += bytes;
            }
            catch (IOException)
            {
                // It went while we looked.
            }
        }
        return new FolderSize(total, small);
    }

    static bool HasShare(DataFolder folder, FileInfo file) =>
        (file.DirectoryName == folder.TracesPath && file.Extension is ".seg" or ".ids")
        || (file.DirectoryName == folder.LogPath && file.Extension is ".log")
        || (file.DirectoryName == folder.StatsPath && file.Extension is ".s10" or ".m1" or ".h1")
        || (file.DirectoryName == folder.MetricsPath && file.Extension is ".raw" or ".m1" or ".h1")
        || (file.DirectoryName == folder.MetricsLogPath && file.Extension is ".log");
}
