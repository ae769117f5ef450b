namespace Apm.Cli.Launch;

/// <summary>What answers at the agent's address; while that is no agent it is asked again, for one may be started after the app.</summary>
/// <remarks>Thread-safe. However many look, the address is asked once within <see cref="Soon"/>, and after <see cref="SoonFor"/> once within <see cref="Later"/>.</remarks>
/// <param name="url">The agent's address.</param>
/// <param name="first">What it answered before the app was started.</param>
/// <param name="http">Asks.</param>
/// <param name="clock">Tells when to ask again.</param>
public sealed class AgentSight(Uri url, AgentAnswer first, HttpClient http, TimeProvider clock) : IDisposable
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(2), Later = TimeSpan.FromSeconds(30), SoonFor = TimeSpan.FromMinutes(5);

    readonly SemaphoreSlim _one = new(1, 1);
    readonly long _since = clock.GetTimestamp();
    long _asked = clock.GetTimestamp();

    /// <summary>The last answer, without asking.</summary>
    public AgentAnswer Last { get; private set; } = first;

    /// <summary>The last answer; a new one when it is due.</summary>
    /// <exception cref="OperationCanceledException">The app has ended.</exception>
    public async Task<AgentAnswer> Look(CancellationToken ended)
    {
        if (Last.IsAgent) return Last;
        await _one.WaitAsync(ended);
        try
        {
            if (!Last.IsAgent && clock.GetElapsedTime(_asked) >= (clock.GetElapsedTime(_since) < SoonFor ? Soon : Later))
            {
                Last = await AgentProbe.Ask(url, http);
                _asked = clock.GetTimestamp();
            }
            return Last;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();
}
