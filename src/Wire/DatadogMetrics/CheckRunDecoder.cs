using System.Text.Json;
using Apm.Core;
using Apm.Core.Checks;

namespace Apm.Wire.DatadogMetrics;

/// <summary>Answers of service checks that can be used, and what became of the others.</summary>
/// <param name="FirstReason">What is wrong with the first that was left out; "" when none was.</param>
public sealed record SubmittedChecks(IReadOnlyList<ServiceCheckRun> Runs, int DroppedCount, string FirstReason);

/// <summary>
/// Decodes the body of <c>POST /api/v1/check_run</c> (metrics-monitors §4.5), one object or a list of them:
/// <code>
/// { check, host_name, status: 0…3, tags: [ … ], message, timestamp }
/// </code>
/// </summary>
public static class CheckRunDecoder
{
    const string Cure = """Send {"check":"app.ok","host_name":"box-1","status":0,"tags":[]}, or a list of such.""";

    /// <param name="body">JSON in UTF-8, not compressed.</param>
    /// <param name="arrivalUnixSeconds">Time of answers that name none.</param>
    /// <exception cref="PayloadException">The bytes are not such a body, or nothing in it can be used; the message says why.</exception>
    public static SubmittedChecks Decode(ReadOnlyMemory<byte> body, long arrivalUnixSeconds)
    {
        using var json = SubmittedJson.Parse(body, "check_run body", Cure);
        var root = json.RootElement;
        if (root.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array)) throw new PayloadException($"Unable to parse payload: check_run body: an object or a list of objects is expected. {Cure}");
        var checks = Read(root.ValueKind == JsonValueKind.Array ? root.EnumerateArray() : [root], arrivalUnixSeconds, "");
        if (checks is { Runs.Count: 0, DroppedCount: > 0 }) throw new PayloadException($"Unable to parse payload: check_run body: {checks.FirstReason}. {Cure}");
        return checks;
    }

    /// <param name="host">Of answers that name none.</param>
    internal static SubmittedChecks Read(IEnumerable<JsonElement> items, long arrivalUnixSeconds, string host)
    {
        var runs = new List<ServiceCheckRun>();
        var (index, dropped, first) = (0, 0, "");
        foreach (var item in items)
        {
            if (index >= SubmissionLimits.MaxItems) throw new PayloadException($"Unable to parse payload: check_run body: there are more than {SubmissionLimits.MaxItems} answers of checks. Send them in several requests.");
            try
            {
                runs.Add(Read(item, arrivalUnixSeconds, host));
            }
            catch (DecodeFault wrong)
            {
                if (dropped++ == 0) first = $"check {index}: {wrong.Message}";
            }
            index++;
        }
        return new SubmittedChecks(runs, dropped, first);
    }

    static ServiceCheckRun Read(JsonElement item, long arrivalUnixSeconds, string otherwiseHost)
    {
        if (item.ValueKind != JsonValueKind.Object) throw new DecodeFault(0, "an object is expected");
        var check = SubmittedJson.Text(item, "check");
        if (check.Length == 0) throw new DecodeFault(0, "it has no \"check\"");
        var host = SubmittedJson.Text(item, "host_name") is { Length: > 0 } named ? named : SubmittedJson.Text(item, "host");
        if (host.Length == 0) host = otherwiseHost;
        if (host.Length == 0) throw new DecodeFault(0, "it has no \"host_name\"");
        if (SubmittedJson.Number(item, "status") is not { } status) throw new DecodeFault(0, "it has no \"status\"");
        if (status is not (0 or 1 or 2 or 3)) throw new DecodeFault(0, "\"status\" must be 0 (OK), 1 (warning), 2 (critical) or 3 (unknown)");
        var time = SubmittedJson.Number(item, "timestamp") is { } seconds ? SeriesJson.Seconds(seconds) : arrivalUnixSeconds;
        return new ServiceCheckRun(check, (CheckStatus)(int)status, time, host, SubmittedJson.Texts(item, "tags"), SubmittedJson.Text(item, "message"));
    }
}
