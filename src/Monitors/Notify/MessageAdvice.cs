using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Delivery;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Notify;

/// <summary>What the messages of a monitor, those whom they mention, and its name will not do, in sentences: nothing of it is refused. Pure.</summary>
public static class MessageAdvice
{
    /// <param name="others">To look whether one has the same name.</param>
    /// <param name="settings">Where notices can be delivered; null when that is not known.</param>
    public static IReadOnlyList<string> Of(MonitorRule rule, IReadOnlyList<MonitorRule> others, DeliverySettings? settings)
    {
        var vocabulary = TemplateVocabulary.Of(rule);
        var advice = new List<string>();
        if (others.Where(other => other.Id != rule.Id && rule.Name.Length > 0 && other.Name == rule.Name).ToList() is { Count: > 0 } namesakes)
            advice.Add($"{(namesakes.Count == 1 ? $"Monitor {Text(namesakes[0].Id)} has" : $"Monitors {string.Join(", ", namesakes.Take(5).Select(other => Text(other.Id)))} have")} the same name: nobody can tell their notices apart, and apm apply cannot find one by its name.");
        advice.AddRange(MessageTemplate.Parse(rule.Message, vocabulary).Warnings.Select(warning => $"Message, line {warning.At.Line}, column {warning.At.Column}: {warning.Sentence}"));
        advice.AddRange(MessageTemplate.Parse(rule.Options.EscalationMessage, vocabulary).Warnings.Select(warning => $"Message of repeats, line {warning.At.Line}, column {warning.At.Column}: {warning.Sentence}"));
        advice.AddRange(RecipientAdvice.Of(Mentioned(rule), settings));
        return advice;
    }

    /// <summary>All who are told in some state.</summary>
    static List<Mention> Mentioned(MonitorRule rule) =>
        [.. Mentions.Of(RenderedMessage.Plain(rule.Message + "\n" + rule.Options.EscalationMessage)).Where(mention => !mention.Handle.Contains("{{", StringComparison.Ordinal))];

    static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
