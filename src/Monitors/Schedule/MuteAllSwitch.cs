using Apm.Core.Ports;
using Apm.Monitors.Mutes;

namespace Apm.Monitors.Schedule;

/// <summary>Mutes every monitor until it is turned off, kept as a document.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="log">Notes since when and until when it was on; null for nowhere.</param>
public sealed class MuteAllSwitch(IDocumentStore documents, TimeProvider clock, MuteLog? log = null) : IMuteAll
{
    const string Collection = "monitor-mute-all";
    const string Id = "switch";

    readonly Lock _lock = new();
    Switch? _isOn = documents.Find<Switch>(Collection, Id);

    public bool IsMuted(long unixSeconds)
    {
        lock (_lock) return _isOn is not null;
    }

    public long? SinceUnixSeconds
    {
        get
        {
            lock (_lock) return _isOn?.SinceUnixSeconds;
        }
    }

    public long? Mute(long unixSeconds)
    {
        lock (_lock)
        {
            if (_isOn is not null) return null;
            documents.Store(Collection, Id, new Switch(unixSeconds));
            _isOn = new Switch(unixSeconds);
            log?.Note(MuteLog.AllMonitors, new Dictionary<string, long?> { ["*"] = null }, unixSeconds);
            return unixSeconds;
        }
    }

    public bool Unmute()
    {
        lock (_lock)
        {
            if (_isOn is null) return false;
            documents.Remove(Collection, Id);
            _isOn = null;
            log?.Note(MuteLog.AllMonitors, new Dictionary<string, long?>(), clock.GetUtcNow().ToUnixTimeSeconds());
            return true;
        }
    }

    sealed record Switch(long SinceUnixSeconds);
}
