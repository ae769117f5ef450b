using System.Net;
using Apm.Cli.Settings;

namespace Apm.Cli.Tests.Settings;

/// <summary>Mail server, webhooks and Slack of an <c>apm.yaml</c>.</summary>
public class NotificationSettingsTests
{
    static SettingsResult Read(string text) => SettingsReader.Read(new Dictionary<string, string>(), _ => null, ("apm.yaml", text));

    [Fact]
    public void Everything_that_is_needed_to_tell_somebody()
    {
        var result = Read("""
            smtp:
              host: mail.example.com
              port: 465
              user: apm
              password: very-secret-word
              from: Apm <apm@example.com>
              tls: tls
            notifications:
              site_url: https://apm.example.com/
              webhooks:
                ops: https://example.com/hook/secret-token
                tickets:
                  url: http://tickets/new
                  headers: {Authorization: Bearer secret-token}
                  body: '{"t":"$EVENT_TITLE"}'
              slack:
                alerts: https://hooks.slack.com/services/secret-token
              forbidden_networks: [10.0.0.0/8, "fe80::/10"]
            """);

        Assert.Empty(result.Issues);
        var delivery = result.Settings.Delivery;
        Assert.Equal(("mail.example.com", 465, "apm", "very-secret-word", "Apm <apm@example.com>", "tls"), (delivery.Smtp.Host, delivery.Smtp.Port, delivery.Smtp.User, delivery.Smtp.Password, delivery.Smtp.From, delivery.Smtp.Tls));
        Assert.Equal("https://apm.example.com", delivery.SiteUrl);
        Assert.Equal(["ops", "tickets"], delivery.Webhooks.Keys);
        Assert.Equal(("http://tickets/new", "{\"t\":\"$EVENT_TITLE\"}", "Bearer secret-token"), (delivery.Webhooks["tickets"].Url.ToString(), delivery.Webhooks["tickets"].Body, delivery.Webhooks["tickets"].Headers["Authorization"]));
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("fe80::/10")], delivery.ForbiddenNetworks);
        var printed = string.Join('\n', result.Effective.Select(effective => $"{effective.Setting.Name}: {effective.Setting.Print(result.Settings)}"));
        Assert.DoesNotContain("secret-token", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", printed, StringComparison.Ordinal);
        Assert.Contains("notifications.webhooks: ops, tickets", printed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smtp:\n  from: nobody\n", "\"nobody\" is no sender. Write an address such as Apm <apm@example.com>.")]
    [InlineData("smtp:\n  tls: ssl3\n", "one of auto, starttls, tls, none")]
    [InlineData("notifications:\n  site_url: apm.example.com\n", "\"apm.example.com\" is no address of a page. Write one such as https://apm.example.com.")]
    [InlineData("notifications:\n  webhooks:\n    ops: ftp://secret-token@example.com\n", "The address of notifications.webhooks.ops does not begin with http:// or https://, or is none.")]
    [InlineData("notifications:\n  slack:\n    ops:\n      uri: x\n", "notifications.slack.ops has no address. Write ops: https://example.com/hook, or below it url, body and headers.")]
    [InlineData("notifications:\n  webhooks:\n    ops:\n      url: http://x\n      method: GET\n", "notifications.webhooks.ops has a key \"method\"; there are url, body and headers.")]
    [InlineData("notifications:\n  forbidden_networks: [everything]\n", "\"everything\" is no network. Write its first address and how many bits count, such as 10.0.0.0/8 or fe80::/10.")]
    public void What_cannot_be_used_says_why_without_a_secret(string text, string sentence)
    {
        var error = Assert.Single(Read(text).Errors);

        Assert.Contains(sentence, error.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-token", error.Sentence, StringComparison.Ordinal);
    }
}
