namespace Apm.TraceAgent.Obfuscate;

/// <summary>A text being made that never grows beyond its limit; what would be more is cut off at a whole character and forgotten.</summary>
/// <remarks>One thread. Cleared and used again, so that a batch needs one.</remarks>
sealed class BoundedText(int maxBytes)
{
    byte[] _bytes = new byte[Math.Min(1024, maxBytes)];
    bool _isFull;

    /// <summary>Bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was made; valid until the next change.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear()
    {
        Length = 0;
        _isFull = false;
    }

    public void Append(byte ascii) => Append([ascii]);

    public void Append(ReadOnlySpan<byte> utf8)
    {
        if (_isFull) return;
        if (utf8.Length > maxBytes - Length)
        {
            _isFull = true;
            var end = maxBytes - Length;
            while (end > 0 && (utf8[end] & 0xC0) == 0x80) end--;
            utf8 = utf8[..end];
        }
        if (Length + utf8.Length > _bytes.Length) Array.Resize(ref _bytes, Math.Min(maxBytes, Math.Max(_bytes.Length * 2, Length + utf8.Length)));
        utf8.CopyTo(_bytes.AsSpan(Length));
        Length += utf8.Length;
    }
}
