using System.Text.Json;

namespace Apm.Endurance.Healthy;

/// <summary>What the doctor told, each sentence once, with how often and when. Safe for calls from several threads.</summary>
sealed class AlarmLog
{
    readonly Lock _lock = new();
    readonly Dictionary<(string Place, string Code, string About), Told> _told = [];

    public sealed class Told
    {
        public required string Place { get; init; }
        public required string Code { get; init; }
        public required string About { get; init; }
        public required string Sentence { get; init; }
        public required bool IsNote { get; init; }
        public required TimeSpan FirstAfter { get; init; }
        public TimeSpan LastAfter { get; set; }
        public int Count { get; set; }

        /// <summary>Of them, while every app had been called: nothing was waited for.</summary>
        public int FalseCount { get; set; }
    }

    /// <summary>The false alarms.</summary>
    public IReadOnlyList<Told> False
    {
        get { lock (_lock) return [.. _told.Values.Where(told => told is { IsNote: false, FalseCount: > 0 })]; }
    }

    /// <summary>All of it, in the order in which it was first told.</summary>
    public IReadOnlyList<Told> All
    {
        get { lock (_lock) return [.. _told.Values.OrderBy(told => told.FirstAfter)]; }
    }

    /// <summary>Takes a report of <c>/api/doctor</c>.</summary>
    /// <param name="isSettled">True when every app has had its first request a while ago: a verdict now is a false one.</param>
    public void TakeReport(JsonElement report, TimeSpan after, bool isSettled)
    {
        Take("api, headline", report.GetProperty("verdict"), report.TryGetProperty("about", out var about) ? about.GetString()! : "", after, isSettled);
        foreach (var one in report.GetProperty("apps").EnumerateArray().Prepend(report.GetProperty("overall")))
        {
            var service = one.TryGetProperty("service", out var name) ? name.GetString()! : "";
            Take("api, of an app", one.GetProperty("verdict"), service, after, isSettled);
            foreach (var note in one.GetProperty("notes").EnumerateArray()) Take("api, note", note, service, after, isSettled, isNote: true);
        }
    }

    public void Take(string place, string code, string about, string sentence, TimeSpan after, bool isSettled, bool isNote = false)
    {
        lock (_lock)
        {
            if (!_told.TryGetValue((place, code, about), out var told))
                _told[(place, code, about)] = told = new Told { Place = place, Code = code, About = about, Sentence = sentence, IsNote = isNote, FirstAfter = after };
            told.Count++;
            told.LastAfter = after;
            if (isSettled) told.FalseCount++;
        }
    }

    void Take(string place, JsonElement verdict, string about, TimeSpan after, bool isSettled, bool isNote = false)
    {
        if (verdict.ValueKind != JsonValueKind.Object) return;
        Take(place, verdict.GetProperty("code").GetString()!, about, verdict.GetProperty("sentence").GetString()!, after, isSettled, isNote);
    }
}
