using System.Text;
using Apm.Core.Events;

namespace Apm.Wire.DogStatsD;

/// <summary>
/// Reads an event (metrics-monitors §2.4):
/// <code>
/// _e{TITLE_BYTES,TEXT_BYTES}:TITLE|TEXT|d:unix|h:host|p:normal-or-low|t:type|k:aggregation-key|s:source|c:container|#tag,tag
/// </code>
/// Reads bytes only. Any thread.
/// </summary>
public static class EventLineReader
{
    /// <summary>Reads an event; false when the line is none, and then the fault says why.</summary>
    /// <param name="receivedUnixSeconds">When it happened, if it does not say so itself.</param>
    /// <param name="happened">Tags as they came; the host only where <c>h:</c> names one.</param>
    /// <param name="fault">Why it is none; or, of an event that is kept, the last field that was passed over.</param>
    public static bool TryRead(ReadOnlySpan<byte> line, long receivedUnixSeconds, out EventRecord? happened, out LineFault fault)
    {
        happened = null;
        fault = default;
        if (!TryReadHead(line, out var titleBytes, out var textBytes, out var at)) return MetricLineReader.Fault(LineFaultKind.EventHead, 0, 0, out fault);
        if (titleBytes == 0) return MetricLineReader.Fault(LineFaultKind.EventTitle, 3, 1, out fault);
        if (line.Length - at - 1L < titleBytes + textBytes || line[at + (int)titleBytes] != '|') return MetricLineReader.Fault(LineFaultKind.EventLength, at, line.Length - at, out fault);
        var title = line.Slice(at, (int)titleBytes);
        at += (int)titleBytes + 1;
        var text = line.Slice(at, (int)textBytes);
        at += (int)textBytes;

        var draft = new EventRecord { Title = Unescaped(title), Text = Unescaped(text), UnixSeconds = receivedUnixSeconds };
        if (at < line.Length && line[at] != '|')
        {
            var end = MetricLineReader.FieldEnd(line, at);
            fault = new LineFault(LineFaultKind.EventRest, at, end - at);
            at = end;
        }
        at++;
        while (at < line.Length)
        {
            var end = MetricLineReader.FieldEnd(line, at);
            if (!TryReadField(line[at..end], ref draft)) fault = new LineFault(LineFaultKind.EventField, at, end - at);
            at = end + 1;
        }
        happened = draft;
        return true;
    }

    /// <summary><c>_e{5,4}:</c></summary>
    static bool TryReadHead(ReadOnlySpan<byte> line, out long titleBytes, out long textBytes, out int length)
    {
        titleBytes = textBytes = length = 0;
        if (!line.StartsWith("_e{"u8)) return false;
        var close = line.IndexOf("}:"u8);
        if (close < 0) return false;
        var lengths = line[3..close];
        var comma = lengths.IndexOf((byte)',');
        length = close + 2;
        return comma >= 0 && StatsdNumber.TryReadWhole(lengths[..comma], out titleBytes) && StatsdNumber.TryReadWhole(lengths[(comma + 1)..], out textBytes);
    }

    static bool TryReadField(ReadOnlySpan<byte> field, ref EventRecord draft)
    {
        if (field.Length == 0) return true;
        if (field[0] == '#') draft = draft with { Tags = TagsOf(field[1..]) };
        else if (field.StartsWith("d:"u8) && StatsdNumber.TryReadWhole(field[2..], out var time) && time > 0) draft = draft with { UnixSeconds = time };
        else if (field.StartsWith("h:"u8)) draft = draft with { Host = TextOf(field[2..]) };
        else if (field.StartsWith("k:"u8)) draft = draft with { AggregationKey = TextOf(field[2..]) };
        else if (field.StartsWith("s:"u8)) draft = draft with { Source = TextOf(field[2..]) };
        else if (field.SequenceEqual("p:normal"u8)) draft = draft with { Priority = "normal" };
        else if (field.SequenceEqual("p:low"u8)) draft = draft with { Priority = "low" };
        else if (field.SequenceEqual("t:error"u8)) draft = draft with { AlertType = "error" };
        else if (field.SequenceEqual("t:warning"u8)) draft = draft with { AlertType = "warning" };
        else if (field.SequenceEqual("t:info"u8)) draft = draft with { AlertType = "info" };
        else if (field.SequenceEqual("t:success"u8)) draft = draft with { AlertType = "success" };
        else return field.StartsWith("c:"u8) || field.StartsWith("e:"u8) || field.StartsWith("card:"u8);
        return true;
    }

    internal static IReadOnlyList<string> TagsOf(ReadOnlySpan<byte> raw)
    {
        var tags = new List<string>();
        foreach (var tag in new StatsdParts(raw, (byte)',')) tags.Add(TextOf(tag));
        return tags;
    }

    internal static string TextOf(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    internal static string Unescaped(ReadOnlySpan<byte> utf8) => TextOf(utf8).Replace("\\n", "\n", StringComparison.Ordinal);
}
