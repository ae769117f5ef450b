using Apm.Core.Diagnosis;
using Apm.Core.Time;

namespace Apm.TraceAgent.Doctor.Witness;

/// <summary>
/// What the agent's receivers saw, for the doctor: answers per path, refusals, wrong protocols, clocks, and what launchers told. In memory
/// only: after a restart it is seen anew.
/// </summary>
/// <remarks>Thread-safe. Whatever can grow is bounded; what no longer fits is the oldest.</remarks>
public sealed class FactBook(TimeProvider clock, ProcessTable processes)
{
    /// <summary>Most kinds of refusals kept, by path, reason and client; default 50. The oldest makes room; counts of all stand in <c>payloads_rejected</c>.</summary>
    public const int MaxRefusals = 50;

    /// <summary>Most senders of a wrong protocol kept; default 50. The oldest makes room.</summary>
    public const int MaxWrongProtocols = 50;

    /// <summary>Most processes whose clock is kept; default 2000. The one that sent longest ago makes room.</summary>
    public const int MaxClocks = 2000;

    /// <summary>Most arrivals kept; default 50, and as many of those whose time is off, which are few among the others. The oldest makes room.</summary>
    public const int MaxArrivals = 50;

    /// <summary>Most arrivals noted of one payload, of either kind; default 5. Of further ones nothing is noted.</summary>
    public const int MaxArrivalsOfPayload = 5;

    /// <summary>Most launched apps kept; default 100. The one told of longest ago makes room.</summary>
    public const int MaxLaunchers = 100;

    /// <summary>Most paths counted; default 32. Further ones are left out: there are fewer.</summary>
    public const int MaxPaths = 32;

    /// <summary>At most one sender is looked up within this; the others are told without a name. 1 s.</summary>
    static readonly TimeSpan LookUpEvery = TimeSpan.FromSeconds(1);

    readonly Lock _lock = new();
    readonly Dictionary<string, PathFacts> _paths = new(StringComparer.Ordinal);
    readonly Dictionary<(string Path, string Reason, string Client), RefusalFacts> _refusals = [];
    readonly Dictionary<(string Listener, SpokenProtocol Spoken, int Sender), WrongProtocol> _wrong = [];
    readonly Dictionary<string, (long SkewNanos, long AtUnixNanos)> _clocks = new(StringComparer.Ordinal);
    readonly Dictionary<(string Host, int ProcessId), ToldLauncher> _launchers = [];
    readonly Queue<Arrival> _arrivals = new(), _arrivalsOutOfTime = new();
    long _lastLookUp = long.MinValue;
    long _evictedUnixNanos;

    /// <summary>A body was taken.</summary>
    /// <param name="path">One of ours.</param>
    /// <param name="spanCount">0 for an empty one.</param>
    public void Taken(string path, int spanCount, long bytes)
    {
        lock (_lock)
        {
            if (PathOf_NeedsLock(path) is { } facts) _paths[path] = facts with { Ok = facts.Ok + 1, Empty = facts.Empty + (spanCount == 0 ? 1 : 0), Bytes = facts.Bytes + bytes };
        }
    }

    /// <summary>A body was refused.</summary>
    /// <param name="refusal">Its texts may be anything; they are cut.</param>
    /// <param name="itsPort">The port at the sender's end; 0 when unknown.</param>
    /// <param name="ourPort">The port it came to.</param>
    /// <param name="isOurPath">The path is one of ours, and so may be counted by name.</param>
    public void Refused(RefusalFacts refusal, int itsPort, int ourPort, bool isOurPath)
    {
        refusal = refusal with { Path = SecretText.Cut(SecretText.Masked(refusal.Path), 120), Sentence = SecretText.Cut(SecretText.Masked(refusal.Sentence)), Client = SecretText.Cut(refusal.Client, 80), LastUnixNanos = clock.NowUnixNanos() };
        var sender = LookUp(itsPort, ourPort);
        lock (_lock)
        {
            if (isOurPath && PathOf_NeedsLock(refusal.Path) is { } facts) _paths[refusal.Path] = facts with { Refused = facts.Refused + 1 };
            var key = (refusal.Path, refusal.Reason, refusal.Client);
            var known = _refusals.GetValueOrDefault(key);
            if (known is null && _refusals.Count >= MaxRefusals) _refusals.Remove(_refusals.MinBy(pair => pair.Value.LastUnixNanos).Key);
            _refusals[key] = refusal with { Count = (known?.Count ?? 0) + 1, Sender = sender ?? known?.Sender };
        }
    }

    /// <summary>A connection spoke something else than its port.</summary>
    public void Spoke(string listener, int port, SpokenProtocol spoken, int itsPort)
    {
        var sender = LookUp(itsPort, port);
        lock (_lock)
        {
            var known = sender is null ? _wrong.Where(pair => pair.Key.Listener == listener && pair.Key.Spoken == spoken).OrderByDescending(pair => pair.Value.LastUnixNanos).Select(pair => pair.Value).FirstOrDefault() : null;
            sender ??= known?.Sender;
            var key = (listener, spoken, sender?.ProcessId ?? 0);
            known = _wrong.GetValueOrDefault(key);
            if (known is null && _wrong.Count >= MaxWrongProtocols) _wrong.Remove(_wrong.MinBy(pair => pair.Value.LastUnixNanos).Key);
            _wrong[key] = new WrongProtocol(listener, port, spoken, sender, (known?.Count ?? 0) + 1, clock.NowUnixNanos());
        }
    }

