using System.CommandLine;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Apm.Core.Ledger;
using Apm.Core.Time;
using Apm.TraceAgent.Serve;
using Spectre.Console;

namespace Apm.Cli.Commands;

/// <summary><c>apm status</c>: what listens, what has arrived, per service. Exit code 1 when nothing runs.</summary>
static class StatusCommand
{
    public static Command Make()
    {
        var url = new Option<string>("--url") { Description = "Address of the screens.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("APM_URL") ?? "http://localhost:8127" };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON." };
        var command = new Command("status", "Say what listens and what has arrived, per service.") { url, json };
        command.SetAction((arguments, cancel) => Run(arguments.GetValue(url)!, arguments.GetValue(json), cancel));
        return command;
    }

    static async Task<int> Run(string url, bool asJson, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            var address = new Uri(new Uri(url), "/api/status");
            if (asJson)
            {
                Console.WriteLine(await http.GetStringAsync(address, cancel));
                return 0;
            }
            var report = await http.GetFromJsonAsync<StatusReport>(address, JsonSerializerOptions.Web, cancel) ?? throw new JsonException("empty answer");
            Print(report);
            return 0;
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException or TaskCanceledException or UriFormatException)
        {
            await Console.Error.WriteLineAsync($"apm: no Apm answers at {url} ({problem.Message}). Start it with ./apm up, or give its address with --url.");
            return 1;
        }
    }

