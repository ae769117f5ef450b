namespace Apm.TraceAgent.Doctor;

/// <summary>What takes long to find out: gives what was found last, and has it found anew in the background when that is old. A page never waits for it.</summary>
/// <param name="find">Finds it; what it throws leaves the last answer as it is.</param>
/// <param name="atFirst">Given until it was found once.</param>
/// <remarks>Thread-safe.</remarks>
sealed class SlowFact<T>(Func<T> find, TimeSpan keptFor, TimeProvider clock, T atFirst) where T : class
{
    T _last = atFirst;
    long _found = long.MinValue;
    int _isFinding;

    public T Last()
    {
        var found = Volatile.Read(ref _found);
        if ((found == long.MinValue || clock.GetElapsedTime(found) >= keptFor) && Interlocked.Exchange(ref _isFinding, 1) == 0)
            _ = Task.Factory.StartNew(Find, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return Volatile.Read(ref _last);
    }

    void Find()
    {
        try
        {
            Volatile.Write(ref _last, find());
        }
        catch (Exception)
        {
            // The store's trouble is told elsewhere, and it may be closing: what was found before stands.
        }
        Volatile.Write(ref _found, clock.GetTimestamp());
        Volatile.Write(ref _isFinding, 0);
    }
}
