using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.Monitors.Delivery;

/// <summary>Takes what is due out of the outbox to a messenger, and writes down what became of it.</summary>
/// <remarks>Before a delivery is handed over, that is written; when it cannot be, it is not handed over. So none goes out that the outbox does not know of.</remarks>
public sealed class Courier : IAsyncDisposable
{
    /// <summary>How long a delivery under way may take when the process stops.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How long to wait for the disk.</summary>
    static readonly TimeSpan WaitForDisk = TimeSpan.FromSeconds(5);

    /// <summary>The longest sleep: the clock may have been set. Also how long a server that cannot be reached is left alone at most.</summary>
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    readonly Outbox _outbox;
    readonly IMessenger _messenger;
    readonly BackOff _backOff;
    readonly RecentProblems _problems;
    readonly TimeProvider _clock;
    readonly CancellationTokenSource _stop = new();
    readonly CancellationTokenSource _abort = new();
    readonly SemaphoreSlim _woken = new(0);
    Task _loop = Task.CompletedTask;
    DateTimeOffset _pausedUntil;
    int _unreachableCount;

    public Courier(Outbox outbox, IMessenger messenger, BackOff backOff, RecentProblems problems, TimeProvider clock)
    {
        (_outbox, _messenger, _backOff, _problems, _clock) = (outbox, messenger, backOff, problems, clock);
        outbox.Posted += Wake;
    }

    /// <summary>Delivers from now on what is due, as it falls due.</summary>
    public void Start()
    {
        if (_messenger.WhyHeld is null) _outbox.Release(_messenger.Channels, TimeSpan.FromHours(24));
        _loop = Task.Run(Run);
    }

    /// <summary>Tries everything that is due once.</summary>
    /// <returns>How many were tried.</returns>
    public async Task<int> DeliverDue()
    {
        var tried = 0;
        if (_clock.GetUtcNow() < _pausedUntil) return tried;
        foreach (var due in _outbox.Due(_messenger.Channels))
        {
            if (_stop.IsCancellationRequested) break;
            if (_messenger.WhyHeld is { } why)
            {
                _outbox.Hold(due, why);
                continue;
            }
            if (_outbox.Begin(due.Id) is not { } begun) continue;
            tried++;
            var attempt = await _messenger.Send(begun, _abort.Token);
            Note(begun, attempt);
            if (attempt.Result != AttemptResult.Unreachable)
            {
                _unreachableCount = 0;
                continue;
            }
            // The others wait as well, and are not touched for it.
            _pausedUntil = _clock.GetUtcNow() + Pause(++_unreachableCount);
            break;
        }
        if (tried > 0) await _messenger.Rest(_abort.Token);
        return tried;
    }

    /// <summary>Lets the delivery under way finish.</summary>
    public async ValueTask DisposeAsync()
    {
        _outbox.Posted -= Wake;
        await _stop.CancelAsync();
        _abort.CancelAfter(Patience);
        await _loop;
        await _messenger.DisposeAsync();
        _stop.Dispose();
        _abort.Dispose();
        _woken.Dispose();
    }

    void Wake() => _woken.Release();

    void Note(Delivery begun, Attempt attempt)
    {
        switch (attempt.Result)
        {
            case AttemptResult.Sent: _outbox.Sent(begun); break;
            case AttemptResult.Refused: _outbox.Failed(begun, attempt.Why); break;
            case var _ when _messenger.GivesUp(begun, _clock.GetUtcNow()): _outbox.Failed(begun, $"Given up after {begun.AttemptCount} attempts. {attempt.Why}"); break;
            case AttemptResult.Unreachable: _outbox.TryAgain(begun, attempt.Why, TimeSpan.Zero); break;
            default: _outbox.TryAgain(begun, attempt.Why, _backOff.After(begun.AttemptCount)); break;
        }
    }

    TimeSpan Pause(int unreachableCount) => _backOff.After(unreachableCount) is var wait && wait < LongestWait ? wait : LongestWait;

    async Task Run()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                await Sleep(await Pass());
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped. What was under way is marked so, and goes out once more after the next start.
        }
    }

    /// <summary>How long there is nothing to do then.</summary>
    async Task<TimeSpan> Pass()
    {
        try
        {
            await DeliverDue();
        }
        catch (StoreUnavailableException unavailable)
        {
            _problems.Add("outbox", unavailable.Message, _clock.NowUnixNanos());
            return WaitForDisk;
        }
        if (_outbox.NextDueUnixMillis(_messenger.Channels) is not { } next) return LongestWait;
        var now = _clock.GetUtcNow();
        var wait = TimeSpan.FromMilliseconds(next - now.ToUnixTimeMilliseconds());
        if (wait < _pausedUntil - now) wait = _pausedUntil - now;
        return wait < LongestWait ? wait : LongestWait;
    }

    /// <summary>Until something is posted, or a time is over.</summary>
    async Task Sleep(TimeSpan atMost)
    {
        if (atMost <= TimeSpan.Zero) return;
        using var over = new CancellationTokenSource(atMost, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, _stop.Token);
        try
        {
            await _woken.WaitAsync(either.Token);
            while (_woken.Wait(0)) { } // Many posts, one look.
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            // The time is over.
        }
    }
}
