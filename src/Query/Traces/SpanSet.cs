using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>
/// Remembers spans that were seen, by (lower half of the trace id, span id, service), to count one that was sent twice once.
/// </summary>
/// <remarks>
/// Keeps a 64-bit fingerprint per span, not the span: among a million the chance that any two different ones meet is 3 in 100 million.
/// Not thread-safe.
/// </remarks>
sealed class SpanSet
{
    ulong[] _slots = new ulong[1024];
    ulong[] _serviceHashes = []; // Of the batch's strings; 0 is not known yet.
    SpanBatch? _batch;

    public int Count { get; private set; }

    /// <summary>Enters a span; false when it was there already.</summary>
    public bool Add(SpanBatch batch, int span)
    {
        if (!ReferenceEquals(batch, _batch)) Begin(batch);
        var service = batch.Services[span];
        var serviceHash = _serviceHashes[service];
        if (serviceHash == 0) _serviceHashes[service] = serviceHash = HashOf(batch.Strings.Utf8(service));
        unchecked
        {
            var print = Mix(Mix(batch.TraceIdLow[span] ^ serviceHash) + batch.SpanIds[span]);
            if (print == 0) print = 1;
            var mask = _slots.Length - 1;
            var slot = (int)(print & (ulong)mask);
            while (_slots[slot] != 0)
            {
                if (_slots[slot] == print) return false;
                slot = (slot + 1) & mask;
            }
            _slots[slot] = print;
            if (++Count * 2 > _slots.Length) Grow();
            return true;
        }
    }

    void Begin(SpanBatch batch)
    {
        _batch = batch;
        if (_serviceHashes.Length < batch.Strings.Count) _serviceHashes = new ulong[Math.Max(256, batch.Strings.Count * 2)];
        else Array.Clear(_serviceHashes, 0, batch.Strings.Count);
    }

    void Grow()
    {
        var old = _slots;
        _slots = new ulong[old.Length * 4];
        var mask = _slots.Length - 1;
        foreach (var print in old)
        {
            if (print == 0) continue;
            var slot = (int)(print & (ulong)mask);
            while (_slots[slot] != 0) slot = (slot + 1) & mask;
            _slots[slot] = print;
        }
    }

    static ulong HashOf(ReadOnlySpan<byte> text)
    {
        var hash = 14695981039346656037UL;
        foreach (var b in text) hash = unchecked((hash ^ b) * 1099511628211UL);
        return hash == 0 ? 1 : hash;
    }

    static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
