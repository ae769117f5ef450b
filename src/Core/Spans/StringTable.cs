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
    int[] _slots;      // index + 1; 0 is free. Length is a power of two.
    string?[]? _texts; // made on demand
    int _count;
    int _used;

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

    /// <summary>How many strings there are, "" included.</summary>
    public int Count => _count;

    /// <summary>Bytes of all strings together.</summary>
    public int ByteCount => _used;

    /// <summary>The string's bytes. The index must come from this table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Utf8(int index)
    {
        var start = index == 0 ? 0 : _ends[index - 1];
        return _utf8.AsSpan(start, _ends[index] - start);
    }

    /// <summary>The string as text, made once and kept. Any thread may call it once the batch is complete.</summary>
    public string Text(int index)
    {
        if (index == 0) return "";
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
    public int Find(ReadOnlySpan<byte> utf8) => FindHashed(utf8, Hash(utf8));

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

    /// <summary>The index of a string, entered when new. The bytes must be valid UTF-8 (see <see cref="InternLenient"/>).</summary>
    public int Intern(ReadOnlySpan<byte> utf8)
    {
        var hash = Hash(utf8);
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

    static bool Utf8IsValid(ReadOnlySpan<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes);

    int FindHashed(ReadOnlySpan<byte> utf8, ulong hash)
    {
        var mask = _slots.Length - 1;
        for (var slot = (int)(hash & (uint)mask); ; slot = (slot + 1) & mask)
        {
            var entry = _slots[slot];
            if (entry == 0) return -1;
            if (_hashes[entry - 1] == hash && Utf8(entry - 1).SequenceEqual(utf8)) return entry - 1;
        }
    }

    int Enter(ReadOnlySpan<byte> utf8, ulong hash)
    {
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
        if (_count * 2 > _slots.Length) Rehash(_slots.Length * 2);
        else Place(_count - 1);
        return _count - 1;
    }

    void Rehash(int slots)
    {
        _slots = new int[slots];
        for (var i = 0; i < _count; i++) Place(i);
    }

    void Place(int index)
    {
        var mask = _slots.Length - 1;
        var slot = (int)(_hashes[index] & (uint)mask);
        while (_slots[slot] != 0) slot = (slot + 1) & mask;
        _slots[slot] = index + 1;
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
}
