using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Delivery;

/// <summary>Everything that is to be delivered or was, in memory and, one document each, on disk.</summary>
/// <remarks>
/// Any thread. What is posted or changed is on disk when the call returns. What was being sent when the process ended is sent once
/// more under the same name, because a lost alert is worse than one that comes twice; most mail servers drop a second one of the same Message-ID.
/// </remarks>
public sealed class Outbox
{
    /// <summary>Most deliveries that are not over. Beyond it the oldest that is only kept goes, or else what is posted: counted in <c>deliveries_dropped{outbox_full}</c>.</summary>
    public const int MaxUnsent = 5_000;

    /// <summary>Most deliveries that are over and still shown. The oldest goes.</summary>
    public const int MaxOver = 500;

    /// <summary>Most memory for all of them, in bytes; treated as <see cref="MaxUnsent"/> is.</summary>
    public const long MaxBytes = 32 * 1_048_576;

    /// <summary>Most notices shown in one that tells of several. Further ones are counted in it.</summary>
    public const int MaxBundled = 50;

    const string Collection = "deliveries";

    readonly IDocumentStore _documents;
    readonly Counters _counters;
    readonly RecentProblems _problems;
    readonly TimeProvider _clock;
    readonly MemoryAccount _memory;
    readonly Lock _lock = new();
    readonly Dictionary<string, Delivery> _deliveries;

    /// <exception cref="StoreUnavailableException">They cannot be read.</exception>
    public Outbox(IDocumentStore documents, MemoryBudget memory, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        (_documents, _counters, _problems, _clock) = (documents, counters, problems, clock);
        _memory = memory.OpenWork("outbox", MaxBytes);
        _deliveries = documents.FindAll<Delivery>(Collection).ToDictionary(delivery => delivery.Id);
        _memory.Reserve(_deliveries.Values.Sum(delivery => delivery.Bytes()));
        foreach (var interrupted in _deliveries.Values.Where(delivery => delivery.State == DeliveryState.Sending).ToList())
        {
            counters.Add("deliveries_interrupted");
            Put_NeedsLock(interrupted with { State = DeliveryState.Waiting, MayBeDoubled = true, NextAttemptUnixMillis = NowUnixMillis, LastError = "The process ended while this was being handed over; it is sent once more." });
        }
    }

    /// <summary>Something is to be done. Called outside of locks; must not block.</summary>
    public event Action? Posted;

    long NowUnixMillis => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>One; null when there is none of that id, or no longer.</summary>
    public Delivery? Find(string id)
    {
        lock (_lock) return _deliveries.GetValueOrDefault(id);
    }

    /// <summary>All, the newest first.</summary>
    public IReadOnlyList<Delivery> All()
    {
        lock (_lock) return [.. _deliveries.Values.OrderByDescending(delivery => delivery.CreatedUnixMillis).ThenBy(delivery => delivery.Id, StringComparer.Ordinal)];
    }

    /// <summary>Takes a delivery over, unless one of its id was taken before.</summary>
    /// <exception cref="StoreUnavailableException">It was not taken. Safe to retry.</exception>
    public void Post(Delivery delivery)
    {
        lock (_lock)
        {
            if (_deliveries.ContainsKey(delivery.Id)) return;
            if (!MakeRoom_NeedsLock(delivery)) return;
            Put_NeedsLock(delivery);
        }
        _counters.Add("deliveries_posted", Word(delivery.Channel));
        Posted?.Invoke();
    }

    /// <summary>Adds a notice to a bundle that still waits; beyond <see cref="MaxBundled"/> it is counted only.</summary>
    /// <returns>False when it waits no longer, or there is none of that id.</returns>
    /// <exception cref="StoreUnavailableException">It was not added. Safe to retry.</exception>
    public bool AddToBundle(string id, string tells, BundledNotice notice)
    {
        lock (_lock)
        {
            if (!_deliveries.TryGetValue(id, out var bundle) || bundle.State != DeliveryState.Waiting || bundle.AttemptCount > 0) return false;
            if (bundle.Tells.Contains(tells)) return true;
            if (bundle.Bundle.Count < MaxBundled)
            {
                Put_NeedsLock(bundle with { Tells = [.. bundle.Tells, tells], Bundle = [.. bundle.Bundle, notice] });
                return true;
            }
            // Of thousands only the count grows; it is written now and then, and always before the bundle goes out.
            var counted = bundle with { BundleLeftOutCount = bundle.BundleLeftOutCount + 1 };
            if (counted.BundleLeftOutCount % 100 == 1) Put_NeedsLock(counted);
            else Enter_NeedsLock(counted);
            return true;
        }
    }

