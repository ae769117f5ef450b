using System.Net;
using Apm.Cli.Host;
using Apm.Monitors.Delivery;
using Apm.TraceAgent.Configuration;
using MimeKit;

namespace Apm.Cli.Settings;

/// <summary>The settings of notices: mail server, webhooks, Slack (docs/notifications.md).</summary>
static class NotificationCatalogue
{
    static readonly string[] TlsWords = ["auto", "starttls", "tls", "none"];

    static readonly SettingKind Targets = new("a group of names, each with an http or https address, or with url, body and headers", "{ops: \"https://example.com/hook\"}", _ => null, value => string.Join(", ", ((Targeted)value).ByName.Keys));

    public static IEnumerable<Setting> All()
    {
        yield return Smtp("host", SettingKind.Text, s => s.Host, (s, v) => s with { Host = (string)v }, "Mail server that takes notices; without one they are kept in the outbox.");
        yield return Smtp("port", SettingKind.Count(1, 65_535), s => (long)s.Port, (s, v) => s with { Port = (int)(long)v }, "Its port: 587, 465 for TLS from the start, 25 between servers.");
        yield return Smtp("user", SettingKind.Text, s => s.User, (s, v) => s with { User = (string)v }, "Name to give to it; none when empty.");
        yield return Smtp("password", SettingKind.Text, s => s.Password, (s, v) => s with { Password = (string)v }, "Password of that name. It is only sent encrypted, or to this machine.") with { IsSecret = true };
        yield return Smtp("from", SettingKind.Text, s => s.From, (s, v) => s with { From = Address((string)v) }, "Sender of notices.");
        yield return Smtp("tls", SettingKind.OneOf(TlsWords), s => s.Tls, (s, v) => s with { Tls = (string)v }, "Encryption: what the server offers, needed after greeting, from the start, or none.");
        yield return Smtp("timeout", SettingKind.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)), s => s.Timeout, (s, v) => s with { Timeout = (TimeSpan)v }, "How long each step with the mail server may take.") with { Limits = ["SmtpSettings.Timeout"] };
        yield return Of("site_url", SettingKind.Text, d => d.SiteUrl, (d, v) => d with { SiteUrl = Site((string)v) }, "Start of links in notices, as others reach these pages; by default this machine's own.");
        yield return Of("webhooks", Targets, d => new Targeted(d.Webhooks), (d, v) => d with { Webhooks = ((Targeted)v).ByName }, "Webhooks by the name behind @webhook-. Addresses are never printed.") with { ReadNode = node => TargetsOf("webhooks", node) };
        yield return Of("slack", Targets, d => new Targeted(d.SlackChannels), (d, v) => d with { SlackChannels = ((Targeted)v).ByName }, "Slack's incoming webhooks by the name behind @slack-. Addresses are never printed.") with { ReadNode = node => TargetsOf("slack", node) };
        yield return Of("forbidden_networks", SettingKind.Texts with { Expected = "a list of networks such as 10.0.0.0/8", Example = "[\"169.254.0.0/16\", \"fe80::/10\"]" }, d => d.ForbiddenNetworks.Select(network => network.ToString()).ToList(), (d, v) => d with { ForbiddenNetworks = [.. ((List<string>)v).Select(Network)] }, "Networks that webhooks never reach, looked at when connecting.");
        yield return Of("max_webhook_attempts", SettingKind.Count(1, 100), d => (long)d.MaxWebhookAttempts, (d, v) => d with { MaxWebhookAttempts = (int)(long)v }, "Attempts of a webhook; then it is given up and shown so in the outbox.") with { Limits = ["DeliverySettings.MaxWebhookAttempts"] };
        yield return Of("webhook_timeout", SettingKind.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)), d => d.WebhookTimeout, (d, v) => d with { WebhookTimeout = (TimeSpan)v }, "How long a webhook may take to answer.") with { Limits = ["DeliverySettings.WebhookTimeout"] };
        yield return Of("mail_patience", SettingKind.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(30)), d => d.MailPatience, (d, v) => d with { MailPatience = (TimeSpan)v }, "How long a mail is tried; then it is given up and shown so in the outbox.") with { Limits = ["DeliverySettings.MailPatience"] };
    }

    static Setting Smtp(string name, SettingKind kind, Func<SmtpSettings, object> get, Func<SmtpSettings, object, SmtpSettings> set, string effect) =>
        new($"smtp.{name}", kind, s => get(s.Delivery.Smtp), (s, v) => s with { Delivery = s.Delivery with { Smtp = set(s.Delivery.Smtp, v) } }, effect);

    static Setting Of(string name, SettingKind kind, Func<DeliverySettings, object> get, Func<DeliverySettings, object, DeliverySettings> set, string effect) =>
        new($"notifications.{name}", kind, s => get(s.Delivery), (s, v) => s with { Delivery = set(s.Delivery, v) }, effect);

    static string Address(string text) => MailboxAddress.TryParse(text, out var sender) && sender.Address.Contains('@', StringComparison.Ordinal) ? text : throw new ArgumentException($"\"{text}\" is no sender. Write an address such as Apm <apm@example.com>.");

    static string Site(string text) => text.Length == 0 || IsWeb(text) ? text.TrimEnd('/') : throw new ArgumentException($"\"{text}\" is no address of a page. Write one such as https://apm.example.com.");

    static IPNetwork Network(string text) => IPNetwork.TryParse(text, out var network) ? network : throw new ArgumentException($"\"{text}\" is no network. Write its first address and how many bits count, such as 10.0.0.0/8 or fe80::/10.");

    static bool IsWeb(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";

    static Targeted? TargetsOf(string name, SettingsNode node) =>
        node is MapNode map ? new Targeted(map.Entries.ToDictionary(entry => entry.Key, entry => TargetOf($"notifications.{name}.{entry.Key}", entry.Value))) : node is ScalarNode { IsNull: true } ? new Targeted(new Dictionary<string, WebhookTarget>()) : null;

    /// <summary>Sentences here name the target and never its address, which may hold a secret.</summary>
    static WebhookTarget TargetOf(string name, SettingsNode node)
    {
        var url = (node as ScalarNode ?? (node as MapNode)?.Find("url") as ScalarNode)?.Text ?? throw new ArgumentException($"{name} has no address. Write {name.Split('.')[^1]}: https://example.com/hook, or below it url, body and headers.");
        if (!IsWeb(url)) throw new ArgumentException($"The address of {name} does not begin with http:// or https://, or is none.");
        if (node is not MapNode map) return new WebhookTarget(new Uri(url));
        if (map.Entries.FirstOrDefault(entry => entry.Key is not ("url" or "body" or "headers")) is { } unknown) throw new ArgumentException($"{name} has a key \"{unknown.Key}\"; there are url, body and headers.");
        return new WebhookTarget(new Uri(url))
        {
            Body = (map.Find("body") as ScalarNode)?.Text ?? "",
            Headers = (map.Find("headers") as MapNode)?.Entries.ToDictionary(entry => entry.Key, entry => (entry.Value as ScalarNode)?.Text ?? "") ?? [],
        };
    }

    /// <summary>Targets as the value of one setting.</summary>
    sealed record Targeted(IReadOnlyDictionary<string, WebhookTarget> ByName);
}
