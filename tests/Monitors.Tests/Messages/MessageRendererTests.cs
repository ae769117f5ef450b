using Apm.Core.Hosts;
using Apm.Core.Monitors;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Tests.Messages;

public class MessageRendererTests
{
    static readonly HostInfo Box = new()
    {
        Name = "box-1",
        TagsBySource = new Dictionary<string, IReadOnlyList<string>> { ["users"] = ["team:a", "env:prod"] },
        Facts = new HostFacts { AgentVersion = "7.1", Platform = "Linux", Gohai = """{"network":{"ipaddress":"10.0.0.7"}}""" },
    };

    static string Lines(string template, AlertTransition transition) =>
        string.Join(" / ", MessageRenderer.Render(MessageTemplate.Parse(template), new MessageValues(transition, name => name == "box-1" ? Box : null)).Text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0));

    [Fact]
    public void The_walkthroughs_message_says_what_belongs_to_each_state()
    {
        const string head = "@user@example.com HEY! YOU!! THERE'S A PROBLEM WITH ";

        Assert.Equal(head + " / Keep it cool, this is just a warning / Current metric value: 520.0", Lines(SomeAlert.WalkthroughMessage, SomeAlert.To(MonitorState.Warn, value: 520)));
        Assert.Equal(head + " / ![alarm](https://example.com/alarm.png) / ALErt! ALERTTT! / Host:  / Current metric value: 901.5", Lines(SomeAlert.WalkthroughMessage, SomeAlert.To(MonitorState.Alert, value: 901.5)));
        Assert.Equal(head + " / Nothing has happened in the past 10 minutes. / Current metric value: ", Lines(SomeAlert.WalkthroughMessage, SomeAlert.To(MonitorState.NoData)));
        Assert.Equal(head, Lines(SomeAlert.WalkthroughMessage, SomeAlert.To(MonitorState.Ok, MonitorState.Alert, 300)));
        Assert.StartsWith(head + "box-1", Lines(SomeAlert.WalkthroughMessage, SomeAlert.To(MonitorState.Alert, value: 901.5, group: "host:box-1")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{#is_alert}}A{{else}}B{{/is_alert}}", MonitorState.Warn, "B")]
    [InlineData("{{^is_alert}}X{{/is_alert}}", MonitorState.Ok, "X")]
    [InlineData("{{^is_alert}}X{{else}}Y{{/is_alert}}", MonitorState.Alert, "Y")]
    [InlineData("{{#is_match \"host.name\" \"db\" \"web\"}}Y{{/is_match}}", MonitorState.Alert, "Y")]
    [InlineData("{{#is_exact_match \"host.name\" \"web\"}}Y{{/is_exact_match}}", MonitorState.Alert, "")]
    [InlineData("{{#is_exact_match \"host.name\" \"web-1\"}}Y{{/is_exact_match}}", MonitorState.Alert, "Y")]
    [InlineData("{{#is_exact_match \"value\" \"5\"}}Y{{/is_exact_match}}", MonitorState.Alert, "Y")]
    [InlineData("{{#is_match \"env.name\" \"\"}}none{{/is_match}}", MonitorState.Alert, "none")]
    [InlineData("{{^is_match \"host.name\" \"\"}}there{{/is_match}}", MonitorState.Alert, "there")]
    [InlineData("{{nosuch}}!", MonitorState.Alert, "!")]
    [InlineData("{{ value }} {{{value}}}", MonitorState.Alert, "5.0 5.0")]
    [InlineData("a{{!-- {{value}} --}}b{{! c }}d", MonitorState.Alert, "abd")]
    [InlineData("{{{{raw}}}}{{value}}{{{{/raw}}}}", MonitorState.Alert, "{{value}}")]
    [InlineData("{{threshold}} {{warn_threshold}} {{comparator}}", MonitorState.Alert, "800.0 500.0 >")]
    [InlineData("{{triggered_duration_sec}} {{first_triggered_at}} {{last_triggered_at_epoch}}", MonitorState.Alert, "120 Tue Nov 14 2023 22:11:20 UTC 1699999940000")]
    [InlineData("{{local_time 'last_triggered_at' 'Asia/Tokyo'}}", MonitorState.Alert, "2023-11-15 07:12:20+09:00")]
    [InlineData("{{eval \"value * 2 + (threshold - 800) ^ 2\"}} {{eval 'round(7 / 2)'}} {{eval \"humanize_bytes(value * 1024)\"}} {{eval \"nosuch + 1\"}}.", MonitorState.Alert, "10.0 4.0 5 KiB .")]
    [InlineData("{{#is_alert}}{{#is_renotify}}R{{/is_renotify}}{{/is_alert}}", MonitorState.Alert, "")]
    [InlineData("{{#is_alert_to_warning}}down{{/is_alert_to_warning}}{{#is_warning_recovery}}x{{/is_warning_recovery}}", MonitorState.Warn, "")]
    [InlineData("{{#is_priority 'P2'}}two{{/is_priority}}{{override_priority 'P2'}}{{#is_priority 'P2'}}two{{/is_priority}}", MonitorState.Alert, "two")]
    public void Blocks_and_variables(string template, MonitorState to, string expected) => Assert.Equal(expected, Lines(template, SomeAlert.To(to, value: 5, group: "host:web-1")));

    [Fact]
    public void A_repeat_says_so_and_uses_the_escalation_message()
    {
        var rule = SomeAlert.Rule("first") with { Options = new MonitorOptions { EscalationMessage = "again {{#is_renotify}}R{{/is_renotify}}" } };

        Assert.Equal("again R", MessageRenderer.Render(new MessageValues(SomeAlert.To(MonitorState.Alert, MonitorState.Alert, 900, rule, kind: AlertKind.Repeated), _ => null)).Text);
        Assert.Equal("first", MessageRenderer.Render(new MessageValues(SomeAlert.To(MonitorState.Alert, value: 900, rule: rule), _ => null)).Text);
    }

    [Fact]
    public void A_group_by_host_knows_the_hosts_tags_and_machine()
    {
        Assert.Equal("box-1 10.0.0.7 a prod Linux 7.1", Lines("{{host.name}} {{host.ip}} {{host.team}} {{host.env}} {{host.metadata_platform}} {{host.metadata_agent_version}}", SomeAlert.To(MonitorState.Alert, group: "host:box-1")));
        Assert.Equal("web x", Lines("{{service.name}} {{[dot.key].name}}", SomeAlert.To(MonitorState.Alert, group: "service:web,dot.key:x")));
    }

    [Fact]
    public void Parts_of_a_composite_and_samples_have_their_names()
    {
        var transition = SomeAlert.To(MonitorState.Alert) with
        {
            Parts = new Dictionary<string, CompositePart> { ["a"] = new(1, "CPU", MonitorState.Alert, 97), ["b"] = new(2, "Disk", MonitorState.NoData, null) },
            Sample = new Dictionary<string, string> { ["span.service"] = "web" },
            CheckMessage = "refused",
        };

        Assert.Equal("97.0 Alert CPU  No Data web refused", Lines("{{a.value}} {{a.status}} {{a.name}} {{b.value}} {{b.status}} {{span.service}} {{check_message}}", transition));
    }

    [Theory]
    [InlineData(512.333333, "512.333")]
    [InlineData(800.0, "800.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(1234567.0, "1234567.0")]
    [InlineData(-3.0, "-3.0")]
    public void Numbers_have_six_digits_and_a_decimal(double value, string expected) => Assert.Equal(expected, ValueText.Of(value));
}
