using System.Collections.Concurrent;
using System.Diagnostics;
using Apm.StartupHook.Report;

namespace Apm.StartupHook.Listen;

/// <summary>
/// Sees every activity source and listens to none: so that the agent can be told of those whose activities nobody takes, because this
/// hook was told to pass over them, or left the tracing to an SDK that was not told of them.
/// </summary>
internal sealed class SourceWatch
{
    /// <summary>Most sources told of; further ones are left out.</summary>
    public const int MaxSources = 50;

    /// <summary>Name under which they are told; the doctor looks for it.</summary>
    const string Fact = "sources_not_taken";

    /// <summary>Others have so long to begin to listen, milliseconds.</summary>
    const long PatienceMs = 2_000;

    readonly ConcurrentDictionary<string, (ActivitySource Source, long SeenMs)> _seen = new(StringComparer.Ordinal);
    string _told = "";

    /// <summary>Looks on for the life of the process; the sources hold the listener.</summary>
    public SourceWatch() => ActivitySource.AddActivityListener(new ActivityListener { ShouldListenTo = Note });

    /// <summary>Tells what has changed. Called often; costs little.</summary>
    public void Report(Telemetry telemetry)
    {
        if (_seen.IsEmpty) return;
        var now = Environment.TickCount64;
        var unheard = string.Join(',', _seen.Where(pair => now - pair.Value.SeenMs >= PatienceMs && !pair.Value.Source.HasListeners()).Select(pair => pair.Key).Order(StringComparer.Ordinal));
        if (unheard == _told) return;
        _told = unheard;
        telemetry.Changed(Fact, unheard);
    }

    bool Note(ActivitySource source)
    {
        if (_seen.Count < MaxSources && !IsOfTheFramework(source.Name)) _seen.TryAdd(source.Name, (source, Environment.TickCount64));
        return false;
    }

    static bool IsOfTheFramework(string name) =>
        name.Length == 0 || name.StartsWith("Microsoft.", StringComparison.Ordinal) || name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Experimental.", StringComparison.Ordinal);
}
