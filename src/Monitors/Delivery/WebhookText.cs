using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Delivery;

/// <summary>What a webhook sends: its template, with the words filled in (metrics-monitors §7.7).</summary>
public static partial class WebhookText
{
    /// <summary>The template of a target that has none of its own.</summary>
    public const string DefaultBody = """{"body":"$EVENT_MSG","last_updated":"$LAST_UPDATED","event_type":"$EVENT_TYPE","title":"$EVENT_TITLE","date":"$DATE","org":{"id":"$ORG_ID","name":"$ORG_NAME"},"id":"$ID"}""";

    /// <summary>Every word that a template may use.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "EVENT_TITLE", "EVENT_MSG", "TEXT_ONLY_MSG", "ALERT_TRANSITION", "ALERT_STATUS", "ALERT_TITLE", "ALERT_ID", "ALERT_SCOPE", "ALERT_METRIC", "ALERT_QUERY", "ALERT_PRIORITY", "ALERT_TYPE", "ALERT_CYCLE_KEY",
        "AGGREG_KEY", "ID", "DATE", "DATE_POSIX", "LAST_UPDATED", "LINK", "SNAPSHOT", "HOSTNAME", "TAGS", "EVENT_TYPE", "ORG_ID", "ORG_NAME", "PRIORITY", "USER", "USERNAME", "EMAIL",
    ];

    /// <summary>The body of a delivery. In JSON each value is escaped as a part of a text; a word that there is not stays as it is.</summary>
    /// <param name="template">"" for the usual one.</param>
    public static string BodyOf(Delivery delivery, string template)
    {
        var body = template.Length > 0 ? template : DefaultBody;
        var isJson = body.AsSpan().TrimStart() is ['{' or '[', ..];
        var words = WordsOf(delivery);
        return Word().Replace(body, match => !words.TryGetValue(match.Groups[1].Value, out var value) ? match.Value : isJson ? JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString() : value);
    }

    static Dictionary<string, string> WordsOf(Delivery delivery)
    {
        var words = new Dictionary<string, string>(delivery.Words);
        if (delivery.Bundle.Count + delivery.BundleLeftOutCount <= 1) return words;
        var several = MailText.OfSeveral(delivery.About, delivery.Kind, delivery.Url, delivery.Bundle, delivery.BundleLeftOutCount);
        (words["EVENT_TITLE"], words["EVENT_MSG"], words["TEXT_ONLY_MSG"], words["LINK"]) = ($"[{delivery.Kind}] {delivery.About} ({delivery.Bundle.Count + delivery.BundleLeftOutCount} groups)", several.Plain, several.Plain, delivery.Url);
        return words;
    }

    [GeneratedRegex(@"\$([A-Z][A-Z_]*[A-Z])")]
    private static partial Regex Word();
}
