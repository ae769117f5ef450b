using Apm.Core.Checks;

namespace Apm.Wire.DogStatsD;

/// <summary>
/// Reads a service check (metrics-monitors §2.5):
/// <code>
/// _sc|NAME|STATUS|d:unix|h:host|#tag,tag|m:message
/// </code>
/// Reads bytes only. Any thread.
/// </summary>
public static class ServiceCheckLineReader
{
    /// <summary>Reads a service check; false when the line is none, and then the fault says why.</summary>
    /// <param name="receivedUnixSeconds">When it was found, if it does not say so itself.</param>
    /// <param name="run">Tags as they came; the host only where <c>h:</c> names one.</param>
    /// <param name="fault">Why it is none; or, of a service check that is kept, the last field that was passed over.</param>
    public static bool TryRead(ReadOnlySpan<byte> line, long receivedUnixSeconds, out ServiceCheckRun? run, out LineFault fault)
    {
        run = null;
        fault = default;
        if (!line.StartsWith("_sc|"u8)) return MetricLineReader.Fault(LineFaultKind.CheckShape, 0, line.Length, out fault);
        var nameEnd = MetricLineReader.FieldEnd(line, 4);
        if (nameEnd == 4) return MetricLineReader.Fault(LineFaultKind.CheckName, 4, 0, out fault);
        if (nameEnd == line.Length) return MetricLineReader.Fault(LineFaultKind.CheckShape, nameEnd, 0, out fault);
        var statusEnd = MetricLineReader.FieldEnd(line, nameEnd + 1);
        var status = line[(nameEnd + 1)..statusEnd];
        if (status is not [>= (byte)'0' and <= (byte)'3']) return MetricLineReader.Fault(LineFaultKind.CheckStatus, nameEnd + 1, status.Length, out fault);

        var time = receivedUnixSeconds;
        string host = "", message = "";
        IReadOnlyList<string> tags = [];
        for (var at = statusEnd + 1; at < line.Length;)
        {
            var end = MetricLineReader.FieldEnd(line, at);
            var field = line[at..end];
            if (field.StartsWith("d:"u8) && StatsdNumber.TryReadWhole(field[2..], out var given) && given > 0) time = given;
            else if (field.StartsWith("h:"u8)) host = EventLineReader.TextOf(field[2..]);
            else if (field.StartsWith("#"u8)) tags = EventLineReader.TagsOf(field[1..]);
            else if (field.StartsWith("m:"u8)) message = EventLineReader.Unescaped(field[2..]);
            else if (field.Length > 0 && !field.StartsWith("c:"u8) && !field.StartsWith("e:"u8) && !field.StartsWith("card:"u8)) fault = new LineFault(LineFaultKind.CheckField, at, field.Length);
            at = end + 1;
        }
        run = new ServiceCheckRun(EventLineReader.TextOf(line[4..nameEnd]), (CheckStatus)(status[0] - '0'), time, host, tags, message);
        return true;
    }
}
