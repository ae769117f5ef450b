namespace Apm.Monitors.Schedule;

/// <summary>The switch that mutes every monitor (<c>POST /api/v1/monitor/mute_all</c>).</summary>
/// <remarks>Any thread.</remarks>
public interface IMuteAll
{
    /// <summary>Whether it is on.</summary>
    bool IsMuted(long unixSeconds);

    /// <summary>Since when it is on, Unix seconds; null when it is off.</summary>
    long? SinceUnixSeconds { get; }

    /// <summary>Turns it on, durably.</summary>
    /// <returns>Since when, Unix seconds; null when it was on already.</returns>
    /// <exception cref="Core.Ports.StoreUnavailableException">It is as it was. Safe to retry.</exception>
    long? Mute(long unixSeconds);

    /// <summary>Turns it off, durably.</summary>
    /// <returns>False when it was off already.</returns>
    /// <exception cref="Core.Ports.StoreUnavailableException">It is as it was. Safe to retry.</exception>
    bool Unmute();
}
