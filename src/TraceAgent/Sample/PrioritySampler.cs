using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Counts what the tracers of each service send and reckons the rates that they are told (trace-intake §4.3). It never overrides a
/// tracer's decision; it steers.
/// </summary>
/// <remarks>One thread.</remarks>
sealed class PrioritySampler(SamplerSettings settings)
{
    readonly SignatureRates _rates = new(settings.TargetTracesPerSecond, settings.ExtraSampleRate);
    readonly Dictionary<uint, LinkedListNode<Entry>> _services = [];
    readonly LinkedList<Entry> _latestFirst = [];

    /// <summary>Traces per second to keep.</summary>
    public double TargetPerSecond
    {
        get => _rates.TargetPerSecond;
        set => _rates.TargetPerSecond = value;
    }

    /// <summary>Services that had to make room for others.</summary>
    public long ForgottenCount { get; private set; }

    /// <summary>Counts a chunk whose tracer decided by rates (priority 0 or 1).</summary>
    /// <param name="service">Service of its root.</param>
    /// <param name="env">Its environment.</param>
    /// <param name="weight">How many traces it stands for, those the tracer dropped itself included.</param>
    /// <param name="rate">The rate that its tracer is told.</param>
    /// <returns>True when the rates are new.</returns>
    public bool Add(long nowNanos, SpanBatch batch, int service, int env, double weight, out double rate)
    {
        var signature = TraceSignature.OfService(batch.Strings.Utf8(service), batch.Strings.Utf8(env));
        if (_services.TryGetValue(signature, out var known))
        {
            _latestFirst.Remove(known);
            _latestFirst.AddFirst(known);
        }
        else
        {
            if (_services.Count >= settings.MaxServices) ForgetOldest();
            _services.Add(signature, _latestFirst.AddFirst(new Entry(signature, batch.Strings.Text(service), batch.Strings.Text(env))));
        }
        var isNew = _rates.Add(nowNanos, signature, weight);
        rate = _rates.RateOf(signature);
        return isNew;
    }

    /// <summary>The rates to tell, by <c>service:…,env:…</c>; <c>service:,env:</c> is that of all others. Services without traffic are forgotten.</summary>
    public SortedDictionary<string, double> Publish()
    {
        var rates = new SortedDictionary<string, double>(StringComparer.Ordinal) { [RatesAnswer.DefaultKey] = Clamped(_rates.DefaultRate) };
        for (var node = _latestFirst.First; node is not null;)
        {
            var (next, entry) = (node.Next, node.Value);
            if (_rates.PublishedRateOf(entry.Signature) is { } rate)
            {
                rates[$"service:{entry.Service},env:{entry.Env}"] = Clamped(rate);
                if (entry.Env == settings.DefaultEnv) rates[$"service:{entry.Service},env:"] = Clamped(rate); // How a tracer without an environment looks it up.
            }
            else if (!_rates.Has(entry.Signature)) Forget(node);
            node = next;
        }
        return rates;
    }

    static double Clamped(double rate) => Math.Clamp(rate, 0, 1);

    void ForgetOldest()
    {
        Forget(_latestFirst.Last!);
        ForgottenCount++;
    }

    void Forget(LinkedListNode<Entry> node)
    {
        _services.Remove(node.Value.Signature);
        _latestFirst.Remove(node);
    }

    readonly record struct Entry(uint Signature, string Service, string Env);
}
