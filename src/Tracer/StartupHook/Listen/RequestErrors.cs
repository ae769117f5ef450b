using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Apm.StartupHook.Listen;

/// <summary>Remembers an exception between the event that tells of it and the end of its activity. Thread-safe.</summary>
internal sealed class RequestErrors
{
    readonly ConditionalWeakTable<Activity, Exception> _byActivity = [];

    /// <summary>Remembers; the first exception of an activity wins, later ones only pass it on.</summary>
    public void Remember(Activity? activity, Exception? exception)
    {
        if (activity is not null && exception is not null) _byActivity.TryAdd(activity, exception);
    }

    /// <summary>Gives what was remembered, and forgets it; null when nothing was.</summary>
    public Exception? Take(Activity activity)
    {
        if (!_byActivity.TryGetValue(activity, out var exception)) return null;
        _byActivity.Remove(activity);
        return exception;
    }
}