    /// <summary>False while our own clock is late on purpose: a demonstration fills its history, and no other clock can be told by it.</summary>
    public Func<bool> HasTime { get; init; } = static () => true;

    /// <summary>Spans of a process came whose clock tells so much more than ours.</summary>
    /// <param name="skewNanos">Start of the newest span minus the time of receipt.</param>
    public void SawClock(string runtimeId, long skewNanos)
    {
        if (runtimeId.Length == 0 || !HasTime()) return;
        lock (_lock)
        {
            if (_clocks.Count >= MaxClocks && !_clocks.ContainsKey(runtimeId)) _clocks.Remove(_clocks.MinBy(pair => pair.Value.AtUnixNanos).Key);
            _clocks[runtimeId] = (skewNanos, clock.NowUnixNanos());
        }
    }

    /// <summary>Parts of traces came in.</summary>
    public void Arrived(IReadOnlyList<Arrival> arrivals)
    {
        if (!HasTime()) return;
        lock (_lock)
        {
            foreach (var arrival in arrivals)
            {
                var kept = arrival.IsOutOfTime ? _arrivalsOutOfTime : _arrivals;
                if (kept.Count >= MaxArrivals) kept.Dequeue();
                kept.Enqueue(arrival);
            }
        }
    }

    /// <summary>A launcher told what it sees.</summary>
    /// <param name="startTicks">When the system started the app (<see cref="ProcessTable.StartTicksOf"/>); null when that is unknown, or it runs on another machine.</param>
    public void Told(LauncherFacts facts, long? startTicks)
    {
        facts = facts.Bounded();
        lock (_lock)
        {
            var key = (facts.Host, facts.ProcessId);
            if (_launchers.Count >= MaxLaunchers && !_launchers.ContainsKey(key)) _launchers.Remove(_launchers.MinBy(pair => pair.Value.AtUnixNanos).Key);
            _launchers[key] = new ToldLauncher(facts, startTicks, clock.NowUnixNanos());
        }
    }

    /// <summary>The disk budget drove a slice of traces out.</summary>
    public void Evicted(long atUnixNanos) => Interlocked.Exchange(ref _evictedUnixNanos, atUnixNanos);

    /// <summary>When the budget last drove traces out; 0 for never.</summary>
    public long EvictedUnixNanos => Interlocked.Read(ref _evictedUnixNanos);

    public IReadOnlyList<PathFacts> Paths()
    {
        lock (_lock) return [.. _paths.Values.OrderBy(facts => facts.Path, StringComparer.Ordinal)];
    }

    /// <summary>The last first.</summary>
    public IReadOnlyList<RefusalFacts> Refusals()
    {
        lock (_lock) return [.. _refusals.Values.OrderByDescending(refusal => refusal.LastUnixNanos)];
    }

    /// <summary>The last first.</summary>
    public IReadOnlyList<WrongProtocol> WrongProtocols()
    {
        lock (_lock) return [.. _wrong.Values.OrderByDescending(wrong => wrong.LastUnixNanos)];
    }

    /// <summary>The newest first, those out of time among the others.</summary>
    public IReadOnlyList<Arrival> Arrivals()
    {
        lock (_lock) return [.. _arrivals.Concat(_arrivalsOutOfTime).OrderByDescending(arrival => arrival.ReceivedUnixNanos)];
    }

    /// <summary>How far the newest spans of a process lay from their receipt, and when that was. Null when none of its spans came since Apm started.</summary>
    public (long SkewNanos, long AtUnixNanos)? ClockOf(string runtimeId)
    {
        lock (_lock) return _clocks.TryGetValue(runtimeId, out var seen) ? seen : null;
    }

    /// <summary>What launchers told, the last first. How long their apps and those that these have started run is counted on.</summary>
    public IReadOnlyList<ToldLauncher> Launchers()
    {
        var now = clock.NowUnixNanos();
        lock (_lock) return [.. _launchers.Values.OrderByDescending(told => told.AtUnixNanos).Select(told => told with { Facts = Later(told.Facts, (now - told.AtUnixNanos) / (double)UnixTime.NanosPerSecond) })];
    }

    static LauncherFacts Later(LauncherFacts facts, double seconds) => facts with { ElapsedSeconds = facts.ElapsedSeconds + seconds, Processes = [.. facts.Processes.Select(member => member with { AgeSeconds = member.AgeSeconds + seconds })] };

    PathFacts? PathOf_NeedsLock(string path) => _paths.TryGetValue(path, out var known) ? known : _paths.Count < MaxPaths ? new PathFacts(path, 0, 0, 0, 0) : null;

    /// <summary>Names a sender while its connection is open. Costs milliseconds, so that a flood of mistakes is looked up once a second.</summary>
    PortHolder? LookUp(int itsPort, int ourPort)
    {
        if (itsPort == 0) return null;
        var now = clock.GetTimestamp();
        var last = Interlocked.Read(ref _lastLookUp);
        if (last != long.MinValue && clock.GetElapsedTime(last, now) < LookUpEvery) return null;
        return Interlocked.CompareExchange(ref _lastLookUp, now, last) == last ? processes.SenderOf(itsPort, ourPort) : null;
    }
}

/// <summary>What a launcher told of its app.</summary>
/// <param name="Facts">Bounded and masked.</param>
/// <param name="StartTicks">Tells the app from a later process of the same id; null when unknown.</param>
/// <param name="AtUnixNanos">When it was told.</param>
public sealed record ToldLauncher(LauncherFacts Facts, long? StartTicks, long AtUnixNanos);
