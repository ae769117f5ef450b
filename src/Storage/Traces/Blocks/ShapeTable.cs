using System.Numerics;
using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>What many spans of a block have in common. The numbers are indexes into the block's strings (while it is written).</summary>
/// <param name="TextKeys">Keys of its text tags, in order.</param>
/// <param name="NumberKeys">Keys of its numeric tags, in order.</param>
sealed record Shape(int Service, int Name, int Resource, int Type, int Env, SpanKind Kind, SpanFlags Flags, int[] TextKeys, int[] NumberKeys)
{
    /// <summary>Column of each text key, and of each numeric one.</summary>
    public int[] TextColumns = [];

    /// <inheritdoc cref="TextColumns"/>
    public int[] NumberColumns = [];
    public int SpanCount;
}

/// <summary>
/// Finds the shape of each span: the distinct (service, name, resource, type, environment, kind, flags, keys of its tags).
/// A service has some dozens, so one small number per span says all of it.
/// </summary>
/// <remarks>One thread; cleared for each block. Within a batch spans are compared by the batch's own indexes, without looking at texts.</remarks>
sealed class ShapeTable(StringTable strings)
{
    readonly Dictionary<Shape, int> _byContent = new(ShapeComparer.Instance);
    int[] _slots = new int[256]; // Of the current batch: position in _seen + 1.
    readonly List<(int Span, int Shape, uint Hash)> _seen = [];

    public List<Shape> Shapes { get; } = [];

    /// <summary>Starts with another batch.</summary>
    public void BeginBatch()
    {
        if (_seen.Count > 0) Array.Clear(_slots);
        _seen.Clear();
    }

    /// <summary>The index of a span's shape.</summary>
    public int ShapeOf(SpanBatch batch, TagColumn<int> tags, TagColumn<double> numbers, int span)
    {
        var hash = HashOf(batch, tags, numbers, span);
        var mask = _slots.Length - 1;
        var slot = SlotOf(hash, mask);
        for (; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var (seen, known, knownHash) = _seen[_slots[slot] - 1];
            if (knownHash == hash && AreAlike(batch, tags, numbers, seen, span)) return known;
        }
        var shape = FindOrEnter(Describe(batch, tags, numbers, span));
        _seen.Add((span, shape, hash));
        _slots[slot] = _seen.Count;
        if (_seen.Count * 2 > _slots.Length) Rehash();
        return shape;
    }

    void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        var mask = _slots.Length - 1;
        for (var i = 0; i < _seen.Count; i++)
        {
            var slot = SlotOf(_seen[i].Hash, mask);
            while (_slots[slot] != 0) slot = (slot + 1) & mask;
            _slots[slot] = i + 1;
        }
    }

    int FindOrEnter(Shape shape)
    {
        if (_byContent.TryGetValue(shape, out var index)) return index;
        index = Shapes.Count;
        _byContent.Add(shape, index);
        Shapes.Add(shape);
        return index;
    }

    Shape Describe(SpanBatch batch, TagColumn<int> tags, TagColumn<double> numbers, int span) => new(
        Own(batch, batch.Services[span]), Own(batch, batch.Names[span]), Own(batch, batch.Resources[span]),
        Own(batch, batch.Types[span]), Own(batch, batch.Envs[span]), batch.Kinds[span], batch.Flags[span],
        OwnKeys(batch, KeysOf(tags, span)), OwnKeys(batch, KeysOf(numbers, span)));

    int Own(SpanBatch batch, int text) => strings.Intern(batch.Strings, text);

    int[] OwnKeys(SpanBatch batch, ReadOnlySpan<int> keys)
    {
        var own = new int[keys.Length];
        for (var i = 0; i < own.Length; i++) own[i] = Own(batch, keys[i]);
        return own;
    }

    static ReadOnlySpan<int> KeysOf<T>(TagColumn<T> tags, int span) => tags.Keys.AsSpan(tags.Starts[span], tags.Counts[span]);

    static bool AreAlike(SpanBatch batch, TagColumn<int> tags, TagColumn<double> numbers, int a, int b) =>
        batch.Services[a] == batch.Services[b] && batch.Names[a] == batch.Names[b] && batch.Resources[a] == batch.Resources[b]
        && batch.Types[a] == batch.Types[b] && batch.Envs[a] == batch.Envs[b] && batch.Kinds[a] == batch.Kinds[b] && batch.Flags[a] == batch.Flags[b]
        && KeysOf(tags, a).SequenceEqual(KeysOf(tags, b)) && KeysOf(numbers, a).SequenceEqual(KeysOf(numbers, b));

    static uint HashOf(SpanBatch batch, TagColumn<int> tags, TagColumn<double> numbers, int span)
    {
        unchecked
        {
            var hash = (uint)batch.Services[span];
            hash = Step(hash, batch.Names[span]);
            hash = Step(hash, batch.Resources[span]);
            hash = Step(hash, batch.Types[span]);
            hash = Step(hash, batch.Envs[span]);
            hash = Step(hash, ((int)batch.Kinds[span] << 8) | (int)batch.Flags[span]);
            foreach (var key in KeysOf(tags, span)) hash = Step(hash, key);
            hash = Step(hash, -1);
            foreach (var key in KeysOf(numbers, span)) hash = Step(hash, key);
            return hash ^ (hash >> 15);
        }
    }

    static int SlotOf(uint hash, int mask) => unchecked((int)hash) & mask;

    static uint Step(uint hash, int value) => unchecked((BitOperations.RotateLeft(hash, 5) ^ (uint)value) * 0x9E3779B1);

    sealed class ShapeComparer : IEqualityComparer<Shape>
    {
        public static readonly ShapeComparer Instance = new();

        public bool Equals(Shape? x, Shape? y) =>
            x!.Service == y!.Service && x.Name == y.Name && x.Resource == y.Resource && x.Type == y.Type && x.Env == y.Env
            && x.Kind == y.Kind && x.Flags == y.Flags && x.TextKeys.AsSpan().SequenceEqual(y.TextKeys) && x.NumberKeys.AsSpan().SequenceEqual(y.NumberKeys);

        public int GetHashCode(Shape shape) =>
            HashCode.Combine(shape.Service, shape.Name, shape.Resource, shape.Type, shape.Env, ((int)shape.Kind << 8) | (int)shape.Flags, shape.TextKeys.Length, shape.NumberKeys.Length);
    }
}
