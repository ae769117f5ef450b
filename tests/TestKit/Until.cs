using System.Diagnostics;

namespace Apm.TestKit;

/// <summary>Waits for a condition, never for a time.</summary>
public static class Until
{
    /// <summary>Asks again and again until the answer is not null.</summary>
    /// <param name="what">What is waited for, for the failure's sentence.</param>
    /// <param name="patience">When to give up.</param>
    /// <param name="ask">Gives null while it is not so; an <see cref="HttpRequestException"/> counts as null.</param>
    /// <param name="evidence">Added to the failure's sentence.</param>
    /// <returns>The answer, and how long it took to come.</returns>
    /// <exception cref="TimeoutException">It did not become so.</exception>
    public static async Task<(T Answer, TimeSpan After)> Answer<T>(string what, TimeSpan patience, Func<Task<T?>> ask, Func<string>? evidence = null) where T : class
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            try
            {
                if (await ask() is { } answer) return (answer, Stopwatch.GetElapsedTime(started));
            }
            catch (HttpRequestException)
            {
                // Not there yet.
            }
            if (Stopwatch.GetElapsedTime(started) > patience)
                throw new TimeoutException($"{what}: not so after {patience.TotalSeconds:0.#} s. {evidence?.Invoke()}");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Asks again and again until it is so; gives how long that took.</summary>
    public static async Task<TimeSpan> True(string what, TimeSpan patience, Func<Task<bool>> ask, Func<string>? evidence = null) =>
        (await Answer(what, patience, async () => await ask() ? "" : null, evidence)).After;
}
