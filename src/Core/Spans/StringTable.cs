using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;


namespace Apm.Core.Spans;

/// <summary>
/// The distinct strings of one batch, kept as UTF-8 in one buffer; a string is its index. Index 0 is "".
/// </summary>
/// <remarks>
/// Interning is for one thread. Once the batch is handed on, nobody interns any more and any thread may read.
/// Hashes are seeded per process, so a payload cannot be made to collide.
/// </remarks>
public sealed class StringTable
{
    static readonly ulong Seed = (ulong)Random.Shared.NextInt64() | 1; // Chance only decides the order of buckets, never a result.

    byte[] _utf8;
    int[] _ends;       // exclusive end of string i in _utf8
    ulong[] _hashes;
    int[]? _slots;     // index + 1; 0 is free. Length is a power of two. Null until somebody searches a stored table.
    string?[]? _texts; // made on demand
    int _count;
    int _used;
    readonly StoredRest? _rest; // Strings from _count on, of a stored table.

    /// <summary>Starts with "" at index 0.</summary>
    public StringTable(int expectedStrings = 64, int expectedBytes = 1024)
    {
        var capacity = Math.Max(4, expectedStrings);
        _utf8 = new byte[Math.Max(16, expectedBytes)];
        _ends = new int[capacity];
        _hashes = new ulong[capacity];
        _slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
        Intern([]);
    }

    StringTable(byte[] utf8, int[] ends, StoredRest? rest)
    {
        Invariant.Holds(ends.Length > 0 && ends[0] == 0);
        _utf8 = utf8;
        _ends = ends;
        _hashes = [];
        _count = ends.Length;
        _used = ends[^1];
        _rest = rest;
    }

    /// <summary>A table as a store reads it back; nothing can be interned any more. Nothing is hashed before the first search.</summary>
    /// <param name="utf8">The strings, valid UTF-8, one after the other; owned by the table from here on.</param>
    /// <param name="ends">Exclusive end of each string; the first is "" and ends at 0. All are distinct.</param>
    /// <param name="loadRest">
    /// Reads further strings when somebody first needs one: a table whose entries after "" follow on these. Null when these
    /// are all. Runs once, on the asking thread, who also gets what it throws.
    /// </param>
    public static StringTable Stored(byte[] utf8, int[] ends, Func<StringTable>? loadRest = null) =>
        new(utf8, ends, loadRest is null ? null : new StoredRest(loadRest));

    /// <summary>How many strings there are, "" included.</summary>
    public int Count => _count + (_rest is null ? 0 : _rest.Table.Count - 1);

    /// <summary>Bytes of all strings together.</summary>
    public int ByteCount => _used + (_rest is null ? 0 : _rest.Table.ByteCount);

    /// <summary>Memory of its arrays; texts made on demand and a rest not read yet do not count.</summary>
    public long MemoryBytes => _utf8.Length + ((long)_ends.Length * sizeof(int)) + ((long)_hashes.Length * sizeof(ulong)) + ((long)(_slots?.Length ?? 0) * sizeof(int));

    /// <summary>The string's bytes. The index must come from this table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Utf8(int index)
    {
        if (index >= _count && _rest is not null) return _rest.Table.Utf8(index - _count + 1);
        var start = index == 0 ? 0 : _ends[index - 1];
        return _utf8.AsSpan(start, _ends[index] - start);
    }

    /// <summary>The string as text, made once and kept. Any thread may call it once the batch is complete.</summary>
    public string Text(int index)
    {
        if (index == 0) return "";
        if (index >= _count && _rest is not null) return _rest.Table.Text(index - _count + 1);
        var texts = Volatile.Read(ref _texts);
        if (texts is null || texts.Length <= index)
        {
            var grown = new string?[_count];
            texts?.CopyTo(grown, 0);
            Volatile.Write(ref _texts, texts = grown); // A race costs a second decoding, nothing else.
        }
        return texts[index] ??= Encoding.UTF8.GetString(Utf8(index));
    }

    /// <summary>The index of a string that is there already; -1 when it is not.</summary>
    public int Find(ReadOnlySpan<byte> utf8)
    {
        var found = FindHashed(utf8, Hash(utf8));
        if (found >= 0 || _rest is null) return found;
        var inRest = _rest.Table.Find(utf8);
        return inRest < 0 ? -1 : _count + inRest - 1;
    }

    /// <summary>The index of a string that is there already; -1 when it is not.</summary>
    public int Find(string text)
    {
        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = null;
        var buffer = length <= 512 ? stackalloc byte[512] : rented = ArrayPool<byte>.Shared.Rent(length);
        var found = Find(buffer[..Encoding.UTF8.GetBytes(text, buffer)]);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return found;
    }

    /// <summary>
    /// As <see cref="Find(string)"/>, but without reading the rest of a stored table: names of services, operations, resources, and keys
    /// of tags are always among the first strings, only values of tags are in the rest.
    /// </summary>
    public int FindName(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return FindHashed(utf8, Hash(utf8));
    }

    /// <summary>The index of a string, entered when new. The bytes must be valid UTF-8 (see <see cref="InternLenient"/>).</summary>
    public int Intern(ReadOnlySpan<byte> utf8)
    {
        var hash = Hash(utf8);
        var found = FindHashed(utf8, hash);
        return found >= 0 ? found : Enter(utf8, hash);
    }

