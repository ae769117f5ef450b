using System.Text.Json;
using Apm.Core.Checks;
using Apm.Core.Events;

namespace Apm.TraceAgent.Checks.Python;

/// <summary>
/// The lines that <c>apm_check_host.py</c> answers with, each a JSON array whose first item says what it is:
/// <code>
/// ["m", kind, name, value, tags, hostname]   ["c", name, status, tags, hostname, message]   ["e", {…}]
/// ["w", text]   ["d", name, value]   ["v", version]   ["ok"]   ["failed", text, file, line, [traceback]]
/// </code>
/// </summary>
static class PythonAnswer
{
    /// <summary>Hands a line on. Gives how the run ended when the line says so, else null.</summary>
    /// <exception cref="InvalidDataException">It is no such line.</exception>
    public static PythonEnd? Read(string line, ICheckOutput output, long nowUnixSeconds)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var items = document.RootElement;
            switch (items[0].GetString())
            {
                case "m":
                    output.Submit(KindOf(items[1].GetString()), items[2].GetString()!, items[3].GetDouble(), TagsOf(items[4], items[5].GetString()!));
                    return null;
                case "c":
                    output.ServiceCheck(items[1].GetString()!, StatusOf(items[2].GetInt32()), TagsOf(items[3], items[4].GetString()!), items[5].GetString()!);
                    return null;
                case "e":
                    output.Event(EventOf(items[1], nowUnixSeconds));
                    return null;
                case "w":
                    output.Warn(items[1].GetString()!);
                    return null;
                case "d":
                    output.Metadata(items[1].GetString()!, items[2].GetString()!);
                    return null;
                case "v":
                    return new PythonEnd(IsEnd: false) { Version = items[1].GetString()! };
                case "ok":
                    return new PythonEnd(IsEnd: true);
                case "failed":
                    return new PythonEnd(IsEnd: true)
                    {
                        Failure = items[1].GetString()!, File = items[2].GetString()!, Line = items[3].GetInt32(), Traceback = [.. items[4].EnumerateArray().Select(item => item.GetString()!)],
                    };
                case var other:
                    throw new InvalidDataException($"\"{other}\" is no kind of answer");
            }
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or IndexOutOfRangeException or FormatException or ArgumentException)
        {
            throw new InvalidDataException(problem.Message, problem);
        }
    }

    static CheckMetricKind KindOf(string? kind) => kind switch
    {
        "gauge" => CheckMetricKind.Gauge,
        "rate" => CheckMetricKind.Rate,
        "count" => CheckMetricKind.Count,
        "monotonic_count" => CheckMetricKind.MonotonicCount,
        "histogram" => CheckMetricKind.Histogram,
        "historate" => CheckMetricKind.Historate,
        "counter" => CheckMetricKind.Counter,
        "distribution" => CheckMetricKind.Distribution,
        _ => throw new InvalidDataException($"\"{kind}\" is no kind of metric"),
    };

    static CheckStatus StatusOf(int status) => status is >= 0 and <= 3 ? (CheckStatus)status : CheckStatus.Unknown;

    static List<string> TagsOf(JsonElement tags, string host)
    {
        var all = tags.EnumerateArray().Select(tag => tag.GetString()!).ToList();
        if (host.Length > 0) all.Add($"host:{host}");
        return all;
    }

    static EventRecord EventOf(JsonElement sent, long nowUnixSeconds)
    {
        string Text(string key) => sent.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        var happened = sent.TryGetProperty("timestamp", out var at) && at.ValueKind == JsonValueKind.Number && at.TryGetDouble(out var seconds) && seconds is > 0 and < 1e11 ? (long)seconds : nowUnixSeconds;
        return new EventRecord
        {
            Title = Text("msg_title") is { Length: > 0 } title ? title : Text("event_type"),
            Text = Text("msg_text"),
            UnixSeconds = happened,
            Priority = Text("priority") is "low" ? "low" : "normal",
            AlertType = Text("alert_type") is { Length: > 0 } alert ? alert : "info",
            Host = Text("host"),
            AggregationKey = Text("aggregation_key"),
            Source = Text("source_type_name"),
            Tags = [.. sent.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!)],
        };
    }
}

/// <summary>What a line says of the run itself.</summary>
/// <param name="IsEnd">The run has ended; else it tells the check's version.</param>
sealed record PythonEnd(bool IsEnd)
{
    public string Version { get; init; } = "";

    /// <summary>The last line of the traceback; null when the run went well.</summary>
    public string? Failure { get; init; }

    /// <summary>Where it happened; "" when that is not known.</summary>
    public string File { get; init; } = "";
    public int Line { get; init; }
    public IReadOnlyList<string> Traceback { get; init; } = [];
}
