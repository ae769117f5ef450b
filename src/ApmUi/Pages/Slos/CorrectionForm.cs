using System.Globalization;
using Apm.Core.Downtimes;
using Apm.Core.Slos;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>The fields by which a correction is made. Times are those of the wall clock of <see cref="Zone"/>, as <c>datetime-local</c> has them.</summary>
public sealed record CorrectionForm
{
    /// <summary>One of <see cref="SloCorrection.Categories"/>.</summary>
    public string Category { get; init; } = "";
    public string Start { get; init; } = "";

    /// <summary>Of one that recurs the end of the first time.</summary>
    public string End { get; init; } = "";
    public string Zone { get; init; } = "UTC";
    public string Description { get; init; } = "";

    /// <summary>A rule of RFC 5545; "" for once.</summary>
    public string Rule { get; init; } = "";

    /// <summary>Reads what was sent.</summary>
    public static CorrectionForm Read(IFormCollection form)
    {
        string Text(string name) => form[name].ToString().Trim();
        return new CorrectionForm { Category = Text("category"), Start = Text("start"), End = Text("end"), Zone = Text("zone"), Description = Text("description").ReplaceLineEndings("\n"), Rule = Text("rule") };
    }

    /// <summary>The correction that it says.</summary>
    /// <exception cref="FieldException">A field cannot be; says which, and why.</exception>
    public SloCorrection Apply(string sloId)
    {
        if (!SloCorrection.Categories.Contains(Category)) throw new FieldException("category", $"Choose why: {string.Join(", ", SloCorrection.Categories)}.");
        var zone = WallClock.FindZone(Zone) ?? throw new FieldException("zone", $"\"{Zone}\" is no time zone. Write a name such as America/New_York or UTC.");
        var (from, until) = (Time("start", Start, "Say from when."), Time("end", End, "Say until when."));
        if (Description.Length > SloBook.MaxDescriptionChars) throw new FieldException("description", $"It has {Description.Length} characters; at most {SloBook.MaxDescriptionChars} are kept.");
        var (start, end) = (WallClock.UnixSecondsOf(from, zone), WallClock.UnixSecondsOf(until, zone));
        if (end <= start) throw new FieldException("end", "The end must be after the start.");
        if (end - start > SloCorrections.MaxDurationSeconds) throw new FieldException("end", $"A correction lasts at most {SloCorrections.MaxDurationSeconds / 86_400} days, as far as objectives look.");
        var once = new SloCorrection { SloId = sloId, Category = Category, Description = Description, StartUnixSeconds = start, EndUnixSeconds = end, TimeZone = Zone, Creator = "apm@localhost" };
        if (Rule.Length == 0) return once;
        try
        {
            RecurrenceText.Parse(Rule);
        }
        catch (DowntimeException wrong)
        {
            throw new FieldException("rule", wrong.Message);
        }
        var recurring = once with { EndUnixSeconds = null, DurationSeconds = (long)(until - from).TotalSeconds, Rule = Rule };
        return SloCorrections.EverHolds(recurring) ? recurring : throw new FieldException("rule", "No time fits this rule, so nothing would ever be corrected.");
    }

    static DateTime Time(string field, string text, string whenMissing)
    {
        if (text.Length == 0) throw new FieldException(field, whenMissing);
        return DateTime.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) && time.Year is >= 1970 and < 2200 ? time
            : throw new FieldException(field, $"{text} is no time of ours. Write it as 2026-11-29T19:00.");
    }
}

/// <summary>A field of a form cannot be taken; the message says why, for whoever filled it in.</summary>
/// <param name="field">Its name.</param>
public sealed class FieldException(string field, string message) : Exception(message)
{
    public string Field { get; } = field;
}
