namespace Apm.Storage.Files;

/// <summary>Files that were found damaged keep their bytes under another name, for people who want to look.</summary>
public static class SetAside
{
    /// <summary>Ending of a file that was set aside.</summary>
    public const string Suffix = ".broken";

    /// <summary>Renames a file, in place of one that was set aside before. False when it cannot be renamed, or is not there.</summary>
    public static bool Rename(StoreFiles files, string path)
    {
        try
        {
            if (!files.Exists(path)) return false;
            files.Rename(path, path + Suffix);
            files.FlushFolder(Path.GetDirectoryName(path)!);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
