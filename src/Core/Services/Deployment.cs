namespace Apm.Core.Services;

/// <summary>A stretch of time in which one version of a service ran in one environment. Immutable; stored with the service.</summary>
/// <param name="Env">"" when the spans name none.</param>
/// <param name="Version">Never "".</param>
/// <param name="FirstSeenUnixNanos">When its first span was received.</param>
/// <param name="LastSeenUnixNanos">When its newest span was received.</param>
/// <param name="PreviousVersion">The version that ran before it; "" when it is the first one known, which nobody saw being deployed.</param>
public sealed record Deployment(string Env, string Version, long FirstSeenUnixNanos, long LastSeenUnixNanos, string PreviousVersion)
{
    /// <summary>Somebody deployed it while the service was known: the first version that was ever seen need not be new.</summary>
    public bool IsChange => PreviousVersion.Length > 0;
}