    /// <summary>Those to be tried now, the longest due first.</summary>
    public IReadOnlyList<Delivery> Due(IReadOnlyList<DeliveryChannel> channels)
    {
        var now = NowUnixMillis;
        lock (_lock) return [.. _deliveries.Values.Where(delivery => delivery.State == DeliveryState.Waiting && delivery.NextAttemptUnixMillis <= now && channels.Contains(delivery.Channel)).OrderBy(delivery => delivery.NextAttemptUnixMillis).ThenBy(delivery => delivery.CreatedUnixMillis)];
    }

    /// <summary>When the next falls due; null when none waits.</summary>
    public long? NextDueUnixMillis(IReadOnlyList<DeliveryChannel> channels)
    {
        lock (_lock) return _deliveries.Values.Where(delivery => delivery.State == DeliveryState.Waiting && channels.Contains(delivery.Channel)).Select(delivery => (long?)delivery.NextAttemptUnixMillis).Min();
    }

    /// <summary>Whether nothing is due, and nothing is being handed over.</summary>
    public bool IsIdle
    {
        get
        {
            var now = NowUnixMillis;
            lock (_lock) return !_deliveries.Values.Any(delivery => delivery.State == DeliveryState.Sending || (delivery.State == DeliveryState.Waiting && delivery.NextAttemptUnixMillis <= now));
        }
    }

    /// <summary>Says that a delivery is being handed over.</summary>
    /// <returns>As it stands then; null when somebody else has it, or it is gone.</returns>
    /// <exception cref="StoreUnavailableException">It must not be handed over: what would become of it could not be kept.</exception>
    public Delivery? Begin(string id)
    {
        lock (_lock)
        {
            if (!_deliveries.TryGetValue(id, out var waiting) || waiting.State != DeliveryState.Waiting) return null;
            return Put_NeedsLock(waiting with { State = DeliveryState.Sending, AttemptCount = waiting.AttemptCount + 1 });
        }
    }

    /// <summary>Whoever takes it has taken it.</summary>
    public void Sent(Delivery delivery) => End(delivery with { State = DeliveryState.Sent, LastError = "" });

    /// <summary>It cannot be delivered, now or ever.</summary>
    /// <param name="why">In a sentence.</param>
    public void Failed(Delivery delivery, string why) => End(delivery with { State = DeliveryState.Failed, LastError = why });

    /// <summary>It is tried again later.</summary>
    public void TryAgain(Delivery delivery, string why, TimeSpan after) =>
        Change(delivery with { State = DeliveryState.Waiting, LastError = why, NextAttemptUnixMillis = NowUnixMillis + (long)after.TotalMilliseconds });

    /// <summary>It is kept, because there is no way to send it.</summary>
    public void Hold(Delivery delivery, string why) => Change(delivery with { State = DeliveryState.Held, LastError = why });

    /// <summary>What was kept, given up or waits for a later attempt is tried at once.</summary>
    /// <returns>False when there is none such of that id.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public bool Retry(string id)
    {
        lock (_lock)
        {
            if (!_deliveries.TryGetValue(id, out var delivery) || delivery.State is DeliveryState.Sent or DeliveryState.Sending) return false;
            Put_NeedsLock(delivery with { State = DeliveryState.Waiting, NextAttemptUnixMillis = NowUnixMillis, EndedUnixMillis = null, AttemptCount = 0, LastError = delivery.State == DeliveryState.Held ? "" : delivery.LastError, CreatedUnixMillis = delivery.State == DeliveryState.Failed ? NowUnixMillis : delivery.CreatedUnixMillis });
        }
        Posted?.Invoke();
        return true;
    }

