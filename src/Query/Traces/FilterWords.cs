namespace Apm.Query.Traces;

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
        ("duration", FilterField.Duration),
    ];

    /// <summary>The words that may stand before a colon, the preferred one of each field first.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. All.Select(entry => entry.Word)];

    /// <summary>Values of <c>status:</c>.</summary>
    public static IReadOnlyList<string> Statuses { get; } = ["error", "ok"];

    /// <summary>Values of <c>kind:</c>.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["unspecified", "internal", "server", "client", "producer", "consumer"];

    internal static FilterField? FieldOf(string word)
    {
        foreach (var (known, field) in All) if (known.Equals(word, StringComparison.OrdinalIgnoreCase)) return field;
        return null;
    }

    internal static string PrintKey(FilterField field, string key)
    {
        if (field == FilterField.Tag) return NeedsQuotes(key, isKey: true) ? $"@\"{Escape(key)}\"" : "@" + key;
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

    /// <summary>Puts a written pattern into quotes when it would not be read back as one value.</summary>
    /// <param name="isAlone">It stands without a key: a colon, a minus or a word of the language would mean something.</param>
    internal static string Quote(string written, bool isAlone)
    {
        var quotes = written.Length == 0 || NeedsQuotes(written, isKey: false)
            || (isAlone && (written.Contains(':', StringComparison.Ordinal) || written[0] is '-' or '@' || written is "AND" or "OR" or "NOT"))
            || (!isAlone && written[0] is '<' or '>' or '=');
        return quotes ? $"\"{written}\"" : written;
    }

    static bool NeedsQuotes(string text, bool isKey) =>
        text.Length == 0 || text.Any(c => char.IsWhiteSpace(c) || c is '(' or ')' or '"' || (isKey && c is ':' or '\\'));

    static string Escape(string key) => key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal);
}
