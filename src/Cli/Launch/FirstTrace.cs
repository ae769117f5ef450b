using System.Globalization;
using System.Text.Json;

namespace Apm.Cli.Launch;

/// <summary>Waits for the first trace of the launched app, to give its link.</summary>
public static class FirstTrace
{
    static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    /// <summary>Asks the read API until there is one, or until cancelled; null then.</summary>
    /// <param name="ui">The screens' address.</param>
    /// <param name="service">The service to look for.</param>
    /// <param name="since">Only traces that started after this.</param>
    public static async Task<string?> Wait(Uri ui, string service, DateTimeOffset since, HttpClient http, TimeProvider clock, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Between, clock);
        try
        {
            do
            {
                if (await Look(ui, service, since, http, clock, cancel) is { } link) return link;
            }
            while (await timer.WaitForNextTickAsync(cancel));
        }
        catch (OperationCanceledException)
        {
            // The app has ended: its exit code must not wait for a link.
        }
        return null;
    }

    static async Task<string?> Look(Uri ui, string service, DateTimeOffset since, HttpClient http, TimeProvider clock, CancellationToken cancel)
    {
        try
        {
            var start = since.ToUnixTimeMilliseconds() * 1_000;
            var end = clock.GetUtcNow().AddMinutes(1).ToUnixTimeMilliseconds() * 1_000;
            var query = string.Create(CultureInfo.InvariantCulture, $"/jaeger/api/traces?service={Uri.EscapeDataString(service)}&start={start}&end={end}&limit=1");
            using var answer = await http.GetAsync(new Uri(ui, query), cancel);
            if (!answer.IsSuccessStatusCode) return null;
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancel));
            var traces = body.RootElement.GetProperty("data");
            return traces.GetArrayLength() > 0 ? new Uri(ui, $"/traces/{traces[0].GetProperty("traceID").GetString()}").ToString() : null;
        }
        catch (Exception problem) when (problem is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            return null; // Whatever goes wrong with the link, the app and its exit code come first; the next look asks again.
        }
    }
}
