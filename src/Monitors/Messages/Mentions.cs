using System.Text.RegularExpressions;

namespace Apm.Monitors.Messages;

/// <summary>Where a mention leads.</summary>
public enum MentionKind
{
    /// <summary>An address: <c>@user@example.com</c>.</summary>
    Mail,

    /// <summary><c>@webhook-NAME</c>.</summary>
    Webhook,

    /// <summary><c>@slack-NAME</c>.</summary>
    Slack,

    /// <summary>Something that we do not reach, such as <c>@pagerduty</c> or a team.</summary>
    Other,
}

/// <summary>A handle in a message.</summary>
/// <param name="Handle">Without the first <c>@</c>.</param>
/// <param name="Target">The address, or the name behind <c>webhook-</c> and <c>slack-</c>.</param>
public sealed record Mention(MentionKind Kind, string Handle, string Target);

/// <summary>The handles in a text (metrics-monitors §7.4).</summary>
public static partial class Mentions
{
    /// <summary>Most handles of one message that are told. Further ones are not, counted in <c>mentions_over_limit</c>.</summary>
    public const int MaxMentions = 50;

    /// <summary>
    /// All of a message, each once. The first <c>@</c> must be the message's own: a check's output or an attribute that holds an
    /// address cannot have mails sent to it.
    /// </summary>
    public static IReadOnlyList<Mention> Of(RenderedMessage message) =>
        [.. Handles().Matches(message.Text).Where(match => !message.IsFromVariable(match.Index)).Select(match => Read(match.Groups[1].Value)).DistinctBy(mention => mention.Handle, StringComparer.OrdinalIgnoreCase)];

    /// <summary>The text without its handles, and without what they leave empty.</summary>
    public static RenderedMessage Without(RenderedMessage message)
    {
        // Values move; without handles only what is shown counts, so they are kept as plain text around them.
        var cut = new List<(int Start, int Length)>();
        foreach (Match match in Handles().Matches(message.Text)) if (!message.IsFromVariable(match.Index)) cut.Add((match.Index, match.Groups[1].Index + match.Groups[1].Length - match.Index));
        if (cut.Count == 0) return message;
        var text = new System.Text.StringBuilder();
        var values = new List<(int Start, int Length)>();
        var at = 0;
        foreach (var (start, length) in cut.Append((message.Text.Length, 0)))
        {
            foreach (var value in message.Values.Where(value => value.Start >= at && value.Start + value.Length <= start)) values.Add((text.Length + value.Start - at, value.Length));
            text.Append(message.Text, at, start - at);
            at = start + length;
        }
        return message with { Text = text.ToString(), Values = values };
    }

    static Mention Read(string handle)
    {
        if (handle.Contains('@', StringComparison.Ordinal)) return new Mention(MentionKind.Mail, handle, handle);
        if (handle.StartsWith("webhook-", StringComparison.OrdinalIgnoreCase)) return new Mention(MentionKind.Webhook, handle, handle["webhook-".Length..]);
        return handle.StartsWith("slack-", StringComparison.OrdinalIgnoreCase) ? new Mention(MentionKind.Slack, handle, handle["slack-".Length..]) : new Mention(MentionKind.Other, handle, handle);
    }

    /// <summary>From a blank or the start to the next blank, without marks that end a sentence.</summary>
    [GeneratedRegex(@"(?<!\S)@([A-Za-z0-9_][^\s]*?)(?=[.,!?;):]*(?:\s|$))")]
    private static partial Regex Handles();
}
