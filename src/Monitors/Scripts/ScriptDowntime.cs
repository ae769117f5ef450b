using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;

namespace Apm.Monitors.Scripts;

/// <summary>
/// Reads a downtime of a script:
/// <code>
/// downtime * from 11m to 19m
/// downtime env:prod from 2026-03-07T19:00 for 14h in America/New_York every FREQ=WEEKLY;BYDAY=SA,SU
///     quiet first recovery
///     tells alert, no data
///     cancelled at 3d
/// </code>
/// </summary>
static class ScriptDowntime
{
    const string Form = "Write: downtime SCOPE from TIME to TIME, or: downtime SCOPE from 2026-03-07T19:00 for 14h in America/New_York every FREQ=WEEKLY;BYDAY=SA,SU";

    /// <exception cref="MonitorScriptException">It is none.</exception>
    public static void Add(ScriptBlock block, ScriptWorld world)
    {
        try
        {
            var (downtime, cancelled) = Read(block, world);
            world.Add(downtime, cancelled);
        }
        catch (DowntimeException wrong)
        {
            throw new MonitorScriptException(block.At(1), wrong.Message);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new MonitorScriptException(block.At(1), "The downtime lies outside of the years 1 to 9999. Write an earlier start, or a shorter length.");
        }
    }

    static (Downtime Downtime, long? CancelledUnixSeconds) Read(ScriptBlock block, ScriptWorld world)
    {
        var words = block.Words;
        var from = Array.IndexOf(words, "from");
        if (from < 2 || from + 1 >= words.Length) throw new MonitorScriptException(block.At(Math.Min(1, words.Length)), Form);
        var zoneName = Behind(block, "in") is { } named ? named.Text : "UTC";
        var zone = WallClock.FindZone(zoneName) ?? throw new MonitorScriptException(Behind(block, "in")!.Value.At, $"\"{zoneName}\" is no time zone. Write a name such as America/New_York or UTC.");
        long TimeOf(int word) => ScriptTimes.Local(words[word]) is { } local ? WallClock.UnixSecondsOf(local, zone) : world.TimeOf(block.At(word), words[word]);
        var start = TimeOf(from + 1);
        var seconds = Behind(block, "for") is { } length ? ScriptTimes.Length(length.At, length.Text) : (long?)null;
        var end = seconds is { } lasting ? EndOf(start, lasting, zone) : Behind(block, "to") is not null ? TimeOf(Array.IndexOf(words, "to") + 1) : (long?)null;
        var downtime = new Downtime
        {
            Id = 0, Uuid = "",
            Scopes = [DowntimeScope.Parse(string.Join(' ', words[1..from])).Text],
            TimeZone = zoneName,
            StartUnixSeconds = start,
            EndUnixSeconds = end,
        };
        if (Behind(block, "every") is { } every)
        {
            RecurrenceText.Parse(every.Text);
            downtime = downtime with { Recurrences = [new DowntimeRecurrence(WallClock.At(start, zone), seconds ?? (end is { } last ? (long)(WallClock.At(last, zone) - WallClock.At(start, zone)).TotalSeconds : throw new MonitorScriptException(block.At(0), "A downtime that recurs needs a length. " + Form)), every.Text)] };
        }
        return WithLines(downtime, block, world);
    }

    /// <summary>As the product has it: the length is of the wall clock.</summary>
    static long EndOf(long start, long seconds, TimeZoneInfo zone) => WallClock.UnixSecondsOf(WallClock.At(start, zone).AddSeconds(seconds), zone);

    static (Downtime, long?) WithLines(Downtime downtime, ScriptBlock block, ScriptWorld world)
    {
        long? cancelled = null;
        foreach (var line in block.Lines)
        {
            switch (line.Words)
            {
                case ["quiet", "first", "recovery"]:
                    downtime = downtime with { MutesFirstRecovery = true };
                    break;
                case ["tells", "nothing"]:
                    downtime = downtime with { NotifyEndStates = [] };
                    break;
                case ["tells", ..]:
                    downtime = downtime with { NotifyEndStates = [.. line.After(1).Split(',', StringSplitOptions.TrimEntries).Select(word => word switch { "alert" => MonitorState.Alert, "warn" => MonitorState.Warn, "no data" => MonitorState.NoData, _ => throw new MonitorScriptException(line.At(1), $"\"{word}\" is no state that is told at an end. There are: alert, warn, no data; or nothing.") })] };
                    break;
                case ["monitor", var id] when long.TryParse(id, out var number):
                    downtime = downtime with { MonitorId = number };
                    break;
                case ["cancelled", "at", var at]:
                    cancelled = world.TimeOf(line.At(2), at);
                    break;
                default:
                    throw new MonitorScriptException(line.At(0), $"\"{line.Text.Trim()}\" says nothing of a downtime. There are: quiet first recovery, tells STATES, tells nothing, monitor ID, cancelled at TIME.");
            }
        }
        return (downtime, cancelled);
    }

    static (TextPlace At, string Text)? Behind(ScriptBlock block, string word)
    {
        var at = Array.IndexOf(block.Words, word);
        if (at < 2) return null;
        return at + 1 < block.Words.Length ? (block.At(at + 1), block.Words[at + 1]) : throw new MonitorScriptException(block.At(at), $"Behind \"{word}\" something is missing. {Form}");
    }
}
