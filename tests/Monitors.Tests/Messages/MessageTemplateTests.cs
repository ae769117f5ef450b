using Apm.Core.Monitors;
using Apm.Monitors.Messages;
using CsCheck;

namespace Apm.Monitors.Tests.Messages;

public class MessageTemplateTests
{
    static readonly TemplateVocabulary ByHost = TemplateVocabulary.Of(SomeAlert.Rule(query: "avg(last_5m):avg:m{*} by {host} > 1"));

    static string Complaints(string template) => string.Join(" | ", MessageTemplate.Parse(template, ByHost).Warnings.Select(warning => $"{warning.At.Line}:{warning.At.Column}+{warning.At.Length} {warning.Sentence}"));

    [Theory]
    [InlineData("a\n {{vlaue}}", "2:2+9 There is no variable {{vlaue}} here; nothing is put in its place. Did you mean {{value}}?")]
    [InlineData("{{service.name}}", "1:1+16 There is no variable {{service.name}} here; nothing is put in its place. The query would have to group by {service}.")]
    [InlineData("{{#is_alert}}A", "1:1+13 The block {{#is_alert}} is not closed; it is taken to end with the message. Write {{/is_alert}} where it ends.")]
    [InlineData("A{{/is_alert}}", "1:2+13 {{/is_alert}} closes a block that is not open; it is left out.")]
    [InlineData("{{#is_alert}}{{#is_renotify}}x{{/is_alert}}{{/is_renotify}}", "1:31+13 {{/is_alert}} stands where {{/is_renotify}} is expected: the block {{#is_renotify}} of line 1 is inside and must end first. | 1:44+16 {{/is_renotify}} closes a block that is not open; it is left out.")]
    [InlineData("{{else}}", "1:1+8 {{else}} stands in no block; it is left out.")]
    [InlineData("{{#is_alert}}1{{else}}2{{else}}3{{/is_alert}}", "1:24+8 The block {{#is_alert}} of line 1 has an {{else}} already; this one is left out.")]
    [InlineData("{{#is_alrt}}x{{/is_alrt}}", "1:1+12 There is no block {{#is_alrt}}. Did you mean {{#is_alert}}?")]
    [InlineData("{{value", "1:1+2 \"{{\" is not closed, so it is text. Write }} behind the variable.")]
    [InlineData("{{#is_match \"host.name\"}}x{{/is_match}}", "1:1+25 {{#is_match}} needs a variable and a text, such as {{#is_match \"host.name\" \"web\"}}.")]
    [InlineData("{{local_time 'last_triggered_at' 'Asia/Tokio'}}", "1:1+47 There is no time zone \"Asia/Tokio\"; UTC is shown. Zones are named as Asia/Tokyo.")]
    [InlineData("{{eval \"value +\"}}", "1:1+18 \"value +\" cannot be worked out: it ends where a number or a variable is expected.")]
    [InlineData("{{override_priority 'P9'}}", "1:1+26 override_priority needs one of 'P1' to 'P5'.")]
    [InlineData("{{host.name}} {{host.team}} {{#is_alert}}{{value}}{{else}}x{{/is_alert}}", "")]
    public void What_is_wrong_has_its_place_and_its_cure(string template, string expected) => Assert.Equal(expected, Complaints(template));

    [Fact]
    public void What_is_nested_wrongly_is_rendered_all_the_same()
    {
        var text = MessageRenderer.Render(MessageTemplate.Parse("1{{#is_alert}}2{{#is_warning}}3{{/is_alert}}4{{/is_warning}}5{{#is_alert}}6"), new MessageValues(SomeAlert.To(MonitorState.Alert), _ => null)).Text;

        Assert.Equal("12456", text);
    }

    [Fact]
    public void The_variables_depend_on_the_monitor()
    {
        Assert.Equal(["host", "env"], TemplateVocabulary.GroupKeys("avg(last_5m):avg:m{a:b} by {host,env} > 1"));
        Assert.Equal(["service"], TemplateVocabulary.GroupKeys("trace-analytics(\"env:prod\").rollup(\"count\").by(\"service\").last(\"5m\") > 100"));
        Assert.True(TemplateVocabulary.Of(SomeAlert.Rule() with { Type = "composite" }).Knows("a.value"));
        Assert.False(TemplateVocabulary.Of(SomeAlert.Rule()).Knows("check_message"));
    }

    [Fact]
    public void No_text_makes_reading_or_rendering_fail()
    {
        string[] pieces = ["{{", "}}", "{{{", "}}}", "{{{{", "{{#is_alert}}", "{{/is_alert}}", "{{else}}", "{{^is_match \"a", "\" 'b", "{{eval \"", "value", "(", ")^-", "{{!--", "--}}", "\n", "x", "[", "{{local_time", " ", "/", "#"];
        var values = new MessageValues(SomeAlert.To(MonitorState.Alert, value: 3), _ => null);
        Gen.Int[0, pieces.Length - 1].Array[0, 30].Select(parts => string.Concat(parts.Select(part => pieces[part]))).Sample(
            text =>
            {
                var template = MessageTemplate.Parse(text, ByHost);
                Assert.All(template.Warnings, warning => Assert.InRange(warning.At.Start, 0, text.Length));
                Assert.NotNull(MessageRenderer.Render(template, values).ToMarkdown());
            }, iter: 20_000);
    }
}
