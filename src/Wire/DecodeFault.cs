namespace Apm.Wire;

/// <summary>
/// The bytes are not what the protocol says, noticed by a reader that knows the place but not what it reads.
/// The decoder above catches it, adds protocol and path, and throws the <see cref="Core.PayloadException"/> that a client sees.
/// </summary>
/// <param name="offset">Byte of the body at which the trouble begins.</param>
/// <param name="what">What is wrong, as the middle of a sentence: "a length of 9 bytes is declared, but only 3 remain".</param>
internal sealed class DecodeFault(int offset, string what) : Exception(what)
{
    public int Offset => offset;
}
