namespace Apm.Monitors.Delivery;

/// <summary>What became of an attempt.</summary>
public enum AttemptResult
{
    Sent,

    /// <summary>Not now; later perhaps.</summary>
    TryAgain,

    /// <summary>Not now, and the others of this channel need not be tried now either.</summary>
    Unreachable,

    /// <summary>Never as it is.</summary>
    Refused,
}

/// <param name="Why">In a sentence; "" when it was sent.</param>
public readonly record struct Attempt(AttemptResult Result, string Why)
{
    public static Attempt Sent { get; } = new(AttemptResult.Sent, "");
}

/// <summary>Hands deliveries over.</summary>
/// <remarks>One caller at a time.</remarks>
public interface IMessenger : IAsyncDisposable
{
    /// <summary>What it hands over.</summary>
    IReadOnlyList<DeliveryChannel> Channels { get; }

    /// <summary>Why nothing can be sent at present, in a sentence; null when it can.</summary>
    string? WhyHeld { get; }

    /// <summary>Whether it is too late for another attempt.</summary>
    bool GivesUp(Delivery delivery, DateTimeOffset now);

    /// <summary>Tries once. Throws only when cancelled.</summary>
    Task<Attempt> Send(Delivery delivery, CancellationToken cancel);

    /// <summary>There is nothing more to send for now; connections may be closed.</summary>
    Task Rest(CancellationToken cancel);
}
