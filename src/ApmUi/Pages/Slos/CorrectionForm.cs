using Apm.ApmUi.Format;
using Apm.Core.Slos;
using Apm.Monitors.Downtimes;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>The fields by which a correction is made. Times are those of the wall clock of <see cref="Zone"/>, as <c>datetime-local</c> has them.</summary>
public sealed record CorrectionForm
{
    /// <summary>One of <see cref="SloCorrection.Categories"/>.</summary>
    public string Category { get; init; } = "";

    /// <summary>Of one that recurs the start of the first time.</summary>
    public string Start { get; init; } = "";

    /// <summary>Of one that recurs the end of the first time.</summary>
    public string End { get; init; } = "";

    /// <summary>IANA name of the zone on whose wall clock the times are.</summary>
    public string Zone { get; init; } = "UTC";

    /// <summary>For people; may be "".</summary>
    public string Description { get; init; } = "";

    /// <summary>A rule of RFC 5545; "" for once.</summary>
    public string Rule { get; init; } = "";

    /// <summary>Reads what was sent.</summary>
    public static CorrectionForm Read(IFormCollection form)
    {
        string Text(string name) => form[name].ToString().Trim();
        return new CorrectionForm { Category = Text("category"), Start = Text("start"), End = Text("end"), Zone = Text("zone"), Description = Text("description").ReplaceLineEndings("\n"), Rule = Text("rule") };
    }

    /// <summary>The correction that it says, to be checked when it is kept.</summary>
    /// <exception cref="FieldException">A time cannot be read; says which, and why.</exception>
    public SloCorrection Apply(string sloId)
    {
        var zone = WallClock.FindZone(Zone) ?? TimeZoneInfo.Utc; // One that is none is refused by its name.
        var (from, until) = (Time("start", Start, "Say from when."), Time("end", End, "Say until when."));
        var correction = new SloCorrection { SloId = sloId, Category = Category, Description = Description, StartUnixSeconds = WallClock.UnixSecondsOf(from, zone), Rule = Rule, TimeZone = Zone, Creator = "apm@localhost" };
        return Rule.Length == 0 ? correction with { EndUnixSeconds = WallClock.UnixSecondsOf(until, zone) } : correction with { DurationSeconds = (long)(until - from).TotalSeconds };
    }

    /// <summary>The field of the form that says what the API calls by a name.</summary>
    public static string FieldOf(string member) => member switch { "timezone" => "zone", "duration" => "end", "rrule" => "rule", _ => member };

    static DateTime Time(string field, string text, string whenMissing) => LocalTimeField.Read(text) ?? throw new FieldException(field, text.Length == 0 ? whenMissing : LocalTimeField.WhyNot(text));
}

/// <summary>A field of a form cannot be taken; the message says why, for whoever filled it in.</summary>
/// <param name="field">Its name.</param>
public sealed class FieldException(string field, string message) : Exception(message)
{
    /// <summary>Name of the field, as the form calls it.</summary>
    public string Field { get; } = field;
}
