using Apm.Cli.Host;

namespace Apm.Cli.Settings;

/// <summary>Reads the settings file again when it has changed, for what can change while all runs: this host's tags, and what is wrong with the file.</summary>
/// <remarks>Asked by one thread at a time.</remarks>
/// <param name="path">The file that was read at the start.</param>
/// <param name="first">What it said then.</param>
/// <param name="read">Reads it, as at the start.</param>
sealed class SettingsWatch(string path, CheckHostSettings first, Func<SettingsResult> read)
{
    CheckHostSettings _last = first;
    (DateTime Written, long Bytes) _stamp = StampOf(path);

    /// <summary>
    /// What the file says of this host now; null when it is as it was, or cannot be read, which it may be while it is written. Of a file with errors only the complaints are
    /// taken: what counted before counts on.
    /// </summary>
    public CheckHostSettings? Again()
    {
        var stamp = StampOf(path);
        if (stamp == _stamp || stamp == default) return null;
        try
        {
            var result = read();
            _stamp = stamp;
            return _last = result.IsBroken || result.Errors.Any() ? _last with { Complaints = result.Settings.Checks.Complaints } : result.Settings.Checks;
        }
        catch (SettingsException)
        {
            return null;
        }
    }

    static (DateTime, long) StampOf(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : default;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
