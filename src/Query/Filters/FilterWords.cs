using System.Globalization;
using Apm.Core.Spans;
using Apm.Query.Text;

namespace Apm.Query.Filters;

/// <summary>The words of the filter language, and how keys and values are written.</summary>
public static class FilterWords
{
    static readonly (string Word, FilterField Field)[] All =
    [
        ("service", FilterField.Service),
        ("env", FilterField.Env),
        ("operation", FilterField.Operation), ("operation_name", FilterField.Operation), ("name", FilterField.Operation),
        ("resource", FilterField.Resource), ("resource_name", FilterField.Resource), ("endpoint", FilterField.Resource),
        ("type", FilterField.Type),
        ("kind", FilterField.Kind),
        ("status", FilterField.Status),
        ("trace_id", FilterField.TraceId),
        ("span_id", FilterField.SpanId),
        ("parent_id", FilterField.ParentId),
        ("duration", FilterField.Duration),
        ("version", FilterField.Version),
        ("host", FilterField.Host),
        ("kept", FilterField.Kept),
        ("is", FilterField.Is),
        ("spans", FilterField.TraceSpanCount),
        ("errors", FilterField.TraceErrorCount),
        ("services", FilterField.TraceServiceCount),
        ("trace.duration", FilterField.TraceDuration),
        ("root.service", FilterField.RootService),
        ("root.operation", FilterField.RootOperation), ("root.name", FilterField.RootOperation),
        ("root.resource", FilterField.RootResource),
    ];

    /// <summary>The words that may stand before a colon, the preferred one of each field first.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. All.Select(entry => entry.Word)];

    /// <summary>Those of <see cref="Keys"/> that are of one span.</summary>
    public static IReadOnlyList<string> SpanKeys { get; } = [.. All.Where(entry => !entry.Field.IsOfTrace()).Select(entry => entry.Word)];

    /// <summary>Values of <c>status:</c>.</summary>
    public static IReadOnlyList<string> Statuses { get; } = ["error", "ok"];

    /// <summary>Values of <c>kind:</c>.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["unspecified", "internal", "server", "client", "producer", "consumer"];

    /// <summary>Values of <c>kept:</c>.</summary>
    public static IReadOnlyList<string> KeptWords { get; } = [.. Enum.GetValues<SampleVerdict>().Where(verdict => verdict.IsKept()).Select(verdict => verdict.Word())];

    /// <summary>
    /// Values of <c>is:</c>: without a parent; first of its service within the trace; measured; a snapshot of a span that still runs.
    /// </summary>
    public static IReadOnlyList<string> Facts { get; } = ["root", "entry", "measured", "running"];

    /// <summary>The values that a field may have, in lower case; null when any text will do.</summary>
    public static IReadOnlyList<string>? ValuesOf(FilterField field) => field switch
    {
        FilterField.Status => Statuses,
        FilterField.Kind => Kinds,
        FilterField.Kept => KeptWords,
        FilterField.Is => Facts,
        _ => null,
    };

    /// <summary>The field that Datadog writes as a tag; null for a real tag. In quotes (<c>@"duration"</c>) every key is a tag.</summary>
    internal static FilterField? FieldOfTag(string key) => key == "duration" ? FilterField.Duration : null;

    /// <summary>The field of a word that may stand before a colon; null when it is none. Case is ignored.</summary>
    public static FilterField? FieldOf(string word)
    {
        foreach (var (known, field) in All) if (known.Equals(word, StringComparison.OrdinalIgnoreCase)) return field;
        return null;
    }

    internal static string PrintKey(FilterField field, string key)
    {
        if (field == FilterField.Tag) return NeedsQuotes(key, isKey: true) || FieldOfTag(key) is not null ? $"@\"{Escape(key)}\"" : "@" + key;
        foreach (var (word, known) in All) if (known == field) return word;
        return "";
    }

    internal static string Print(Comparison comparison) => comparison switch
    {
        Comparison.Less => "<",
        Comparison.LessOrEqual => "<=",
        Comparison.Greater => ">",
        Comparison.GreaterOrEqual => ">=",
        _ => "=",
    };

    internal static string Print(SpanRelation relation) => relation switch
    {
        SpanRelation.ParentOf => "=>",
        SpanRelation.AncestorOf => "->",
        SpanRelation.ChildOf => "<=",
        SpanRelation.DescendantOf => "<-",
        _ => "~",
    };

    internal static string Print(AggregateFunction function) => function switch
    {
        AggregateFunction.Count => "count",
        AggregateFunction.Min => "min",
        AggregateFunction.Max => "max",
        AggregateFunction.Sum => "sum",
        _ => "avg",
    };

    /// <summary>A number as it is written for a field: durations with a unit.</summary>
    internal static string PrintNumber(FilterField field, double value) =>
        field.IsDuration() ? DurationText.Print((long)value) : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Puts a written pattern into quotes when it would not be read back as one value.</summary>
    /// <param name="isAlone">It stands without a key: a colon, a minus or a word of the language would mean something.</param>
    internal static string Quote(string written, bool isAlone)
    {
        var quotes = written.Length == 0 || NeedsQuotes(written, isKey: false)
            || (isAlone && (written.Contains(':', StringComparison.Ordinal) || written[0] is '-' or '@' or '!' or '~' or '|' or '&' or '=' or '<' or '>' || JointOf(written) is not null || WithColon(written) is not null))
            || (!isAlone && (written[0] is '<' or '>' or '=' or '[' || LooksNegated(written)));
        return quotes ? $"\"{written}\"" : written;
    }

    /// <summary>AND, OR or NOT, in capitals; null for any other word. Case is ignored.</summary>
    internal static string? JointOf(string word) => word.ToUpperInvariant() is "AND" or "OR" or "NOT" ? word.ToUpperInvariant() : null;

    /// <summary>A value that is meant as "not this": a minus or exclamation mark before a letter, or the word NOT. <c>-5</c> is a number.</summary>
    internal static bool LooksNegated(string written) => written == "NOT" || (written.Length > 1 && written[0] is '-' or '!' && char.IsLetter(written[1]));

    /// <summary>What <c>service=web</c> or <c>duration>1s</c> is meant to be, with its colon; null for words that are no comparison with a key of the language or a tag.</summary>
    internal static string? WithColon(string word)
    {
        var at = word.AsSpan().IndexOfAny("=<>!");
        if (at <= 0 || !(word[0] == '@' ? at > 1 : FieldOf(word[..at]) is not null)) return null;
        var sign = word.AsSpan(at) switch { ['=', '=', ..] or ['!', '=', ..] or ['>', '=', ..] or ['<', '=', ..] => 2, ['!', ..] => 0, _ => 1 };
        if (sign == 0) return null;
        var (key, value) = (word[..at], word[(at + sign)..]);
        return word[at] switch { '=' => $"{key}:{value}", '!' => $"-{key}:{value}", _ => $"{key}:{word[at..]}" };
    }

    static bool NeedsQuotes(string text, bool isKey) =>
        text.Length == 0 || text.Any(c => char.IsWhiteSpace(c) || c is '(' or ')' or '"' or '{' or '}' || (isKey && c is ':' or '\\'));

    static string Escape(string key) => key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal).Replace("?", "\\?", StringComparison.Ordinal);
}
