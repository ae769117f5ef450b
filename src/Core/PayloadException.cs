namespace Apm.Core;

/// <summary>
/// The bytes that a client sent are not what the protocol says. The message is shown to the client as it is:
/// it says where, what, and what to do next. Retrying the same bytes does not help.
/// </summary>
public sealed class PayloadException(string message) : Exception(message);
