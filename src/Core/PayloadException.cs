namespace Apm.Core;

/// <summary>
/// The bytes that a client sent are not what the protocol says. The message is shown to the client as it is:
/// it says where, what, and what to do next. Retrying the same bytes does not help.
/// </summary>
/// <param name="message">One longer than <see cref="MaxMessageChars"/> loses its middle.</param>
public sealed class PayloadException(string message) : Exception(Shortened(message))
{
    /// <summary>Most characters of a message. It may quote the body, and a body may be megabytes.</summary>
    public const int MaxMessageChars = 1_000;

    const int EndChars = 200; // What to do next stands there.

    static string Shortened(string message) =>
        message.Length <= MaxMessageChars ? message : $"{message.AsSpan(0, MaxMessageChars - EndChars - 3)} … {message.AsSpan(message.Length - EndChars)}";
}