    /// <summary>As <see cref="Intern(ReadOnlySpan{byte})"/>, for a string of another table, whose hash is known.</summary>
    public int Intern(StringTable other, int index)
    {
        if (index >= other._hashes.Length) return Intern(other.Utf8(index));
        var utf8 = other.Utf8(index);
        var hash = other._hashes[index];
        var found = FindHashed(utf8, hash);
        return found >= 0 ? found : Enter(utf8, hash);
    }

    /// <summary>As <see cref="Intern(ReadOnlySpan{byte})"/>; each undecodable byte becomes U+FFFD (trace-intake §1.16).</summary>
    public int InternLenient(ReadOnlySpan<byte> bytes)
    {
        var hash = Hash(bytes);
        var found = FindHashed(bytes, hash);
        if (found >= 0) return found;
        return Utf8IsValid(bytes) ? Enter(bytes, hash) : Intern(Repaired(bytes));
    }

    static byte[] Repaired(ReadOnlySpan<byte> bytes)
    {
        var repaired = new ArrayBufferWriter<byte>(bytes.Length + 16);
        while (bytes.Length > 0)
        {
            var good = Rune.DecodeFromUtf8(bytes, out _, out var length) == OperationStatus.Done;
            repaired.Write(good ? bytes[..length] : "\uFFFD"u8);
            bytes = bytes[(good ? length : 1)..]; // One mark per byte, as Go does, not one per broken sequence.
        }
        return repaired.WrittenSpan.ToArray();
    }

    /// <summary>The index of a string, entered when new.</summary>
    public int Intern(string text)
    {
        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = null;
        var buffer = length <= 512 ? stackalloc byte[512] : rented = ArrayPool<byte>.Shared.Rent(length);
        var index = Intern(buffer[..Encoding.UTF8.GetBytes(text, buffer)]);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return index;
    }

    /// <summary>Forgets all but "", keeping the room. Only for a table that nobody else reads.</summary>
    public void Clear()
    {
        Invariant.Holds(_slots is not null && _rest is null);
        Array.Clear(_slots!);
        _texts = null;
        _count = 0;
        _used = 0;
        Intern([]);
    }

    static bool Utf8IsValid(ReadOnlySpan<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes);

    int FindHashed(ReadOnlySpan<byte> utf8, ulong hash)
    {
        var slots = Volatile.Read(ref _slots) ?? HashStored();
        var mask = slots.Length - 1;
        for (var slot = (int)(hash & (uint)mask); ; slot = (slot + 1) & mask)
        {
            var entry = slots[slot];
            if (entry == 0) return -1;
            if (_hashes[entry - 1] == hash && Utf8(entry - 1).SequenceEqual(utf8)) return entry - 1;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    int[] HashStored()
    {
        var hashes = new ulong[_count];
        var slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, _count) * 2)];
        for (var i = 0; i < _count; i++)
        {
            hashes[i] = Hash(Utf8(i));
            Place(slots, hashes[i], i);
        }
        Volatile.Write(ref _hashes, hashes);
        Volatile.Write(ref _slots, slots); // A race costs a second hashing, nothing else: both come to the same.
        return slots;
    }

    int Enter(ReadOnlySpan<byte> utf8, ulong hash)
    {
        Invariant.Holds(_slots is not null && _rest is null);
        if (_count == _ends.Length)
        {
            Array.Resize(ref _ends, _count * 2);
            Array.Resize(ref _hashes, _count * 2);
        }
        if (_used + utf8.Length > _utf8.Length) Array.Resize(ref _utf8, Math.Max(_utf8.Length * 2, _used + utf8.Length));
        utf8.CopyTo(_utf8.AsSpan(_used));
        _used += utf8.Length;
        _ends[_count] = _used;
        _hashes[_count] = hash;
        _count++;
        if (_count * 2 > _slots!.Length) Rehash(_slots.Length * 2);
        else Place(_slots, hash, _count - 1);
        return _count - 1;
    }

    void Rehash(int slots)
    {
        _slots = new int[slots];
        for (var i = 0; i < _count; i++) Place(_slots, _hashes[i], i);
    }

    static void Place(int[] slots, ulong hash, int index)
    {
        var mask = slots.Length - 1;
        var slot = (int)(hash & (uint)mask);
        while (slots[slot] != 0) slot = (slot + 1) & mask;
        slots[slot] = index + 1;
    }

    static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            ref var at = ref MemoryMarshal.GetReference(bytes);
            var length = bytes.Length;
            var hash = Seed ^ ((ulong)length * 0x9E3779B97F4A7C15);
            var i = 0;
            for (; i + 8 <= length; i += 8) hash = Mix(hash ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, i)));
            if (i < length)
            {
                ulong tail;
                if (length >= 8) tail = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, length - 8));
                else
                {
                    tail = 0;
                    for (var k = i; k < length; k++) tail = (tail << 8) | Unsafe.Add(ref at, k);
                }
                hash = Mix(hash ^ tail);
            }
            return hash;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Mix(ulong value)
    {
        var high = Math.BigMul(value, 0xD6E8FEB86659FD93, out var low);
        return high ^ low;
    }

    sealed class StoredRest(Func<StringTable> load)
    {
        readonly Lock _loading = new();
        Func<StringTable>? _load = load;
        StringTable? _table;

        public StringTable Table => Volatile.Read(ref _table) ?? Load();

        StringTable Load()
        {
            lock (_loading)
            {
                if (_table is null)
                {
                    Volatile.Write(ref _table, _load!());
                    _load = null;
                }
                return _table;
            }
        }
    }
}
