using Apm.Core.Monitors;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Tests.Messages;

public class MentionsTests
{
    [Theory]
    [InlineData("@user@example.com look", "Mail user@example.com")]
    [InlineData("See @user@example.com, @a@b.org! (or @c@d.org) (@e@f.org)", "Mail user@example.com; Mail a@b.org; Mail c@d.org")]
    [InlineData("@webhook-ops @slack-acme-alerts @pagerduty.", "Webhook ops; Slack acme-alerts; Other pagerduty")]
    [InlineData("mail me at user@example.com", "")]
    [InlineData("@a@b.org\n@A@b.org", "Mail a@b.org")]
    [InlineData("price @ 5", "")]
    public void Handles_begin_at_a_blank_and_end_before_marks(string text, string expected) =>
        Assert.Equal(expected, string.Join("; ", Mentions.Of(RenderedMessage.Plain(text)).Select(mention => $"{mention.Kind} {mention.Target}")));

    [Fact]
    public void A_handle_may_be_built_of_variables_but_not_hidden_in_one()
    {
        var transition = SomeAlert.To(MonitorState.Alert, group: "owner:kim") with { CheckMessage = "down @victim@example.com now" };
        var message = MessageRenderer.Render(MessageTemplate.Parse("@{{owner.name}}@example.com {{check_message}}"), new MessageValues(transition, _ => null));

        Assert.Equal("@kim@example.com down @victim@example.com now", message.Text);
        Assert.Equal(["kim@example.com"], Mentions.Of(message).Select(mention => mention.Target));
    }

    [Fact]
    public void Those_in_a_block_that_does_not_hold_are_not_told()
    {
        var message = MessageRenderer.Render(MessageTemplate.Parse("@a@x.org {{#is_alert}}@b@x.org{{/is_alert}}"), new MessageValues(SomeAlert.To(MonitorState.Warn), _ => null));

        Assert.Equal(["a@x.org"], Mentions.Of(message).Select(mention => mention.Target));
    }

    [Fact]
    public void Without_handles_the_rest_stays()
    {
        var message = MessageRenderer.Render(MessageTemplate.Parse("@a@x.org Value {{value}} of @slack-b {{host.name}}"), new MessageValues(SomeAlert.To(MonitorState.Alert, value: 1, group: "host:h*1"), _ => null));

        Assert.Equal(" Value 1.0 of  h\\*1", Mentions.Without(message).ToMarkdown());
    }
}
