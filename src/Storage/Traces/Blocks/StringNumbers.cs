using Apm.Core;
using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Numbers the strings of a block in the order in which its parts use them; "" is 0.</summary>
/// <remarks>One thread; used again for each block.</remarks>
sealed class StringNumbers
{
    int[] _numberOf = [];
    readonly List<int> _inOrder = [];

    /// <summary>The strings as they were met.</summary>
    public StringTable Strings { get; private set; } = new();

    public int Count => _inOrder.Count;

    public void Begin(StringTable strings)
    {
        Strings = strings;
        if (_numberOf.Length < strings.Count) _numberOf = new int[strings.Count * 2];
        _numberOf.AsSpan(0, strings.Count).Fill(-1);
        _inOrder.Clear();
        Enter(0);
    }

    public bool IsNumbered(int text) => _numberOf[text] >= 0;

    public int NumberOf(int text)
    {
        Invariant.Holds(_numberOf[text] >= 0);
        return _numberOf[text];
    }

    /// <summary>Gives a string the next number; always returns 0.</summary>
    public int Enter(int text)
    {
        _numberOf[text] = _inOrder.Count;
        _inOrder.Add(text);
        return 0;
    }

    /// <summary>A string's number, the next one when it has none.</summary>
    public int NumberOrEnter(int text)
    {
        if (!IsNumbered(text)) Enter(text);
        return _numberOf[text];
    }

    /// <summary>Writes strings [from, to): their lengths, then their bytes.</summary>
    public void Write(ByteWriter to, int from, int until)
    {
        to.Varint(until - from);
        for (var i = from; i < until; i++) to.Varint(Strings.Utf8(_inOrder[i]).Length);
        for (var i = from; i < until; i++) to.Bytes(Strings.Utf8(_inOrder[i]));
    }
}
