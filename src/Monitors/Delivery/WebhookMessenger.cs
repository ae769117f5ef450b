using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Apm.Monitors.Delivery;

/// <summary>Posts to webhooks and to Slack's incoming ones. Follows no redirect, uses no proxy, and connects only where it may.</summary>
public sealed class WebhookMessenger : IMessenger
{
    readonly DeliverySettings _settings;
    readonly HttpClient _http;

    public WebhookMessenger(DeliverySettings settings)
    {
        _settings = settings;
        var rules = new AddressRules(settings.ForbiddenNetworks);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // It could lead anywhere.
            UseProxy = false, // It would connect in our place, unasked.
            UseCookies = false,
            MaxResponseHeadersLength = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = (context, cancel) => rules.Connect(context.DnsEndPoint, cancel),
        })
        { Timeout = settings.WebhookTimeout };
    }

    public IReadOnlyList<DeliveryChannel> Channels { get; } = [DeliveryChannel.Webhook, DeliveryChannel.Slack];

    public string? WhyHeld => null;

    public bool GivesUp(Delivery delivery, DateTimeOffset now) => delivery.AttemptCount >= _settings.MaxWebhookAttempts;

    public async Task<Attempt> Send(Delivery delivery, CancellationToken cancel)
    {
        var isSlack = delivery.Channel == DeliveryChannel.Slack;
        var targets = isSlack ? _settings.SlackChannels : _settings.Webhooks;
        if (Find(targets, delivery.Target) is not { } target)
            return new Attempt(AttemptResult.Refused, $"There is no {(isSlack ? "Slack channel" : "webhook")} \"{delivery.Target}\" in the settings. {(targets.Count == 0 ? "" : $"There are: {string.Join(", ", targets.Keys)}. ")}Add it under notifications.{(isSlack ? "slack" : "webhooks")} in apm.yaml (docs/notifications.md).");
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, target.Url) { Content = new StringContent(isSlack ? SlackText.BodyOf(delivery) : WebhookText.BodyOf(delivery, target.Body), Encoding.UTF8, new MediaTypeHeaderValue("application/json", "utf-8")) };
            request.Headers.TryAddWithoutValidation("User-Agent", "Apm");
            request.Headers.TryAddWithoutValidation("Idempotency-Key", delivery.Id); // The same in each attempt.
            foreach (var (name, value) in target.Headers) request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return Judge(answer.StatusCode, target.Url.Host);
        }
        catch (HttpRequestException failed) when (failed.InnerException is ForbiddenAddressException forbidden)
        {
            return new Attempt(AttemptResult.Refused, forbidden.Message);
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or SocketException || (failed is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return new Attempt(AttemptResult.TryAgain, failed is OperationCanceledException ? $"{target.Url.Host} did not answer within {_settings.WebhookTimeout.TotalSeconds:0} s." : $"{target.Url.Host} cannot be reached: {failed.Message}");
        }
    }

    public Task Rest(CancellationToken cancel) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>2xx is done; 5xx, 429 and 408 may be better later; everything else is as it is.</summary>
    static Attempt Judge(HttpStatusCode status, string host) => (int)status switch
    {
        >= 200 and < 300 => Attempt.Sent,
        >= 500 or 429 or 408 => new Attempt(AttemptResult.TryAgain, $"{host} answered {(int)status}."),
        >= 300 and < 400 => new Attempt(AttemptResult.Refused, $"{host} answered {(int)status}, a redirect; webhooks follow none. Write the address that it leads to into the settings."),
        _ => new Attempt(AttemptResult.Refused, $"{host} answered {(int)status}."),
    };

    static WebhookTarget? Find(IReadOnlyDictionary<string, WebhookTarget> targets, string name) => targets.FirstOrDefault(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}
