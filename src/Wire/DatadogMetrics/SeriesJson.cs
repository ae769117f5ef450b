using System.Buffers.Text;
using System.Text.Json;
using Apm.Core;
using Apm.Wire.Json;

namespace Apm.Wire.DatadogMetrics;

/// <summary>Reads one series, whose object was begun, into <see cref="SeriesReading.Draft"/>, and ends it with <see cref="SeriesReading.Finish"/>.</summary>
internal delegate void SeriesReader(ref JsonWalker json, SeriesReading reading);

/// <summary>
/// What the JSON submissions of series have in common: <c>{"series": [ {…}, … ]}</c>. A series that is wrong in itself is left out, the
/// others are kept; what is no JSON is refused whole.
/// </summary>
internal static class SeriesJson
{
    public static SubmittedSeries Decode(string name, string cure, ReadOnlySpan<byte> body, SeriesReader read)
    {
        var reading = new SeriesReading(name, cure);
        var json = new JsonWalker(body, SubmissionLimits.MaxJsonDepth);
        try
        {
            ReadBody(ref json, reading, read);
            json.End();
            return reading.Result();
        }
        catch (DecodeFault fault)
        {
            throw reading.Explain(fault);
        }
        catch (JsonException error)
        {
            throw reading.Explain(json.Fault(error));
        }
    }

    static void ReadBody(ref JsonWalker json, SeriesReading reading, SeriesReader read)
    {
        if (json.Next() != JsonTokenType.StartObject) throw json.Unexpected("an object with \"series\"");
        var found = false;
        while (json.NextMember())
        {
            if (!json.Is("series"u8))
            {
                json.Skip();
                continue;
            }
            found = true;
            if (json.Next() != JsonTokenType.StartArray) throw json.Unexpected("a list of series");
            while (json.Next() != JsonTokenType.EndArray) ReadOne(ref json, reading, read);
        }
        if (!found) throw new DecodeFault(json.Offset, "there is no \"series\"");
    }

    static void ReadOne(ref JsonWalker json, SeriesReading reading, SeriesReader read)
    {
        reading.NextSeries();
        var start = json;
        try
        {
            if (json.Token != JsonTokenType.StartObject) throw json.Unexpected("an object");
            read(ref json, reading);
        }
        catch (DecodeFault wrong)
        {
            json = start;
            json.SkipCurrent();
            reading.Drop(wrong.Message);
        }
    }

    /// <summary>A text; null is "".</summary>
    public static string ReadText(ref JsonWalker json, SeriesReading reading) => reading.Text(json.ReadText());

    /// <summary>A list of texts; numbers and truths are taken as they are written, null is an empty list.</summary>
    public static void ReadTags(ref JsonWalker json, SeriesReading reading)
    {
        if (!json.BeginArray()) return;
        while (json.Next() != JsonTokenType.EndArray)
        {
            var tag = json.Token switch
            {
                JsonTokenType.String => json.CurrentText(),
                JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False => json.RawScalar,
                JsonTokenType.Null => default,
                _ => throw json.Unexpected("a tag such as \"env:dev\""),
            };
            reading.AddTag(reading.Text(tag));
        }
    }

    /// <summary>A number, or a text that holds one; null when it is null.</summary>
    public static double? ReadNumber(ref JsonWalker json, string what)
    {
        json.Next();
        return CurrentNumber(ref json, what);
    }

    /// <inheritdoc cref="ReadNumber"/>
    public static double? CurrentNumber(ref JsonWalker json, string what)
    {
        if (json.Token == JsonTokenType.Null) return null;
        var text = json.Token switch
        {
            JsonTokenType.Number => json.RawScalar,
            JsonTokenType.String => json.CurrentText(),
            _ => throw json.Unexpected(what),
        };
        if (Utf8Parser.TryParse(text, out double value, out var read) && read == text.Length && read > 0) return value;
        throw new DecodeFault(json.Offset, $"{what} is expected");
    }

    /// <summary>A time as whole seconds; what no clock can show becomes a time that nobody keeps.</summary>
    public static long Seconds(double unixSeconds) => double.IsNaN(unixSeconds) ? 0 : (long)Math.Floor(Math.Clamp(unixSeconds, -1e12, 1e15));
}
