using System.Globalization;
using Apm.ApmUi.Format;
using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;

namespace Apm.ApmUi.Pages.Downtimes;

/// <summary>The fields by which a downtime is made or changed. One that says more than they hold keeps the rest.</summary>
public sealed record DowntimeForm
{
    /// <summary>The days of a week as rules name them, with their words.</summary>
    public static IReadOnlyList<(string Rule, string Word)> WeekDays { get; } = [("MO", "Mon"), ("TU", "Tue"), ("WE", "Wed"), ("TH", "Thu"), ("FR", "Fri"), ("SA", "Sat"), ("SU", "Sun")];

    /// <summary>States in which a monitor may be when a downtime ends, with their words.</summary>
    public static IReadOnlyList<(MonitorState State, string Name, string Word)> EndStates { get; } = [(MonitorState.Alert, "alert", "in alert"), (MonitorState.Warn, "warn", "in warning"), (MonitorState.NoData, "no data", "without data")];

    const string Weekly = "FREQ=WEEKLY;BYDAY=";

    public string Monitor { get; init; } = "";

    /// <summary>With commas between; "" for all monitors.</summary>
    public string Tags { get; init; } = "";
    public string Scope { get; init; } = DowntimeScope.Everything;

    /// <summary>On the wall clock, as <c>datetime-local</c> has it; of one that recurs the first time.</summary>
    public string Start { get; init; } = "";

    /// <summary>"" for no end.</summary>
    public string End { get; init; } = "";
    public string Zone { get; init; } = "UTC";

    /// <summary>Of every week; none when it is once, or by a rule.</summary>
    public IReadOnlyList<string> Days { get; init; } = [];

    /// <summary>A rule of RFC 5545; "" when there is none, or days say it.</summary>
    public string Rule { get; init; } = "";

    /// <summary>Rules of its own that the fields cannot hold; they are kept.</summary>
    public int KeptRules { get; init; }
    public string Message { get; init; } = "";
    public bool IsQuiet { get; init; }
    public IReadOnlyList<MonitorState> ToldStates { get; init; } = Downtime.DefaultEndStates;
    public bool TellsExpired { get; init; } = true;
    public bool TellsCanceled { get; init; }

    /// <summary>The fields of a downtime.</summary>
    public static DowntimeForm Of(Downtime downtime)
    {
        var zone = WallClock.FindZone(downtime.TimeZone) ?? TimeZoneInfo.Utc;
        var (start, end) = downtime.Recurrences is [var only]
            ? (only.StartLocal, only.StartLocal.AddSeconds(only.DurationSeconds))
            : (WallClock.At(downtime.StartUnixSeconds, zone), downtime.EndUnixSeconds is { } last ? WallClock.At(last, zone) : (DateTime?)null);
        var rule = downtime.Recurrences is [var one] ? one.Rule : "";
        var isWeekly = rule.StartsWith(Weekly, StringComparison.Ordinal) && rule[Weekly.Length..].Split(',').All(day => WeekDays.Any(known => known.Rule == day));
        return new DowntimeForm
        {
            Monitor = downtime.MonitorId?.ToString(CultureInfo.InvariantCulture) ?? "",
            Tags = downtime.MonitorTags is [DowntimeScope.Everything] ? "" : string.Join(", ", downtime.MonitorTags),
            Scope = downtime.ScopeText(),
            Start = LocalTimeField.Of(start),
            End = end is { } until ? LocalTimeField.Of(until) : "",
            Zone = downtime.TimeZone,
            Days = isWeekly ? rule[Weekly.Length..].Split(',') : [],
            Rule = isWeekly ? "" : rule,
            KeptRules = downtime.Recurrences.Count > 1 ? downtime.Recurrences.Count : 0,
            Message = downtime.Message,
            IsQuiet = downtime.MutesFirstRecovery,
            ToldStates = downtime.NotifyEndStates,
            TellsExpired = downtime.TellsWhenExpired,
            TellsCanceled = downtime.TellsWhenCanceled,
        };
    }

    /// <summary>Reads what was sent.</summary>
    public static DowntimeForm Read(Func<string, Microsoft.Extensions.Primitives.StringValues> field)
    {
        string Text(string name) => field(name).ToString().Trim();
        var form = new DowntimeForm
        {
            Monitor = Text("monitor"), Tags = Text("tags"), Scope = Text("scope"), Start = Text("start"), End = Text("end"), Zone = Text("zone"),
            Days = [.. field("days").OfType<string>()], Rule = Text("rule"), Message = Text("message"), IsQuiet = Text("quiet") == "1",
        };
        if (Text("notices") != "1") return form; // A form without these boxes leaves what is usual.
        return form with
        {
            ToldStates = [.. EndStates.Where(known => field("end_states").Contains(known.Name)).Select(known => known.State)],
            TellsExpired = field("end_types").Contains("expired"),
            TellsCanceled = field("end_types").Contains("canceled"),
        };
    }

    /// <summary>The downtime that it says.</summary>
    /// <param name="before">What is changed; null for a new one.</param>
    /// <exception cref="DowntimeException">A field cannot be read.</exception>
    public Downtime Apply(Downtime? before)
    {
        var wanted = (before ?? new Downtime { Id = 0, Uuid = "", StartUnixSeconds = 0 }) with
        {
            MonitorId = long.TryParse(Monitor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null,
            MonitorTags = Tags.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } given ? given : [DowntimeScope.Everything],
            Scopes = before is not null && Scope == before.ScopeText() ? before.Scopes : [DowntimeScope.Parse(Scope).Text],
            Message = Message,
            MutesFirstRecovery = IsQuiet,
            NotifyEndStates = ToldStates,
            TellsWhenExpired = TellsExpired,
            TellsWhenCanceled = TellsCanceled,
        };
        return before is { Recurrences.Count: > 1 } ? wanted : WithTimes(wanted, before);
    }

    Downtime WithTimes(Downtime wanted, Downtime? before)
    {
        if (before is not null && Of(before) is var shown && (shown.Start, shown.End, shown.Zone, shown.Rule) == (Start, End, Zone, Rule) && shown.Days.SequenceEqual(Days)) return wanted;
        var clock = WallClock.FindZone(Zone) ?? throw new DowntimeException($"\"{Zone}\" is no time zone. Write a name such as America/New_York or UTC.");
        var from = LocalTime(Start, "From") ?? throw new DowntimeException("Say from when.");
        var until = LocalTime(End, "Until");
        var timed = wanted with { TimeZone = Zone, StartUnixSeconds = WallClock.UnixSecondsOf(from, clock), EndUnixSeconds = until is { } last ? WallClock.UnixSecondsOf(last, clock) : null, Recurrences = [], Legacy = null };
        var rule = Rule.Length > 0 ? Rule : Days.Count > 0 ? Weekly + string.Join(',', Days) : "";
        if (rule.Length == 0) return timed;
        if (Rule.Length > 0 && Days.Count > 0) throw new DowntimeException("Tick days or write a rule, not both.");
        if (until is not { } first) throw new DowntimeException("One that comes again needs an end: that of its first time.");
        RecurrenceText.Parse(rule);
        return timed with { Recurrences = [new DowntimeRecurrence(from, (long)(first - from).TotalSeconds, rule)] };
    }

    static DateTime? LocalTime(string text, string name) => text.Length == 0 ? null : LocalTimeField.Read(text) ?? throw new DowntimeException($"{name}: {LocalTimeField.WhyNot(text)}");
}
