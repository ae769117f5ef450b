using Apm.Monitors.Delivery;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Notify;

/// <summary>What is wrong with those whom a message mentions, in sentences. Pure.</summary>
public static class RecipientAdvice
{
    /// <param name="settings">Where notices can be delivered; null when that is not known.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<Mention> mentions, DeliverySettings? settings)
    {
        var advice = new List<string>();
        if (mentions.Count == 0) advice.Add("Nobody is mentioned, so nobody is told; what happens is written to the stream of events only.");
        if (mentions.Count > Mentions.MaxMentions) advice.Add($"{mentions.Count} are mentioned; the first {Mentions.MaxMentions} are told.");
        foreach (var mention in mentions)
        {
            if (Why(mention, settings) is { } why) advice.Add(why);
        }
        if (settings is { Smtp.Host: "" } && mentions.Any(mention => mention.Kind == MentionKind.Mail)) advice.Add("There is no mail server in the settings (smtp.host): mails are kept in the outbox.");
        return advice;
    }

    static string? Why(Mention mention, DeliverySettings? settings) => mention.Kind switch
    {
        MentionKind.Other => $"@{mention.Handle} cannot be told: there are addresses (@user@example.com), @webhook-NAME and @slack-NAME.",
        MentionKind.Mail when !IsAddress(mention.Target) => $"@{mention.Handle} is no address that mail reaches, such as @user@example.com.",
        MentionKind.Webhook when settings?.Webhooks.ContainsKey(mention.Target) == false => $"@{mention.Handle} cannot be told: {Known("webhook", "webhooks", settings.Webhooks.Keys)}",
        MentionKind.Slack when settings?.SlackChannels.ContainsKey(mention.Target) == false => $"@{mention.Handle} cannot be told: {Known("slack", "slack", settings.SlackChannels.Keys)}",
        _ => null,
    };

    static string Known(string kind, string section, IEnumerable<string> names)
    {
        var all = names.Order(StringComparer.Ordinal).ToList();
        return all.Count == 0 ? $"the settings name none (notifications.{section})." : $"there are {string.Join(", ", all.Select(name => $"@{kind}-{name}"))}.";
    }

    static bool IsAddress(string text) => System.Net.Mail.MailAddress.TryCreate(text, out var address) && address.Address == text && !address.Host.EndsWith('.');
}
