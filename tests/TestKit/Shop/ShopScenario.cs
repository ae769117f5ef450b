using Apm.Core.Ids;
using Apm.Core.Time;

namespace Apm.TestKit.Shop;

/// <summary>
/// Traffic of a shop of twelve services and sixty endpoints (<see cref="ShopServices"/>, <see cref="ShopEndpoints"/>) in which each of
/// <see cref="ShopFacts"/> is planted, by chance with a seed. The same seed and now give the same spans when asked for the same ranges in the same order.
/// </summary>
/// <remarks>Reads no clock. One thread.</remarks>
/// <param name="seed">Of all chance.</param>
/// <param name="nowUnixNanos">When history ends and live traffic begins; the facts' times count back from here. Later times may be asked for.</param>
public sealed class ShopScenario(int seed, long nowUnixNanos)
{
    readonly Random _chance = new(seed);
    readonly double _weightOfAll = ShopEndpoints.All.Sum(endpoint => endpoint.Weight);
    ulong _lastSpanId = (ulong)new Random(seed).NextInt64(1L << 40) << 20;

    /// <summary>From which the facts' times count back.</summary>
    public long NowUnixNanos => nowUnixNanos;

    /// <summary>Requests per second from <see cref="NowUnixNanos"/> on; default 20.</summary>
    public double LivePerSecond { get; init; } = 20;

    /// <summary>Requests per second long before; default 0.8. From there the shop gets busier, so that history is small and still meets the live rate.</summary>
    public double QuietPerSecond { get; init; } = 0.8;

    /// <summary>Within about so long of now it gets busy; default 9 min.</summary>
    public TimeSpan Rush { get; init; } = TimeSpan.FromMinutes(9);

    /// <summary>Requests from outside that start in a range, planted ones included, in the order of their starts.</summary>
    public IEnumerable<ShopTrace> Requests(TimeRange range)
    {
        var planted = new Queue<ShopPlant>(ShopFacts.Planted.Where(plant => At(plant.Before) >= range.FromUnixNanos && At(plant.Before) < range.ToUnixNanos).OrderByDescending(plant => plant.Before));
        for (var at = NextStart(range.FromUnixNanos); at < range.ToUnixNanos; at = NextStart(at))
        {
            while (planted.TryPeek(out var next) && At(next.Before) <= at) yield return Make(planted.Dequeue());
            if (Chosen(at) is { } endpoint) yield return new ShopTraceMaker(this, _chance, NewTraceId(at), choice: null).Make(endpoint, at);
        }
        while (planted.TryDequeue(out var left)) yield return Make(left);
    }

    /// <summary>Requests per second at a time.</summary>
    public double RateAt(long unixNanos)
    {
        var before = Math.Max(0, NowUnixNanos - unixNanos) / (double)UnixTime.NanosPerSecond;
        return QuietPerSecond + ((LivePerSecond - QuietPerSecond) * Math.Exp(-before / Rush.TotalSeconds));
    }

    /// <summary>A time that is so long before now.</summary>
    public long At(TimeSpan before) => NowUnixNanos - (before.Ticks * UnixTime.NanosPerTick);

    /// <summary>When an instance takes a version: the instances of a service follow each other.</summary>
    public long TakenAt(ShopDeploy deploy, int instance) => At(deploy.Before) + (instance * ShopFacts.RollingDelay.Ticks * UnixTime.NanosPerTick);

    /// <summary>The process that an instance is at a time.</summary>
    public ShopProcess ProcessAt(ShopService service, int instance, long unixNanos)
    {
        var newest = ShopFacts.Deploys.LastOrDefault(deploy => deploy.Service == service.Name && TakenAt(deploy, instance) <= unixNanos);
        return Process(service, instance, newest?.Version ?? service.FirstVersion);
    }

    /// <summary>All processes that run at a time.</summary>
    public IEnumerable<ShopProcess> ProcessesAt(long unixNanos) =>
        ShopServices.All.SelectMany(service => Enumerable.Range(0, service.Instances).Select(instance => ProcessAt(service, instance, unixNanos)));

    internal SpanId NewSpanId() => new(unchecked(++_lastSpanId * 0x9E37_79B9_7F4A_7C15) >> 1 | 1);

    internal TraceId NewTraceId(long atUnixNanos) => new((ulong)(atUnixNanos / UnixTime.NanosPerSecond) << 32, (ulong)_chance.NextInt64(1, long.MaxValue));

    ShopTrace Make(ShopPlant plant) => new ShopTraceMaker(this, _chance, plant.TraceId, plant.Choice).Make(ShopEndpoints.Of(plant.Service, plant.Resource), At(plant.Before));

    long NextStart(long after) => after + 1 + (long)(-Math.Log(1 - _chance.NextDouble()) / RateAt(after) * UnixTime.NanosPerSecond);

    /// <summary>Null when it is one that did not exist yet.</summary>
    ShopEndpoint? Chosen(long at)
    {
        var left = _chance.NextDouble() * _weightOfAll;
        var chosen = ShopEndpoints.All.First(endpoint => (left -= endpoint.Weight) < 0);
        return chosen.SinceVersion.Length == 0 || at >= At(ShopFacts.Deploys.Single(deploy => deploy.Service == chosen.Service && deploy.Version == chosen.SinceVersion).Before) + (2 * 60 * UnixTime.NanosPerSecond) ? chosen : null;
    }

    readonly Dictionary<(string Service, int Instance, string Version), ShopProcess> _processes = [];

    ShopProcess Process(ShopService service, int instance, string version)
    {
        if (!_processes.TryGetValue((service.Name, instance, version), out var process)) _processes.Add((service.Name, instance, version), process = new ShopProcess(service, instance, version));
        return process;
    }
}
