using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TraceAgent.Checks;

/// <summary>What a run came to, ready to be kept.</summary>
public sealed record CheckResult(CheckPlan Plan, IReadOnlyList<IncomingSeries> Series, CheckRun Run);

/// <summary>One instance: makes it, runs it with a time-out, remembers how that came out.</summary>
/// <remarks>Runs do not overlap: <see cref="RunAsync"/> is called by one at a time; <see cref="Status"/> by anybody.</remarks>
public sealed class ScheduledCheck(CheckPlan plan, ICheckSums sums, CheckScheduleSettings settings, TimeProvider clock, MemoryAccount memory) : IAsyncDisposable
{
    readonly Lock _lock = new();
    ICheck? _check;
    Task? _abandoned;
    long _allDurationNanos;
    CheckInstanceStatus _status = new() { Id = plan.Id, Check = plan.Check, Source = plan.Source, IntervalSeconds = (int)plan.Interval.TotalSeconds };

    public CheckPlan Plan { get; } = plan;

    /// <summary>As it stands now.</summary>
    public CheckInstanceStatus Status
    {
        get { lock (_lock) return _status; }
        private set { lock (_lock) _status = value; }
    }

    /// <summary>A run that was given up has not ended yet, so that there can be no other.</summary>
    public bool IsStuck => _abandoned is { IsCompleted: false };

    /// <summary>Notes when it is its turn.</summary>
    public void SetNextRun(long unixNanos)
    {
        lock (_lock) _status = _status with { NextRunUnixNanos = unixNanos };
    }

    /// <summary>Notes that its turn came while it was still running.</summary>
    public void Skip()
    {
        lock (_lock) _status = _status with { SkippedCount = _status.SkippedCount + 1 };
    }

    /// <summary>Runs once; never throws for what the check does.</summary>
    public async Task<CheckResult> RunAsync(CancellationToken stop)
    {
        var startedNanos = clock.NowUnixNanos();
        var started = clock.GetTimestamp();
        var startedSeconds = startedNanos / UnixTime.NanosPerSecond;
        lock (_lock) _status = _status with { IsRunning = true };
        var run = new CheckRun(Plan, sums, startedSeconds, settings.MaxSubmissionsPerRun, memory);
        var failure = await TryRun(run, stop);
        run.Close();
        Note(run, failure, startedNanos, (long)(clock.GetElapsedTime(started).TotalMilliseconds * UnixTime.NanosPerMillisecond));
        return new CheckResult(Plan, sums.Flush(), run);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_check is { } check) await check.DisposeAsync();
    }

    /// <summary>Null when all went well.</summary>
    async Task<Exception?> TryRun(CheckRun run, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(settings.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var work = Task.Run(() => Work(run, either.Token), CancellationToken.None); // However it blocks, it does not block the schedule.
        try
        {
            await work.WaitAsync(either.Token);
            return null;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            await Task.WhenAny(work, Task.Delay(settings.EndGrace, clock, CancellationToken.None));
            if (!work.IsCompleted) _abandoned = work;
            else if (work.Exception?.InnerException is CheckFailedException sooner) return sooner;
            return stop.IsCancellationRequested ? new CheckFailedException("Apm stops; the run was ended.")
                : new CheckFailedException(FormattableString.Invariant($"The run did not end within {settings.Timeout.TotalSeconds:0.#} s and was stopped. Raise checks.timeout if it needs longer."));
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            return problem;
        }
    }

    async Task Work(CheckRun run, CancellationToken cancel)
    {
        _check ??= Plan.Make();
        await _check.RunAsync(run, cancel);
    }

    void Note(CheckRun run, Exception? failure, long startedNanos, long durationNanos)
    {
        lock (_lock)
        {
            _allDurationNanos += durationNanos;
            var runs = _status.RunCount + 1;
            _status = _status with
            {
                IsRunning = false,
                Outcome = failure is not null ? CheckOutcome.Error : run.Warnings.Count > 0 ? CheckOutcome.Warning : CheckOutcome.Ok,
                Error = failure switch
                {
                    null => "",
                    CheckFailedException said => said.Message,
                    _ => $"The check failed in a way that it does not explain: {failure.GetType().Name}: {failure.Message}",
                },
                Traceback = (failure as CheckFailedException)?.Traceback ?? [],
                Version = (_check as IVersionedCheck)?.Version ?? _status.Version,
                Warnings = run.Warnings,
                Metadata = run.Facts.Count > 0 ? new Dictionary<string, string>(run.Facts) : _status.Metadata,
                RunCount = runs,
                ErrorCount = _status.ErrorCount + (failure is null ? 0 : 1),
                Last = run.Counts,
                Total = _status.Total + run.Counts,
                LastRunUnixNanos = startedNanos,
                LastSuccessUnixNanos = failure is null ? startedNanos : _status.LastSuccessUnixNanos,
                LastDurationNanos = durationNanos,
                AverageDurationNanos = _allDurationNanos / runs,
            };
        }
    }
}

/// <summary>A check that tells its version.</summary>
public interface IVersionedCheck
{
    /// <summary><c>unversioned</c> when its program gives none; "" before the first run.</summary>
    string Version { get; }
}
