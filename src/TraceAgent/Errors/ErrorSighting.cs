using Apm.Core.Errors;

namespace Apm.TraceAgent.Errors;

/// <summary>One error that counts.</summary>
/// <param name="Fingerprint">Its issue; the same instance for equal errors of a batch.</param>
/// <param name="Span">The failed span's index in the batch, as long as sampling has not removed any.</param>
/// <param name="Chunk">The index of its chunk.</param>
public readonly record struct ErrorSighting(ErrorFingerprint Fingerprint, int Span, int Chunk);
