using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>
/// Sorts the spans of a request into chunks: one per trace within a payload. OTLP sends spans by instrumentation scope, so the spans of
/// a trace usually come apart; at the end they are put together, each trace where its first span was, its spans in the order they came.
/// </summary>
internal sealed class TraceGroups(SpanBatch batch)
{
    // Ids come from outside; a seed of this process keeps them from being chosen to collide.
    static readonly ulong Seed = (ulong)Random.Shared.NextInt64() | 1;

    struct Group
    {
        public ulong High;
        public ulong Low;
        public int Payload;
        public int Priority;
        public int FirstSpan;
        public int Count;
    }

    readonly int _firstSpan = batch.SpanCount;
    Group[] _groups = new Group[16];
    int[] _slots = new int[32]; // group + 1; 0 is free. Length is a power of two.
    int[] _groupOfSpan = new int[64];
    int _groupCount;
    int _last = -1;
    bool _apart;

    /// <summary>Puts the newest span into its group.</summary>
    /// <param name="isFirst">It is the first of its trace here.</param>
    /// <returns>The group, for the methods below.</returns>
    public int Add(int payload, ulong high, ulong low, out bool isFirst)
    {
        var group = _last;
        if (group < 0 || _groups[group].Low != low || _groups[group].High != high || _groups[group].Payload != payload)
            group = Find(payload, high, low);
        isFirst = group == _groupCount;
        if (isFirst) Enter(payload, high, low);
        else if (group != _last) _apart = true;
        _last = group;
        _groups[group].Count++;

        var at = batch.SpanCount - 1 - _firstSpan;
        if (at == _groupOfSpan.Length) Array.Resize(ref _groupOfSpan, at * 2);
        _groupOfSpan[at] = group;
        return group;
    }

    /// <summary>The first span of a group, where it is until <see cref="Finish"/>.</summary>
    public int FirstSpanOf(int group) => _groups[group].FirstSpan;

    /// <summary>Sets a chunk's sampling priority; the highest that any of its spans asked for wins.</summary>
    public void SetPriority(int group, int priority)
    {
        ref var now = ref _groups[group].Priority;
        if (now == Chunk.NoPriority || priority > now) now = priority;
    }

    public int PriorityOf(int group) => _groups[group].Priority;

    /// <summary>Orders the spans by chunk and adds the chunks to the batch.</summary>
    /// <param name="defaultPriority">Priority of the chunks for which no span asked for one.</param>
    public void Finish(int defaultPriority)
    {
        if (_apart) PutTogether();
        var first = _firstSpan;
        for (var g = 0; g < _groupCount; g++)
        {
            ref var group = ref _groups[g];
            batch.Chunks.Add(new Chunk
            {
                FirstSpan = first,
                SpanCount = group.Count,
                Priority = group.Priority == Chunk.NoPriority ? defaultPriority : group.Priority,
                Payload = group.Payload,
            });
            first += group.Count;
        }
    }

    void PutTogether()
    {
        var count = batch.SpanCount - _firstSpan;
        var next = new int[_groupCount];
        for (var g = 1; g < _groupCount; g++) next[g] = next[g - 1] + _groups[g - 1].Count;
        var order = new int[count];
        for (var i = 0; i < count; i++) order[next[_groupOfSpan[i]]++] = _firstSpan + i;
        batch.ReorderSpans(_firstSpan, order);
    }

    int Find(int payload, ulong high, ulong low)
    {
        var mask = _slots.Length - 1;
        for (var slot = Hash(payload, high, low) & mask; ; slot = (slot + 1) & mask)
        {
            var group = _slots[slot] - 1;
            if (group < 0) return _groupCount;
            ref var there = ref _groups[group];
            if (there.Low == low && there.High == high && there.Payload == payload) return group;
        }
    }

    void Enter(int payload, ulong high, ulong low)
    {
        if (_groupCount == _groups.Length) Array.Resize(ref _groups, _groupCount * 2);
        _groups[_groupCount++] = new Group
        {
            High = high,
            Low = low,
            Payload = payload,
            Priority = Chunk.NoPriority,
            FirstSpan = batch.SpanCount - 1,
        };
        if (_groupCount * 2 > _slots.Length)
        {
            _slots = new int[_slots.Length * 2];
            for (var g = 0; g < _groupCount - 1; g++) Place(g);
        }
        Place(_groupCount - 1);
    }

    void Place(int group)
    {
        var mask = _slots.Length - 1;
        var slot = Hash(_groups[group].Payload, _groups[group].High, _groups[group].Low) & mask;
        while (_slots[slot] != 0) slot = (slot + 1) & mask;
        _slots[slot] = group + 1;
    }

    static int Hash(int payload, ulong high, ulong low)
    {
        unchecked
        {
            var mixed = Math.BigMul(low ^ Seed, high * 0x9E3779B97F4A7C15 ^ Seed ^ (ulong)payload * 0xD6E8FEB86659FD93 | 1, out var lower) ^ lower;
            mixed *= 0xD6E8FEB86659FD93;
            return (int)(mixed >> 33);
        }
    }
}
