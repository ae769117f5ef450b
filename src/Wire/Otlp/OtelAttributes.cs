using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Apm.Wire.Otlp;

/// <summary>What an attribute's value is.</summary>
internal enum OtelValueKind : byte
{
    /// <summary>No value was set; reads as "".</summary>
    Empty,

    /// <summary>Bits are the index of a text.</summary>
    Text,
    Bool,
    Int,

    /// <summary>Bits are those of the double.</summary>
    Double,

    /// <summary>An array or map; bits are the index of its JSON text.</summary>
    Json,

    /// <summary>Bits are the index of the bytes in base64.</summary>
    Bytes,
}

/// <summary>One attribute as numbers: key and texts are indexes into the batch's texts.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OtelAttribute(int Key, OtelValueKind Kind, long Bits)
{
    public double Double => BitConverter.Int64BitsToDouble(Bits);
}

/// <summary>
/// The attributes of one thing (span, resource, scope, event), in the order they came, in a buffer that is used again for the next.
/// The few keys that rules ask for are found in one step.
/// </summary>
internal sealed class OtelAttributes
{
    OtelAttribute[] _items = new OtelAttribute[32];
    readonly int[] _known = new int[64];
    ulong _present;

    public int Count { get; private set; }

    /// <summary>Attributes that the sender dropped and those beyond our limit.</summary>
    public uint Dropped { get; private set; }

    /// <summary>Counts what the sender dropped itself.</summary>
    public void AddDropped(uint count) => Dropped = (uint)Math.Min((ulong)Dropped + count, uint.MaxValue);

    public ReadOnlySpan<OtelAttribute> Items => _items.AsSpan(0, Count);

    public void Clear()
    {
        Count = 0;
        Dropped = 0;
        _present = 0;
    }

    public void Add(int key, OtelKey known, OtelValueKind kind, long bits)
    {
        if (key == 0 || Count == OtlpLimits.MaxAttributes)
        {
            AddDropped(1);
            return;
        }
        if (Count == _items.Length) Array.Resize(ref _items, Count * 2);
        if (known != OtelKey.None)
        {
            _known[(int)known] = Count;
            _present |= 1UL << (int)known;
        }
        _items[Count++] = new OtelAttribute(key, kind, bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Has(OtelKey key) => (_present & 1UL << (int)key) != 0;

    /// <summary>The last attribute of that key.</summary>
    public bool TryGet(OtelKey key, out OtelAttribute attribute)
    {
        var has = Has(key);
        attribute = has ? _items[_known[(int)key]] : default;
        return has;
    }
}
