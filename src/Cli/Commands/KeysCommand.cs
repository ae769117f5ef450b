using System.CommandLine;
using System.Text;
using System.Text.Json;
using Apm.Core.Counting;
using Apm.Core.Keys;
using Apm.Core.Ports;
using Apm.Storage;
using Apm.Storage.Files;
using Apm.Storage.LiteDb;

namespace Apm.Cli.Commands;

/// <summary><c>apm keys</c>: lists, creates and revokes the keys of Datadog's API, by that API (docs/metrics-api.md). Exit code 1 when it could not.</summary>
static class KeysCommand
{
    /// <summary>Good as long as no key was created.</summary>
    const string AnyKey = "any";

    static readonly Option<string> Url = new("--url") { Description = "Address of the screens.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("APM_URL") ?? "http://localhost:8127" };
    static readonly Option<string> ApiKeyOption = new("--api-key") { Description = "An API key that is good; from DD_API_KEY when it is set.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("DD_API_KEY") is { Length: > 0 } key ? key : AnyKey };
    static readonly Option<string> ApplicationKeyOption = new("--app-key") { Description = "An application key that is good; from DD_APP_KEY when it is set.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("DD_APP_KEY") is { Length: > 0 } key ? key : AnyKey };

    public static Command Make() => new("keys", "List, create and revoke API keys. Until one is created any key is good.") { MakeList(), MakeCreate(), MakeRevoke(), MakeReset() };

    static Command MakeList()
    {
        var command = new Command("list", "Print all keys, masked.") { Url, ApiKeyOption, ApplicationKeyOption };
        command.SetAction((arguments, cancel) => Talk(arguments, async (http, stop) =>
        {
            foreach (var kind in Enum.GetValues<KeyKind>())
            {
                using var json = await Answer(http, HttpMethod.Get, PathOf(kind), null, stop);
                foreach (var key in json!.RootElement.GetProperty("data").EnumerateArray())
                {
                    var attributes = key.GetProperty("attributes");
                    Console.WriteLine($"{WordOf(kind),-11}  {key.GetProperty("id").GetString()}  {attributes.GetProperty("masked").GetString(),-40}  {attributes.GetProperty("created_at").GetString()?[..10]}  {attributes.GetProperty("name").GetString()}");
                }
            }
        }, cancel));
        return command;
    }

    static Command MakeCreate()
    {
        var kind = KindArgument();
        var name = new Argument<string>("name") { Description = "Who uses it." };
        var command = new Command("create", "Create a key and print it, this once.") { kind, name, Url, ApiKeyOption, ApplicationKeyOption };
        command.SetAction((arguments, cancel) => Talk(arguments, async (http, stop) =>
        {
            var of = KindOf(arguments.GetValue(kind)!);
            var type = of == KeyKind.Api ? "api_keys" : "application_keys";
            using var json = await Answer(http, HttpMethod.Post, PathOf(of), JsonSerializer.Serialize(new { data = new { type, attributes = new { name = arguments.GetValue(name) } } }), stop);
            Console.WriteLine(json!.RootElement.GetProperty("data").GetProperty("attributes").GetProperty("key").GetString());
            await Console.Error.WriteLineAsync("Keep it: it is stored hashed and cannot be shown again.");
        }, cancel));
        return command;
    }

    static Command MakeRevoke()
    {
        var kind = KindArgument();
        var id = new Argument<string>("id") { Description = "As apm keys list prints it." };
        var command = new Command("revoke", "Revoke a key; the last of its kind cannot be.") { kind, id, Url, ApiKeyOption, ApplicationKeyOption };
        command.SetAction((arguments, cancel) => Talk(arguments, async (http, stop) =>
        {
            using var json = await Answer(http, HttpMethod.Delete, $"{PathOf(KindOf(arguments.GetValue(kind)!))}/{Uri.EscapeDataString(arguments.GetValue(id)!)}", null, stop);
            Console.WriteLine("Revoked.");
        }, cancel));
        return command;
    }

    /// <summary>For whoever has lost all keys: works on the data folder itself, which a running Apm holds.</summary>
    static Command MakeReset()
    {
        var data = new Option<string>("--data") { Description = "The data folder; Apm must not be running.", DefaultValueFactory = _ => "data" };
        var command = new Command("reset", "Remove all keys, so that any is good again. Apm must not be running.") { data };
        command.SetAction(arguments =>
        {
            try
            {
                using var folder = DataFolder.Open(arguments.GetValue(data)!);
                using var documents = new LiteDbDocumentStore(folder.StatePath, new LiteDatabaseSettings(), DiskFiles.Instance, TimeProvider.System, new Counters());
                Console.WriteLine($"{new ApiKeys(documents, TimeProvider.System).Reset()} keys removed. Any key is good until one is created.");
                return 0;
            }
            catch (StoreUnavailableException problem)
            {
                Console.Error.WriteLine($"apm: {problem.Message}");
                return 1;
            }
        });
        return command;
    }

    static Argument<string> KindArgument()
    {
        var kind = new Argument<string>("kind") { Description = "api (for sending) or app (with an API key, for reading and managing)." };
        kind.AcceptOnlyFromAmong("api", "app");
        return kind;
    }

    static KeyKind KindOf(string word) => word == "api" ? KeyKind.Api : KeyKind.Application;

    static string WordOf(KeyKind kind) => kind == KeyKind.Api ? "api" : "app";

    static string PathOf(KeyKind kind) => kind == KeyKind.Api ? "/api/v2/api_keys" : "/api/v2/application_keys";

    static async Task<int> Talk(ParseResult arguments, Func<HttpClient, CancellationToken, Task> talk, CancellationToken cancel)
    {
        var url = arguments.GetValue(Url)!;
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(30) };
            http.DefaultRequestHeaders.TryAddWithoutValidation("DD-API-KEY", arguments.GetValue(ApiKeyOption));
            http.DefaultRequestHeaders.TryAddWithoutValidation("DD-APPLICATION-KEY", arguments.GetValue(ApplicationKeyOption));
            await talk(http, cancel);
            return 0;
        }
        catch (KeysRefusedException refused)
        {
            await Console.Error.WriteLineAsync($"apm: {refused.Message}");
            return 1;
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException or TaskCanceledException or UriFormatException)
        {
            await Console.Error.WriteLineAsync($"apm: no Apm answers at {url} ({problem.Message}). Start it with ./apm up, or give its address with --url.");
            return 1;
        }
    }

    /// <returns>Null when there is no body.</returns>
    static async Task<JsonDocument?> Answer(HttpClient http, HttpMethod method, string path, string? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request, cancel);
        var text = await answer.Content.ReadAsStringAsync(cancel);
        if (answer.IsSuccessStatusCode) return text.Length == 0 ? null : JsonDocument.Parse(text);
        if (answer.StatusCode == System.Net.HttpStatusCode.Forbidden)
            throw new KeysRefusedException("The keys are not good. Give one of each with --api-key and --app-key, or in DD_API_KEY and DD_APP_KEY. If all are lost, stop Apm and run \"apm keys reset\".");
        using var errors = JsonDocument.Parse(text);
        throw new KeysRefusedException(errors.RootElement.GetProperty("errors")[0].GetString()!);
    }

    sealed class KeysRefusedException(string message) : Exception(message);
}
