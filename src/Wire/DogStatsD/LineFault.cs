using System.Globalization;
using System.Text;

namespace Apm.Wire.DogStatsD;

/// <summary>Why a line, or a field of it, cannot be used.</summary>
public enum LineFaultKind
{
    None,
    NoType,
    NoColon,
    EmptyName,
    EmptyValue,
    BadValue,
    EmptyType,
    UnknownType,
    BadRate,
    BadTimestamp,
    EventHead,
    EventTitle,
    EventLength,
    EventField,
    EventRest,
    CheckShape,
    CheckName,
    CheckStatus,
    CheckField,
}

/// <summary>Why and where a line cannot be used. Made without allocating; its words are made when somebody will read them.</summary>
/// <param name="Offset">Byte of the line at which the trouble begins, from 0.</param>
/// <param name="Length">How many bytes are meant; 0 when something is missing there.</param>
public readonly record struct LineFault(LineFaultKind Kind, int Offset, int Length)
{
    const int MaxQuotedBytes = 60;

    /// <summary>What it counts as: snake case, such as <c>bad_value</c>.</summary>
    public string Reason => Kind switch
    {
        LineFaultKind.None => "",
        LineFaultKind.NoType => "no_type",
        LineFaultKind.NoColon => "no_colon",
        LineFaultKind.EmptyName => "empty_name",
        LineFaultKind.EmptyValue => "empty_value",
        LineFaultKind.BadValue => "bad_value",
        LineFaultKind.EmptyType => "empty_type",
        LineFaultKind.UnknownType => "unknown_type",
        LineFaultKind.BadRate => "bad_rate",
        LineFaultKind.BadTimestamp => "bad_timestamp",
        LineFaultKind.EventHead => "event_head",
        LineFaultKind.EventTitle => "event_title",
        LineFaultKind.EventLength => "event_length",
        LineFaultKind.EventField => "event_field",
        LineFaultKind.EventRest => "event_rest",
        LineFaultKind.CheckShape => "check_shape",
        LineFaultKind.CheckName => "check_name",
        LineFaultKind.CheckStatus => "check_status",
        LineFaultKind.CheckField => "check_field",
        _ => throw new InvalidOperationException($"A fault without a reason: {Kind}."),
    };

    /// <summary>The line, where in it, what is wrong, and what to write instead; for the sender.</summary>
    /// <param name="line">The line that was read.</param>
    public string Sentence(ReadOnlySpan<byte> line) =>
        string.Create(CultureInfo.InvariantCulture, $"Line \"{LineText.Visible(line)}\", byte {Offset + 1}: {What(line)}");

    string What(ReadOnlySpan<byte> line) => Kind switch
    {
        LineFaultKind.NoType => $"no \"|\" with a type follows. Write name:value|type, as in {Corrected(line)}; types are g, c, h, d, ms, s.",
        LineFaultKind.NoColon => "no \":\" stands before the first \"|\", so that name and value cannot be told apart. Write name:value|type, as in page.views:1|c.",
        LineFaultKind.EmptyName => "the name before the \":\" is empty. Write name:value|type, as in page.views:1|c.",
        LineFaultKind.EmptyValue => "no value stands between \":\" and \"|\". Write name:value|type, as in page.views:1|c.",
        LineFaultKind.BadValue => $"\"{Quoted(line)}\" is no number. Write a decimal such as 3.5; texts can be counted as a set (type s).",
        LineFaultKind.EmptyType => "the type is empty. Write one of g, c, h, d, ms, s behind the \"|\", as in page.views:1|c.",
        LineFaultKind.UnknownType => $"\"{Quoted(line)}\" is no type. Write g (gauge), c (counter), h (histogram), d (distribution), ms (milliseconds) or s (set).",
        LineFaultKind.BadRate => $"\"{Quoted(line)}\" is no sample rate. Write a number above 0, as in @0.5 when every second sample is sent, or leave it out.",
        LineFaultKind.BadTimestamp => $"\"{Quoted(line)}\" is no time. Write T and whole seconds since 1970, as in T1657100430, or leave it out.",
        LineFaultKind.EventHead => "an event begins with the lengths of title and text in bytes, as in _e{5,4}:title|text.",
        LineFaultKind.EventTitle => "the title's length is 0, and an event needs a title, as in _e{5,4}:title|text.",
        LineFaultKind.EventLength => "title and text are not as long as the lengths in braces say. Count the bytes of their UTF-8 text (\"é\" is two, \"\\n\" is two), as in _e{5,4}:title|text.",
        LineFaultKind.EventField => $"\"{Quoted(line)}\" is passed over: fields of an event are d:UNIX_SECONDS, h:HOST, p:normal or low, t:error, warning, info or success, k:KEY, s:SOURCE and #tag,tag. The event is kept.",
        LineFaultKind.EventRest => $"\"{Quoted(line)}\" stands behind the text where a \"|\" or the end should, and is passed over: the lengths in braces are too small. Count the bytes of the UTF-8 text (\"é\" is two, \"\\n\" is two). The event is kept.",
        LineFaultKind.CheckShape => "a service check is written _sc|NAME|STATUS, as in _sc|agent.up|0. Names of metrics must not begin with \"_sc\".",
        LineFaultKind.CheckName => "the name of the service check is empty. Write _sc|NAME|STATUS, as in _sc|agent.up|0.",
        LineFaultKind.CheckStatus => $"\"{Quoted(line)}\" is no status. Write 0 (OK), 1 (warning), 2 (critical) or 3 (unknown), as in _sc|agent.up|0.",
        LineFaultKind.CheckField => $"\"{Quoted(line)}\" is passed over: fields of a service check are d:UNIX_SECONDS, h:HOST, #tag,tag and m:MESSAGE. The service check is kept.",
        _ => throw new InvalidOperationException($"A fault without words: {Kind}."),
    };

    string Quoted(ReadOnlySpan<byte> line) => LineText.Visible(line.Slice(Offset, Length), MaxQuotedBytes);

    /// <summary>The line with a type, when it is short enough to be repeated.</summary>
    static string Corrected(ReadOnlySpan<byte> line) => line.Length <= MaxQuotedBytes && line.IndexOf((byte)':') is var colon and > 0 && colon < line.Length - 1 ? $"{LineText.Visible(line)}|g" : "page.views:1|c";
}

/// <summary>Bytes of a line as text that can be shown.</summary>
public static class LineText
{
    /// <summary>Most bytes of a line that are shown.</summary>
    public const int MaxShownBytes = 200;

    /// <summary>The line as text: cut, control characters as <c>\xNN</c>, what is no UTF-8 as �.</summary>
    public static string Visible(ReadOnlySpan<byte> line, int maxBytes = MaxShownBytes)
    {
        var text = Encoding.UTF8.GetString(line.Length > maxBytes ? line[..maxBytes] : line);
        var shown = new StringBuilder(text.Length + 8);
        foreach (var rune in text.EnumerateRunes())
        {
            // What turns the direction of writing or joins lines is made visible too.
            var category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                shown.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:X2}");
            else shown.Append(rune.ToString());
        }
        if (line.Length > maxBytes) shown.Append(CultureInfo.InvariantCulture, $"… ({line.Length} bytes)");
        return shown.ToString();
    }
}
