using Apm.Core.Spans;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// The strings of one v1.0 body (trace-intake §1.13): each string that is written out takes the next number, and later an
/// unsigned integer refers to it. Number 0 is "". Holds for the whole body in the order of its bytes.
/// </summary>
sealed class V1Strings(StringTable table)
{
    readonly List<int> _indexes = [0];
    long _spelledOutBytes;

    /// <summary>Reads a string or a reference to one and gives its index in the batch's table.</summary>
    public int Read(ref MsgPackReader reader)
    {
        var offset = reader.Offset;
        if (IsText(reader.PeekCode())) return Learn(ref reader);
        var number = reader.ReadUnsigned();
        if (number < (ulong)_indexes.Count) return _indexes[(int)number];
        throw new MsgPackException(offset, $"string {number} is referred to, but only {_indexes.Count} strings came before. A string must be written out before it is referred to; report it to the tracer's authors.");
    }

    /// <summary>As <see cref="Read"/>, as text.</summary>
    public string ReadText(ref MsgPackReader reader) => table.Text(Read(ref reader));

    /// <summary>As <see cref="Read"/>, as bytes to be copied; valid until the next string is read.</summary>
    public ReadOnlySpan<byte> ReadUtf8(ref MsgPackReader reader)
    {
        var offset = reader.Offset;
        var utf8 = table.Utf8(Read(ref reader));
        _spelledOutBytes += utf8.Length;
        if (_spelledOutBytes > DatadogLimits.MaxSpelledOutBytes)
            throw new MsgPackException(offset, $"references to strings spell out more than {DatadogLimits.MaxSpelledOutBytes} bytes. Send fewer events and links per request.");
        return utf8;
    }

    /// <summary>Reads the optional table that may open a body; its strings take the next numbers.</summary>
    public void ReadTable(ref MsgPackReader reader)
    {
        for (var left = reader.ReadArrayLength(); left > 0; left--)
        {
            var offset = reader.Offset;
            if (!IsText(reader.PeekCode())) throw MsgPackReader.Expected("a string", offset, reader.PeekCode());
            var index = Learn(ref reader);
            if (index == 0 && _indexes.Count == 2) _indexes.RemoveAt(1); // A table may repeat the "" that number 0 is anyway.
        }
    }

    /// <summary>Passes over a value of a key we do not know. Strings inside take numbers all the same.</summary>
    public void Skip(ref MsgPackReader reader)
    {
        for (var left = 1L; left > 0; left--)
        {
            if (IsText(reader.PeekCode())) Learn(ref reader);
            else left += reader.SkipHead();
        }
    }

    int Learn(ref MsgPackReader reader)
    {
        var index = table.InternLenient(reader.ReadString());
        _indexes.Add(index);
        return index;
    }

    static bool IsText(byte code) => (code & 0xe0) == MsgPackCode.FixStr || code is MsgPackCode.Str8 or MsgPackCode.Str16 or MsgPackCode.Str32;
}
