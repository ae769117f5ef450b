using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Says whether what comes in fits into the storage budget for as long as traces shall be kept, and if not, how many traces per second do.
/// </summary>
/// <remarks><see cref="Offered"/> from any thread; <see cref="Look"/> from one.</remarks>
sealed class BudgetWatch(SamplerSettings settings, Func<TraceStoreFacts> facts, TimeProvider clock)
{
    /// <summary>How often it looks.</summary>
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    /// <summary>Looks until its averages mean something.</summary>
    const int LooksToKnow = 3;

    /// <summary>Weight of the newest look in its averages: about a minute.</summary>
    const double NewestWeight = 1 / 6.0;

    /// <summary>Share of the budget from which it counts as full.</summary>
    const double FullShare = 0.9;

    /// <summary>Share of the budget below which thinning ends.</summary>
    const double RoomShare = 0.8;

    /// <summary>Share of the budget to plan with: slices are dropped whole.</summary>
    const double PlannedShare = 0.95;

    /// <summary>How long all that comes must fit before thinning ends.</summary>
    static readonly TimeSpan CalmFor = TimeSpan.FromMinutes(5);

    long _spans;
    long _traces;
    long _lookedAt = clock.GetTimestamp();
    long _calmSince = -1;
    int _looks;
    double _spansPerSecond;
    double _tracesPerSecond;
    bool _thins;

    /// <summary>Notes what came in.</summary>
    public void Offered(int spanCount, int traceCount)
    {
        Interlocked.Add(ref _spans, spanCount);
        Interlocked.Add(ref _traces, traceCount);
    }

    /// <summary>What the budget asks for; null when it is not yet time to look again.</summary>
    public BudgetPlan? Look()
    {
        var passed = clock.GetElapsedTime(_lookedAt);
        if (passed < LookEvery) return null;
        _lookedAt = clock.GetTimestamp();
        var weight = _looks == 0 ? 1 : NewestWeight;
        _looks++;
        _spansPerSecond += (Interlocked.Exchange(ref _spans, 0) / passed.TotalSeconds - _spansPerSecond) * weight;
        _tracesPerSecond += (Interlocked.Exchange(ref _traces, 0) / passed.TotalSeconds - _tracesPerSecond) * weight;

        var now = facts();
        if (now.MaxByteCount <= 0 || now.SpanCount <= 0) return Plan(now, thins: false, 0, 1);
        var bytesPerSecond = _spansPerSecond * now.ByteCount / now.SpanCount;
        var allowedBytesPerSecond = now.MaxByteCount * PlannedShare / settings.KeepFor.TotalSeconds;
        var share = bytesPerSecond <= allowedBytesPerSecond ? 1 : allowedBytesPerSecond / bytesPerSecond;
        _thins = _thins ? !HasCalmed(now, share) : MustBegin(now, share);
        return Plan(now, _thins, _tracesPerSecond * share, share);
    }

    bool MustBegin(TraceStoreFacts now, double share) =>
        _looks >= LooksToKnow && share < 1 && now.ByteCount >= now.MaxByteCount * FullShare && AgeOf(now) < settings.KeepFor;

    bool HasCalmed(TraceStoreFacts now, double share)
    {
        if (now.ByteCount < now.MaxByteCount * RoomShare) return true;
        var isCalm = share >= 1;
        if (!isCalm) _calmSince = -1;
        else if (_calmSince < 0) _calmSince = clock.GetTimestamp();
        return isCalm && clock.GetElapsedTime(_calmSince) >= CalmFor;
    }

    BudgetPlan Plan(TraceStoreFacts now, bool thins, double tracesPerSecond, double share)
    {
        if (!thins) _calmSince = -1;
        return new BudgetPlan(thins, tracesPerSecond, share, now.ByteCount, now.MaxByteCount, AgeOf(now));
    }

    /// <summary>By when it was written: one span that claims to have started years ago does not make the store reach back so far.</summary>
    TimeSpan AgeOf(TraceStoreFacts now) => now.OldestWrittenUnixNanos is { } oldest ? TimeSpan.FromTicks(Math.Max(0, clock.NowUnixNanos() - oldest) / 100) : TimeSpan.Zero;
}

/// <summary>What the storage budget asks for.</summary>
/// <param name="Thins">Not everything fits.</param>
/// <param name="TracesPerSecond">What fits; meaningless when everything does.</param>
/// <param name="KeptShare">The same as a share of what comes, 0 to 1.</param>
/// <param name="ByteCount">What the store holds.</param>
/// <param name="MaxByteCount">What it may hold; 0 when nothing limits it.</param>
/// <param name="OldestAge">How far back it reaches.</param>
readonly record struct BudgetPlan(bool Thins, double TracesPerSecond, double KeptShare, long ByteCount, long MaxByteCount, TimeSpan OldestAge);
