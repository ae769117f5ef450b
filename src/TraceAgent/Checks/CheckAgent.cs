using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Configuration;

namespace Apm.TraceAgent.Checks;

/// <summary>The agent's side as it stands: instances with their last runs, and what is wrong with the files.</summary>
public sealed record CheckAgentStatus(string Host, IReadOnlyList<string> HostTags, string ConfD, string ChecksD, IReadOnlyList<CheckInstanceStatus> Instances, IReadOnlyList<ConfigComplaint> Complaints);

/// <summary>Runs the checks that the folders ask for, hands on what they find, and reads the folders again when a file changes.</summary>
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
    readonly IReadOnlyList<string> _hostTags;
    readonly IReadOnlyList<ConfigComplaint> _ofSettings;
    readonly int _maxInstances;
    volatile CheckCollection _collection = new([], [], "");
    ITimer? _timer;
    int _isReloading;

    /// <param name="hostTags">Of this host, to be shown.</param>
    /// <param name="ofSettings">What was wrong with the settings file, to be shown beside the checks' own.</param>
    public CheckAgent(CheckFolders folders, IReadOnlyList<string> hostTags, IReadOnlyList<ConfigComplaint> ofSettings, CheckCollector collector, CheckScheduleSettings settings, Func<CheckPlan, ICheckSums> makeSums, IMetricIntake intake, MemoryBudget memory, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        _folders = folders;
        _hostTags = hostTags;
        _ofSettings = ofSettings;
        _collector = collector;
        _counters = counters;
        _problems = problems;
        _clock = clock;
        _results = new CheckResults(intake, memory, counters, problems, clock);
        _schedule = new CheckSchedule(settings, clock, memory, counters, makeSums, _results.Add);
        _maxInstances = settings.MaxInstances;
    }

    /// <summary>As it stands now.</summary>
    public CheckAgentStatus Status() => new(_folders.Host, _hostTags, _folders.ConfD, _folders.ChecksD, _schedule.Status(), [.. _ofSettings, .. _collection.Complaints]);

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
