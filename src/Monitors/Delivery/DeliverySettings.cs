using System.Net;

namespace Apm.Monitors.Delivery;

/// <summary>How and where notices are delivered.</summary>
public sealed record DeliverySettings
{
    /// <summary>Start of the addresses in notices; "" for this machine's own page.</summary>
    public string SiteUrl { get; init; } = "";

    public SmtpSettings Smtp { get; init; } = new();

    /// <summary>Webhooks by the name behind <c>@webhook-</c>.</summary>
    public IReadOnlyDictionary<string, WebhookTarget> Webhooks { get; init; } = new Dictionary<string, WebhookTarget>();

    /// <summary>Slack's incoming webhooks by the name behind <c>@slack-</c>.</summary>
    public IReadOnlyDictionary<string, WebhookTarget> SlackChannels { get; init; } = new Dictionary<string, WebhookTarget>();

    /// <summary>Networks that webhooks never reach, whatever a name leads to.</summary>
    public IReadOnlyList<IPNetwork> ForbiddenNetworks { get; init; } = AddressRules.DefaultForbidden;

    /// <summary>How long mails are tried; then they are given up.</summary>
    public TimeSpan MailPatience { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Attempts of one webhook; default 5. Then it is given up, counted in <c>deliveries_failed{webhook}</c>.</summary>
    public int MaxWebhookAttempts { get; init; } = 5;

    /// <summary>How long a webhook may take to answer.</summary>
    public TimeSpan WebhookTimeout { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>The mail server that takes our mails.</summary>
public sealed record SmtpSettings
{
    /// <summary>Its name; "" for none: mails are then kept in the outbox.</summary>
    public string Host { get; init; } = "";

    public int Port { get; init; } = 587;

    /// <summary>"" to give no name.</summary>
    public string User { get; init; } = "";

    public string Password { get; init; } = "";

    /// <summary>The sender's address, also as <c>Name &lt;address&gt;</c>.</summary>
    public string From { get; init; } = "Apm <apm@localhost>";

    /// <summary><c>auto</c> (what the server offers; at once on port 465), <c>starttls</c> (needed), <c>tls</c> (at once) or <c>none</c>.</summary>
    public string Tls { get; init; } = "auto";

    /// <summary>How long each step of sending may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Where a webhook goes, and what it sends.</summary>
/// <param name="Url">http or https.</param>
public sealed record WebhookTarget(Uri Url)
{
    /// <summary>The template of what is sent, with words such as <c>$EVENT_TITLE</c>; "" for the usual one.</summary>
    public string Body { get; init; } = "";

    /// <summary>Sent besides.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}