    static void Print(StatusReport report)
    {
        if (Console.IsOutputRedirected && int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var columns)) AnsiConsole.Profile.Width = Math.Max(60, columns);
        var up = TimeSpan.FromTicks((report.NowUnixNanos - report.StartedUnixNanos) / UnixTime.NanosPerTick);
        AnsiConsole.MarkupLineInterpolated($"[bold]Apm {report.Version}[/] up {Age(up)} · {report.UiUrl} · data {report.DataFolder}");
        AnsiConsole.MarkupLineInterpolated($"listens on {string.Join(", ", report.Listeners.Select(listener => $"{listener.Name} {listener.Port}"))}");
        AnsiConsole.MarkupLineInterpolated($"stored {Count(report.Traces.SpanCount)} spans in {report.Traces.BlockCount} blocks, {Count(report.Traces.ByteCount)} bytes; log {Count(report.LogByteCount)} bytes");
        AnsiConsole.MarkupLineInterpolated($"sampling: {report.Sampling.Sentence}");
        if (ExpiredSpans.Sentence(label => report.Counters.Where(counter => counter.Name == "spans_expired" && counter.Label == label).Sum(counter => counter.Value)) is { Length: > 0 } expired)
            AnsiConsole.MarkupLineInterpolated($"{expired}");
        PrintLimits(report);
        PrintServices(report);
        PrintWaiting(report);
        if (report.Checks is { } checks) CheckStatusText.Print(checks, report.NowUnixNanos);
        PrintCounters(report);
        foreach (var problem in report.Problems.Take(5))
            AnsiConsole.MarkupLineInterpolated($"[yellow]{Ago(report, problem.LastUnixNanos)}[/] {problem.Where}: {problem.Sentence}{(problem.Count > 1 ? $" (×{problem.Count})" : "")}");
        if (report.Problems.Count > 5) Console.WriteLine($"{report.Problems.Count - 5} older problems: apm status --json");
    }

    /// <summary>Memory and disk always; of the others, those that bit or are nearly full.</summary>
    static void PrintLimits(StatusReport report)
    {
        foreach (var limit in report.Limits.Where(limit => limit.Name is "memory.max_bytes" or "storage.max_bytes" || limit.BitCount > 0 || limit.Value > 0.8 * limit.Ceiling))
        {
            Console.WriteLine(LimitText.Line(limit, report.NowUnixNanos));
            if (limit.BitCount > 0) Console.WriteLine($"      {limit.WhenFull}");
        }
    }

    static void PrintServices(StatusReport report)
    {
        if (!report.Services.Any(service => service.Name.Length > 0))
        {
            Console.WriteLine("No span has arrived yet. Trace an app with: ./apm-run python3 flaskapp.py");
            PrintReasons(report);
            return;
        }
        var table = new Table().Border(TableBorder.None);
        table.AddColumn(new TableColumn("service").NoWrap().PadLeft(0).PadRight(2)); // Eighty columns must do.
        var waits = report.Services.Any(service => service.WaitingSpanCount > 0);
        string[] columns = ["received", "stored", "sampled\nout", "rejected", "dropped", .. waits ? ["waiting"] : Array.Empty<string>(), "seen\nago"];
        foreach (var column in columns) table.AddColumn(new TableColumn(column).RightAligned().NoWrap().PadLeft(0).PadRight(2));
        foreach (var service in report.Services.Where(service => service.Name.Length > 0))
        {
            var spans = service.Spans;
            string[] cells =
            [
                Markup.Escape(service.Name), Count(spans.ReceivedSpanCount), Count(spans.StoredSpanCount), Count(spans.SampledOutSpanCount), Count(spans.RejectedSpanCount), Count(spans.DroppedSpanCount),
                .. waits ? [Count(service.WaitingSpanCount)] : Array.Empty<string>(), service.LastSeenUnixNanos == 0 ? "" : Ago(report, service.LastSeenUnixNanos)[..^" ago".Length],
            ];
            table.AddRow(cells);
        }
        AnsiConsole.Write(table);
        Console.WriteLine($"Spans of the past 24 h: received = stored + sampled out + rejected + dropped{(waits ? "; waiting ones come to it" : "")}.");
        PrintReasons(report);
    }

    /// <summary>Each way to get lost once, in words, with the services it concerns.</summary>
    static void PrintReasons(StatusReport report)
    {
        var reasons = from service in report.Services
                      from reason in service.Spans.Reasons
                      where reason.Outcome != SpanOutcome.Stored
                      group (service.Name, reason) by (reason.Outcome, reason.Reason);
        foreach (var reason in reasons.OrderBy(group => group.Key.Outcome).ThenByDescending(group => group.Sum(entry => entry.reason.SpanCount)))
        {
            var spans = reason.Sum(entry => entry.reason.SpanCount);
            var payloads = reason.Sum(entry => entry.reason.PayloadCount);
            var what = string.Join(" and ", new[] { spans > 0 ? Count(spans) + (spans == 1 ? " span" : " spans") : "", payloads > 0 ? Count(payloads) + (payloads == 1 ? " unread payload" : " unread payloads") : "" }.Where(text => text.Length > 0));
            var services = string.Join(", ", reason.Where(entry => entry.Name.Length > 0).OrderByDescending(entry => entry.reason.SpanCount).Take(3).Select(entry => entry.Name));
            AnsiConsole.MarkupLineInterpolated($"  {what} {LedgerReasons.Word(reason.Key.Outcome)} ({reason.Key.Reason}){(services.Length > 0 ? $" of {services}" : "")}. {LedgerReasons.Sentence(reason.Key.Outcome, reason.Key.Reason)}");
        }
    }

    static void PrintWaiting(StatusReport report)
    {
        foreach (var process in report.Processes.Where(process => process.SpanCount == 0))
            AnsiConsole.MarkupLineInterpolated($"[blue]waiting[/] {process.Service} ({process.Language}, pid {process.ProcessId}) is alive and has had no request; {process.Routes.Count} routes known");
    }

    static void PrintCounters(StatusReport report)
    {
        foreach (var counter in report.Counters.Where(counter => counter.Name is "payloads_received" or "payloads_rejected" or "spans_repaired" or "spans_late" or "store_failures"
            or "dogstatsd_lines" or "dogstatsd_lines_rejected" or "dogstatsd_samples_dropped" or "dogstatsd_packets_cut" or "metric_points_dropped"))
            Console.WriteLine($"  {counter.Name}{(counter.Label.Length > 0 ? $" ({counter.Label})" : "")}{(counter.Service.Length > 0 ? $" of {counter.Service}" : "")}: {Count(counter.Value)}");
    }

    static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    static string Ago(StatusReport report, long atUnixNanos) => Age(TimeSpan.FromTicks(Math.Max(0, report.NowUnixNanos - atUnixNanos) / UnixTime.NanosPerTick)) + " ago";

    static string Age(TimeSpan age) =>
        age.TotalSeconds < 90 ? $"{(int)age.TotalSeconds} s" : age.TotalMinutes < 90 ? $"{(int)age.TotalMinutes} min" : age.TotalHours < 48 ? $"{(int)age.TotalHours} h" : $"{(int)age.TotalDays} d";
}
