using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Intake;

namespace Apm.TraceAgent.Checks;

/// <summary>
/// Hands on what checks found: what came within <see cref="GatherFor"/> as one write, and what the store would not take again later.
/// </summary>
/// <remarks>
/// Thread-safe. What waits is bounded: beyond <see cref="MaxWaiting"/> runs, or when there is no memory for one more, the oldest are lost, counted in
/// <c>check_results_lost</c> by the check and told.
/// </remarks>
public sealed class CheckResults : IAsyncDisposable
{
    /// <summary>How long the first of a write waits for others: the machine's own checks run together and end within milliseconds.</summary>
    public static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(250);

    /// <summary>How long until the next attempt when the store took nothing.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>Most runs that wait for the store: the ten checks of a machine for 15 minutes.</summary>
    public const int MaxWaiting = 600;

    /// <summary>About what a point, an answer or an event takes while it waits.</summary>
    const int MemoryPerItem = 250;

    readonly Lock _lock = new();
    readonly SemaphoreSlim _writing = new(1);
    readonly IMetricIntake _intake;
    readonly MemoryAccount _memory;
    readonly Counters _counters;
    readonly RecentProblems _problems;
    readonly TimeProvider _clock;
    readonly ITimer _timer;
    readonly Queue<CheckResult> _waiting = new();
    bool _isSet;
    bool _isEnding;

    public CheckResults(IMetricIntake intake, MemoryBudget memory, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        (_intake, _counters, _problems, _clock) = (intake, counters, problems, clock);
        _memory = memory.OpenWork("check_results");
        _timer = clock.CreateTimer(_ => _ = Write(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Runs whose results wait now.</summary>
    public int WaitingCount
    {
        get { lock (_lock) return _waiting.Count; }
    }

    /// <summary>Takes what a run found; it is written in a moment.</summary>
    public void Add(CheckResult result)
    {
        if (ItemsOf(result) == 0) return;
        lock (_lock)
        {
            while (_waiting.Count >= MaxWaiting) Lose_NeedsLock();
            while (!_memory.TryReserve(BytesOf(result)))
            {
                if (_waiting.Count > 0)
                {
                    Lose_NeedsLock();
                    continue;
                }
                _counters.Add("check_results_lost", service: result.Plan.Check);
                return;
            }
            _waiting.Enqueue(result);
            SetTimer_NeedsLock(GatherFor);
        }
    }

    /// <summary>Writes what waits, all of it at once.</summary>
    public async Task Write()
    {
        await _writing.WaitAsync();
        try
        {
            List<CheckResult> taken;
            lock (_lock)
            {
                _isSet = false;
                taken = [.. _waiting];
                _waiting.Clear();
            }
            if (taken.Count > 0 && !await TryWrite(taken)) PutBack(taken);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Writes what waits, as far as it is taken.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock) _isEnding = true;
        await _timer.DisposeAsync();
        await Write();
        _writing.Dispose();
    }

    async Task<bool> TryWrite(List<CheckResult> taken)
    {
        try
        {
            var series = taken.SelectMany(static result => result.Series).ToList();
            if (series.Count > 0) await _intake.TakeAsync(series);
        }
        catch (StoreUnavailableException problem)
        {
            _counters.Add("check_results_postponed");
            _problems.Add("checks", string.Create(CultureInfo.InvariantCulture, $"What {taken.Count} runs of checks found waits for the store, {MaxWaiting} at most: {problem.Message}"), _clock.NowUnixNanos());
            return false;
        }
        catch (Exception problem)
        {
            // Offered again it would fail again, and hold up what comes after it.
            foreach (var result in taken) _counters.Add("check_results_lost", service: result.Plan.Check);
            _problems.Add("checks", $"What {taken.Count} runs of checks found could not be kept, which is a fault of Apm: {problem.GetType().Name}: {problem.Message} Please report it.", _clock.NowUnixNanos());
        }
        foreach (var result in taken)
        {
            TakeAnswers(result);
            _memory.Release(BytesOf(result));
        }
        return true;
    }

    /// <summary>Answers and events are few, and what they say is old when they come late: they are offered once.</summary>
    void TakeAnswers(CheckResult result)
    {
        try
        {
            foreach (var answer in result.Run.Answers) _intake.Take(answer);
            foreach (var happened in result.Run.Events) _intake.Take(happened);
        }
        catch (StoreUnavailableException problem)
        {
            _counters.Add("check_results_lost", service: result.Plan.Check);
            _problems.Add("checks", $"What {result.Plan.Check} answered could not be kept: {problem.Message}", _clock.NowUnixNanos());
        }
    }

    void PutBack(List<CheckResult> taken)
    {
        lock (_lock)
        {
            var later = _waiting.ToList();
            _waiting.Clear();
            foreach (var result in taken.Concat(later)) _waiting.Enqueue(result);
            while (_waiting.Count > MaxWaiting) Lose_NeedsLock();
            SetTimer_NeedsLock(RetryAfter);
        }
    }

    void Lose_NeedsLock()
    {
        var lost = _waiting.Dequeue();
        _memory.Release(BytesOf(lost));
        _counters.Add("check_results_lost", service: lost.Plan.Check);
    }

    void SetTimer_NeedsLock(TimeSpan after)
    {
        if (_isSet || _isEnding) return;
        _isSet = true;
        _timer.Change(after, Timeout.InfiniteTimeSpan);
    }

    static long ItemsOf(CheckResult result) => result.Series.Sum(static series => (long)series.Points.Count + series.Sketches.Count) + result.Run.Answers.Count + result.Run.Events.Count;

    static long BytesOf(CheckResult result) => ItemsOf(result) * MemoryPerItem + result.Run.Events.Sum(static happened => 2L * (happened.Title.Length + happened.Text.Length));
}
