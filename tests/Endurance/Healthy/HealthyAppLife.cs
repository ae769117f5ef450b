using System.Diagnostics;
using Apm.Endurance.Running;

namespace Apm.Endurance.Healthy;

/// <summary>Starts an app, calls it, leaves it alone, and starts it anew, until the end.</summary>
sealed class HealthyAppLife(HealthyApp app, AgentProcess agent, HttpClient http, Random chance)
{
    readonly List<string> _alarms = [];
    RunningApp? _running;

    public string Name => app.Name;
    public long CallCount { get; private set; }
    public int StartCount { get; private set; }
    public TimeSpan LongestSilence { get; private set; }

    /// <summary>Lines of the launcher beyond the one of its start and the link of the first trace.</summary>
    public IReadOnlyList<string> Alarms => _alarms;

    /// <summary>It runs, and its first answer came at least so long ago.</summary>
    public bool IsSettled(TimeSpan ago) => Volatile.Read(ref _running) is { HasExited: false } running && running.IsCalledSince(ago);

    public async Task Run(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await using var running = RunningApp.Start(app, agent);
            StartCount++;
            await Until(running, end);
            Volatile.Write(ref _running, running);
            await Life(running, TimeSpan.FromMinutes(4 + (chance.NextDouble() * 10)), end);
            Volatile.Write(ref _running, null);
            await running.Stop();
            CallCount += running.CallCount;
            _alarms.AddRange(running.Voice.Where(line => !line.StartsWith("apm: tracing ", StringComparison.Ordinal) && !line.StartsWith("apm: first trace of ", StringComparison.Ordinal)));
        }
    }

    /// <summary>Until it answers its first request.</summary>
    async Task Until(RunningApp running, CancellationToken end)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await running.Call(http, app.Paths[0], CancellationToken.None) && !end.IsCancellationRequested)
        {
            if (running.HasExited) throw new InvalidOperationException($"{app.Name} ended before it answered: {string.Join(' ', app.Command)}. {string.Join(' ', running.Voice)}");
            if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromMinutes(1)) throw new InvalidOperationException($"{app.Name} does not answer at {app.Url}.");
            await Task.Delay(100, CancellationToken.None);
        }
    }

    /// <summary>Requests with pauses of all lengths: most of them short, some of minutes.</summary>
    async Task Life(RunningApp running, TimeSpan length, CancellationToken end)
    {
        var since = Stopwatch.GetTimestamp();
        while (!end.IsCancellationRequested && Stopwatch.GetElapsedTime(since) < length)
        {
            if (running.HasExited) throw new InvalidOperationException($"{app.Name} ended by itself. {string.Join(' ', running.Voice)}");
            await running.Call(http, app.Paths[chance.Next(app.Paths.Count)], CancellationToken.None);
            var pause = TimeSpan.FromSeconds(chance.Next(100) switch { < 80 => chance.NextDouble() * 0.5, < 99 => chance.NextDouble() * 6, _ => 20 + (chance.NextDouble() * 130) });
            if (pause > LongestSilence) LongestSilence = pause;
            await Task.WhenAny(Task.Delay(pause, end));
        }
    }
}
