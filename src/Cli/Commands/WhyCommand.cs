using System.CommandLine;
using System.Text.Json;

namespace Apm.Cli.Commands;

/// <summary><c>apm why TRACE_ID</c>: where a trace is, or why it is missing. Exit code 0 when it is stored, 2 when it is not, 1 when nobody can say.</summary>
static class WhyCommand
{
    public static Command Make()
    {
        var id = new Argument<string>("trace-id") { Description = "32 or 16 hex digits, or the decimal number of a 64-bit id." };
        var url = new Option<string>("--url") { Description = "Address of the screens.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("APM_URL") ?? "http://localhost:8127" };
        var command = new Command("why", "Say where a trace is, or why it is missing.") { id, url };
        command.SetAction((arguments, cancel) => Run(arguments.GetValue(id)!, arguments.GetValue(url)!, cancel));
        return command;
    }

    static async Task<int> Run(string id, string url, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };
        try
        {
            using var answer = await http.GetAsync(new Uri(new Uri(url), $"/api/traces/{Uri.EscapeDataString(id)}/fate"), cancel);
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancel));
            if (json.RootElement.TryGetProperty("errors", out var errors))
            {
                await Console.Error.WriteLineAsync($"apm: {errors[0].GetString()}");
                return 1;
            }
            foreach (var sentence in json.RootElement.GetProperty("sentences").EnumerateArray()) Console.WriteLine(sentence.GetString());
            return json.RootElement.GetProperty("stored_spans").GetInt64() > 0 ? 0 : 2;
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException or TaskCanceledException or UriFormatException)
        {
            await Console.Error.WriteLineAsync($"apm: no Apm answers at {url} ({problem.Message}). Start it with ./apm up, or give its address with --url.");
            return 1;
        }
    }
}
