using Apm.Core.Spans;

namespace Apm.Query.Matching;

/// <summary>
/// Remembers spans that were seen, by (lower half of the trace id, span id, service), to count one that was sent twice once.
/// </summary>
/// <remarks>
/// Keeps a 64-bit fingerprint per span, not the span: among a million the chance that any two different ones meet is 3 in 100 million.
/// It never forgets the last <see cref="MaxRemembered"/> spans; of more, the older are forgotten, so that one that is met again
/// after more spans than that counts twice. Not thread-safe, but for <see cref="Contains"/> while nobody adds.
/// </remarks>
sealed class SpanSet
{
    /// <summary>Spans remembered at least; default 2 M (up to 100 MB, held while a search runs).</summary>
    public const int MaxRemembered = 2_000_000;

    Prints _newer = new();
    Prints _older = new();
    readonly ServiceHashes _services = new();

    /// <summary>Enters a span; false when it was there already.</summary>
    public bool Add(SpanBatch batch, int span) => Add(PrintOf(batch.TraceIdLow[span], batch.SpanIds[span], _services.Of(batch, span)));

    /// <summary>Enters the fingerprint of a span.</summary>
    public bool Add(ulong print)
    {
        if (_older.Contains(print) || !_newer.Add(print)) return false;
        if (_newer.Count < MaxRemembered) return true;
        (_older, _newer) = (_newer, new Prints());
        return true;
    }

    public bool Contains(ulong print) => _newer.Contains(print) || _older.Contains(print);

    /// <summary>The fingerprint of a span; never 0.</summary>
    public static ulong PrintOf(ulong traceIdLow, ulong spanId, ulong serviceHash)
    {
        var print = TextHash.Mix(unchecked(TextHash.Mix(traceIdLow ^ serviceHash) + spanId));
        return print == 0 ? 1 : print;
    }

    /// <summary>Open addressing; 0 is an empty slot.</summary>
    sealed class Prints
    {
        ulong[] _slots = new ulong[1024];

        public int Count { get; private set; }

        public bool Add(ulong print)
        {
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

        public bool Contains(ulong print)
        {
            var mask = _slots.Length - 1;
            for (var slot = (int)(print & (ulong)mask); _slots[slot] != 0; slot = (slot + 1) & mask)
                if (_slots[slot] == print) return true;
            return false;
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
    }
}

/// <summary>Hashes of a batch's services, each computed once. Not thread-safe.</summary>
sealed class ServiceHashes
{
    ulong[] _hashes = new ulong[256]; // Of the batch's strings; 0 is not known yet. As long as the highest index asked for: names come first.
    SpanBatch? _batch;
    int _used;

    public ulong Of(SpanBatch batch, int span)
    {
        if (!ReferenceEquals(batch, _batch)) Begin(batch);
        var service = batch.Services[span];
        if (service >= _used) Use(service);
        var hash = _hashes[service];
        if (hash == 0) _hashes[service] = hash = TextHash.Of(batch.Strings.Utf8(service)) | 1;
        return hash;
    }

    void Begin(SpanBatch batch)
    {
        _batch = batch;
        Array.Clear(_hashes, 0, _used);
        _used = 0;
    }

    void Use(int service)
    {
        _used = service + 1;
        if (_used > _hashes.Length) Array.Resize(ref _hashes, Math.Max(_used, _hashes.Length * 2));
    }
}
