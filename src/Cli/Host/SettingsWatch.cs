using Apm.Cli.Settings;
using Apm.Core.Ports;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Host;

/// <summary>
/// Looks whether the settings file changed. Tags of the host count from then on; of other settings it says that they do at the next start.
/// </summary>
/// <remarks>A timer's thread. A file that cannot be read, or has errors, changes nothing and is told.</remarks>
sealed class SettingsWatch : IDisposable
{
    /// <summary>How often it is looked.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    readonly string _file;
    readonly Func<string, string?> _environment;
    readonly Action<IReadOnlyList<string>, IReadOnlyList<ConfigComplaint>> _take;
    readonly Action<string> _tell;
    readonly ITimer _timer;
    SettingsResult? _last;
    (DateTime, long) _stamp;
    int _isLooking;

    /// <param name="file">The settings file.</param>
    /// <param name="take">Gets the host's tags and what is wrong with the file, each time it was read anew without an error.</param>
    /// <param name="tell">Gets sentences for the user.</param>
    public SettingsWatch(string file, Func<string, string?> environment, TimeProvider clock, Action<IReadOnlyList<string>, IReadOnlyList<ConfigComplaint>> take, Action<string> tell)
    {
        (_file, _environment, _take, _tell) = (file, environment, take, tell);
        _stamp = Stamp();
        _last = Read();
        _timer = clock.CreateTimer(_ => Look(), null, Period, Period);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    void Look()
    {
        if (Interlocked.Exchange(ref _isLooking, 1) != 0) return;
        try
        {
            var stamp = Stamp();
            if (stamp == _stamp) return;
            _stamp = stamp;
            if (Read() is not { } read) return;
            if (read.Errors.Any())
            {
                _tell($"{_file} has changed and has errors; what was read before stays in force. {string.Join(' ', read.Errors)}");
                return;
            }
            _take(CheckParts.HostTags(read.Settings), read.Settings.Checks.Complaints);
            if (_last is { } last && Others(last, read) is { Count: > 0 } others) _tell($"{_file} has changed: {string.Join(", ", others)} {(others.Count == 1 ? "counts" : "count")} from the next start on; tags count now.");
            _last = read;
        }
        catch (StoreUnavailableException problem)
        {
            _stamp = default; // The next look tries again.
            _tell($"The tags of {_file} cannot be kept: {problem.Message}");
        }
        finally
        {
            Volatile.Write(ref _isLooking, 0);
        }
    }

    /// <summary>The names of settings whose values are others now; tags not among them.</summary>
    static List<string> Others(SettingsResult before, SettingsResult now) =>
        [.. now.Effective.Select(entry => entry.Setting).Where(setting => setting.Name is not ("tags" or "extra_tags") && setting.Print(before.Settings) != setting.Print(now.Settings)).Select(setting => setting.Name)];

    SettingsResult? Read()
    {
        try
        {
            return SettingsReader.Read(new Dictionary<string, string>(), _environment, (_file, File.ReadAllText(_file)));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or SettingsException)
        {
            _tell($"{_file} cannot be read: {problem.Message} What was read before stays in force.");
            return null;
        }
    }

    (DateTime, long) Stamp()
    {
        var info = new FileInfo(_file);
        return info.Exists ? (info.LastWriteTimeUtc, info.Length) : default;
    }
}
