using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Configuration;

namespace Apm.TraceAgent.Checks;

/// <summary>The agent's side as it stands: instances with their last runs, and what is wrong with the files.</summary>
public sealed record CheckAgentStatus(string Host, IReadOnlyList<string> HostTags, string ConfD, string ChecksD, IReadOnlyList<CheckInstanceStatus> Instances, IReadOnlyList<ConfigComplaint> Complaints);

/// <summary>What the settings file says of this host.</summary>
/// <param name="Tags">To be shown.</param>
/// <param name="Complaints">What is wrong with the file, to be shown beside the checks' own.</param>
public sealed record HostFile(IReadOnlyList<string> Tags, IReadOnlyList<ConfigComplaint> Complaints);

/// <summary>Runs the checks that the folders ask for, hands on what they find, and reads the folders and the settings file again when one changes.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class CheckAgent : IAsyncDisposable
{
    /// <summary>How often the folders are looked at.</summary>
    public static readonly TimeSpan ReloadPeriod = TimeSpan.FromSeconds(5);

    readonly CheckFolders _folders;
    readonly CheckCollector _collector;
    readonly CheckSchedule _schedule;
    readonly CheckResults _results;
    readonly Counters _counters;
    readonly RecentProblems _problems;
    readonly TimeProvider _clock;
    readonly Func<HostFile?> _readFileAgain;
    readonly int _maxInstances;
    volatile HostFile _file;
    volatile CheckCollection _collection = new([], [], "");
    ITimer? _timer;
    int _isReloading;

    /// <param name="file">What the settings file says.</param>
    /// <param name="readFileAgain">Takes what it says by now into force, and gives it; null when it is as it was. Called by one thread at a time.</param>
    public CheckAgent(CheckFolders folders, HostFile file, Func<HostFile?> readFileAgain, CheckCollector collector, CheckScheduleSettings settings, Func<CheckPlan, ICheckSums> makeSums, IMetricIntake intake, MemoryBudget memory, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        _folders = folders;
        _file = file;
        _readFileAgain = readFileAgain;
        _collector = collector;
        _counters = counters;
        _problems = problems;
        _clock = clock;
        _results = new CheckResults(intake, memory, counters, problems, clock);
        _schedule = new CheckSchedule(settings, clock, memory, counters, makeSums, _results.Add);
        _maxInstances = settings.MaxInstances;
    }

    /// <summary>As it stands now.</summary>
    public CheckAgentStatus Status()
    {
        var file = _file;
        return new(_folders.Host, file.Tags, _folders.ConfD, _folders.ChecksD, _schedule.Status(), [.. file.Complaints, .. _collection.Complaints]);
    }

    /// <summary>Reads the folders and begins to run what they ask for.</summary>
    /// <param name="warn">Told each complaint.</param>
    public void Start(Action<string> warn)
    {
        Load(warn);
        _timer = _clock.CreateTimer(_ => ReloadWhenChanged(warn), null, ReloadPeriod, ReloadPeriod);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_timer is not null) await _timer.DisposeAsync();
        await _schedule.DisposeAsync();
        await _results.DisposeAsync();
    }

    void ReloadWhenChanged(Action<string> warn)
    {
        if (Interlocked.Exchange(ref _isReloading, 1) != 0) return;
        try
        {
            if (_readFileAgain() is { } file) Take(file, warn);
            if (_collector.Stamp() != _collection.Stamp) Load(warn);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            _problems.Add("checks", $"{_folders.ConfD} cannot be read: {problem.Message}", _clock.NowUnixNanos());
        }
        finally
        {
            Interlocked.Exchange(ref _isReloading, 0);
        }
    }

    void Take(HostFile file, Action<string> warn)
    {
        var before = _file;
        _file = file;
        _counters.Add("settings_reloads");
        foreach (var complaint in file.Complaints.Select(complaint => complaint.ToString()).Except(before.Complaints.Select(complaint => complaint.ToString()), StringComparer.Ordinal)) warn(complaint);
        if (!file.Tags.SequenceEqual(before.Tags, StringComparer.Ordinal)) warn($"The tags of this host are now: {(file.Tags.Count == 0 ? "none" : string.Join(", ", file.Tags))}.");
        else if (file.Complaints.Count == 0) warn(before.Complaints.Count > 0 ? "The settings file is read without complaint now; what it changes besides the host's tags counts from the next start." : "The settings file has changed; what it changes besides the host's tags counts from the next start.");
    }

    void Load(Action<string> warn)
    {
        var before = _collection.Complaints.Select(complaint => complaint.ToString()).ToHashSet(StringComparer.Ordinal);
        var read = _collector.Read();
        if (read.Plans.Count > _maxInstances)
            read = read with { Complaints = [.. read.Complaints, new ConfigComplaint(_folders.ConfD, 1, 1, $"The files ask for {read.Plans.Count} instances; {_maxInstances} are run at most, and the rest is left out.") { IsError = true }] };
        _collection = read;
        foreach (var complaint in read.Complaints.Select(complaint => complaint.ToString()).Where(text => !before.Contains(text))) warn(complaint);
        _counters.Add("check_reloads");
        _schedule.Replace(read.Plans);
    }
}