    /// <summary>Lets what was kept go out, now that there is a way; what is older than an age stays.</summary>
    public void Release(IReadOnlyList<DeliveryChannel> channels, TimeSpan maxAge)
    {
        lock (_lock)
        {
            var since = NowUnixMillis - (long)maxAge.TotalMilliseconds;
            foreach (var held in _deliveries.Values.Where(delivery => delivery.State == DeliveryState.Held && channels.Contains(delivery.Channel)).ToList())
                Put_NeedsLock(held.CreatedUnixMillis >= since ? held with { State = DeliveryState.Waiting, NextAttemptUnixMillis = NowUnixMillis, LastError = "" } : held with { LastError = $"Older than {maxAge.TotalHours:0} h when there was a way to send it, so it is not sent by itself." });
        }
        Posted?.Invoke();
    }

    void End(Delivery delivery)
    {
        _counters.Add(delivery.State == DeliveryState.Sent ? "deliveries_sent" : "deliveries_failed", Word(delivery.Channel));
        if (delivery.State == DeliveryState.Failed) _problems.Add("outbox", $"\"{delivery.Subject}\" to {delivery.Target}: {delivery.LastError}", _clock.NowUnixNanos(), maxOfPlace: 20);
        Change(delivery with { EndedUnixMillis = NowUnixMillis });
    }

    /// <summary>When the disk fails here, memory knows better than the disk until the next start, which then sends once more.</summary>
    void Change(Delivery delivery)
    {
        lock (_lock)
        {
            try
            {
                Put_NeedsLock(delivery);
            }
            catch (StoreUnavailableException unavailable)
            {
                Enter_NeedsLock(delivery);
                _problems.Add("outbox", unavailable.Message, _clock.NowUnixNanos());
            }
            ForgetOldest_NeedsLock();
        }
    }

    Delivery Put_NeedsLock(Delivery delivery)
    {
        _documents.Store(Collection, delivery.Id, delivery);
        return Enter_NeedsLock(delivery);
    }

    Delivery Enter_NeedsLock(Delivery delivery)
    {
        if (_deliveries.TryGetValue(delivery.Id, out var before)) _memory.Release(before.Bytes());
        _memory.Reserve(delivery.Bytes());
        return _deliveries[delivery.Id] = delivery;
    }

    bool MakeRoom_NeedsLock(Delivery wanted)
    {
        while (_memory.HeldBytes + wanted.Bytes() > MaxBytes && Oldest_NeedsLock(delivery => delivery.IsOver()) is { } over)
            if (!Remove_NeedsLock(over)) break;
        while (_deliveries.Values.Count(delivery => !delivery.IsOver()) >= MaxUnsent || _memory.HeldBytes + wanted.Bytes() > MaxBytes)
        {
            if (Oldest_NeedsLock(delivery => delivery.State == DeliveryState.Held) is not { } held || !Remove_NeedsLock(held))
            {
                Drop(wanted);
                return false;
            }
            Drop(held);
        }
        return true;
    }

    Delivery? Oldest_NeedsLock(Func<Delivery, bool> which) => _deliveries.Values.Where(which).MinBy(delivery => delivery.CreatedUnixMillis);

    void Drop(Delivery delivery)
    {
        _counters.Add("deliveries_dropped", "outbox_full");
        _problems.Add("outbox", $"The outbox is full ({MaxUnsent} deliveries, {MaxBytes / 1_048_576} MiB): \"{delivery.Subject}\" to {delivery.Target} is not delivered. See why the others wait on the page Outbox.", _clock.NowUnixNanos(), maxOfPlace: 20);
    }

    void ForgetOldest_NeedsLock()
    {
        var over = _deliveries.Values.Where(delivery => delivery.IsOver()).OrderByDescending(delivery => delivery.EndedUnixMillis).Skip(MaxOver).ToList();
        foreach (var old in over) Remove_NeedsLock(old);
    }

    /// <returns>False when the disk does not let it go; it goes with a later one.</returns>
    bool Remove_NeedsLock(Delivery delivery)
    {
        try
        {
            _documents.Remove(Collection, delivery.Id);
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
        if (_deliveries.Remove(delivery.Id)) _memory.Release(delivery.Bytes());
        return true;
    }

    static string Word(DeliveryChannel channel) => channel.ToString().ToLowerInvariant();
}
