using System.CommandLine;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Apm.Cli.Definitions;

/// <summary>Datadog's API of a running Apm, for commands. One call after the other.</summary>
sealed class ApiAccess : IDisposable
{
    /// <summary>Good as long as no key was created.</summary>
    const string AnyKey = "any";

    public static readonly Option<string> Url = new("--url") { Description = "Address of the screens.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("APM_URL") ?? "http://localhost:8127" };
    public static readonly Option<string> ApiKey = new("--api-key") { Description = "An API key that is good; from DD_API_KEY when it is set.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("DD_API_KEY") is { Length: > 0 } key ? key : AnyKey };
    public static readonly Option<string> ApplicationKey = new("--app-key") { Description = "An application key that is good; from DD_APP_KEY when it is set.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("DD_APP_KEY") is { Length: > 0 } key ? key : AnyKey };

    readonly HttpClient _http;

    public ApiAccess(Uri url, string apiKey, string applicationKey)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.TryAddWithoutValidation("DD-API-KEY", apiKey);
        _http.DefaultRequestHeaders.TryAddWithoutValidation("DD-APPLICATION-KEY", applicationKey);
    }

    /// <summary>Does something with the Apm that the options name, and says why that cannot be when it cannot.</summary>
    /// <returns>The exit code: 2 when nobody answers, or the keys are not good.</returns>
    public static async Task<int> Use(ParseResult arguments, Func<ApiAccess, Task<int>> work)
    {
        var url = arguments.GetValue(Url)!;
        try
        {
            using var api = new ApiAccess(new Uri(url), arguments.GetValue(ApiKey)!, arguments.GetValue(ApplicationKey)!);
            return await work(api);
        }
        catch (ApiRefusedException refused)
        {
            await Console.Error.WriteLineAsync($"apm: {refused.Message}");
            return 2;
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException or TaskCanceledException or UriFormatException)
        {
            await Console.Error.WriteLineAsync($"apm: no Apm answers at {url} ({problem.Message}). Start it with ./apm up, or give its address with --url.");
            return 2;
        }
    }

    /// <returns>Null when there is no body.</returns>
    /// <exception cref="ApiRefusedException">The call was refused; the message is the answer's.</exception>
    public async Task<JsonNode?> Call(HttpMethod method, string path, JsonNode? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request, cancel);
        var text = await answer.Content.ReadAsStringAsync(cancel);
        if (answer.IsSuccessStatusCode) return text.Length == 0 ? null : JsonNode.Parse(text);
        if (answer.StatusCode == HttpStatusCode.Forbidden) throw new ApiRefusedException("The keys are not good. Give one of each with --api-key and --app-key, or in DD_API_KEY and DD_APP_KEY. If all are lost, stop Apm and run \"apm keys reset\".");
        throw new ApiRefusedException(SentencesOf(text) is { Length: > 0 } said ? said : $"{method} {path} was answered {(int)answer.StatusCode}.");
    }

    static string SentencesOf(string text)
    {
        try
        {
            return JsonNode.Parse(text)?["errors"] is JsonArray errors ? string.Join(' ', errors.Select(error => error is JsonObject detailed ? detailed["detail"]?.ToString() : error?.ToString()).Select(said => said is null or "" ? "" : char.IsPunctuation(said[^1]) ? said : said + ".")) : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}

/// <summary>The API refused a call; the message is what it said.</summary>
sealed class ApiRefusedException(string message) : Exception(message);
