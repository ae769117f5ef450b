using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Apm.StartupHook.Listen;

/// <summary>Remembers an exception between the event that tells of it and the end of its activity. Thread-safe.</summary>
internal sealed class RequestErrors
{
    readonly ConditionalWeakTable<Activity, Exception> _byActivity = [];
    volatile bool _hasRemembered; // A look-up per request is for apps that ever failed.

    /// <summary>Remembers; the first exception of an activity wins, later ones only pass it on.</summary>
    public void Remember(Activity? activity, Exception? exception)
    {
        if (activity is null || exception is null) return;
        _hasRemembered = true;
        _byActivity.TryAdd(activity, exception);
    }

    /// <summary>Gives what was remembered, and forgets it; null when nothing was.</summary>
    public Exception? Take(Activity activity)
    {
        if (!_hasRemembered || !_byActivity.TryGetValue(activity, out var exception)) return null;
        _byActivity.Remove(activity);
        return exception;
    }
}
