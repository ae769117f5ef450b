using Apm.Core.Spans;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>What each string of a batch became under one rule, so that a repeated statement costs a look-up.</summary>
/// <remarks>Strings entered after the memo was made are results themselves or rare; they are worked out each time.</remarks>
readonly struct TextMemo(StringTable strings)
{
    readonly int[] _known = new int[strings.Count]; // result + 1; 0 is not yet known

    public bool TryGet(int text, out int result)
    {
        result = (uint)text < (uint)_known.Length ? _known[text] - 1 : -1;
        return result >= 0;
    }

    /// <summary>Remembers and gives the result back.</summary>
    public int Set(int text, int result)
    {
        if ((uint)text < (uint)_known.Length) _known[text] = result + 1;
        return result;
    }
}
