namespace Apm.Wire.Zipkin;

/// <summary>
/// The id of the server half of a shared span. Zipkin's B3 lets a server use the span id that its client made, so one id names two spans;
/// here the server half gets another id and becomes the child of the client half, which keeps the id.
/// </summary>
/// <remarks>
/// The new id follows from the old one alone, so both halves connect when they come in different requests, in either order, and a half
/// that is sent twice stays the same span.
/// What was called from the server half says the old id as its parent, and its record does not tell which half was meant. When the server
/// half is in the same request, spans of its service (or of no named service) are hung below it; otherwise they stay below the client
/// half: the tree is whole, the span stands one level too high. The server half carries the tag <c>zipkin.shared</c> = <c>true</c>, so that
/// a reader that has the whole trace can do the rest.
/// </remarks>
public static class SharedSpanId
{
    /// <summary>The tag on a server half whose id was derived.</summary>
    public const string Tag = "zipkin.shared";

    /// <summary>The server half's id. Different ids give different ids; never zero and never <paramref name="clientId"/>.</summary>
    public static ulong Derive(ulong clientId)
    {
        var mixed = Mix(clientId);
        // At most a handful of ids mix to themselves or to zero; adding the golden ratio first moves those on.
        return mixed != 0 && mixed != clientId ? mixed : Mix(unchecked(clientId + 0x9E3779B97F4A7C15)) | 1;
    }

    // The finisher of splitmix64: each input gives another output.
    static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
            value = (value ^ value >> 27) * 0x94D049BB133111EB;
            return value ^ value >> 31;
        }
    }
}
