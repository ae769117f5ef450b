using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Apm.Core;

/// <summary>
/// Claims that only a fault of ours can break. Wrong input is never an invariant: it gets a
/// <see cref="PayloadException"/> or a counted repair.
/// </summary>
public static class Invariant
{
    /// <summary>Stops at once when the claim is false, and shows the claim's own text.</summary>
    /// <exception cref="UnreachableException">The claim does not hold. Retrying does not help.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Holds(bool claim, [CallerArgumentExpression(nameof(claim))] string? text = null)
    {
        if (!claim) throw new UnreachableException($"This must always hold, and does not: {text}");
    }
}
