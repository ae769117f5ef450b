using Apm.Core.Monitors;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Tests.Messages;

public class NoticeTextTests
{
    static readonly AlertLinks Links = new("http://localhost:8127");

    static NoticeText Notice(AlertTransition transition) => new(transition, Links, _ => null);

    [Theory]
    [InlineData(MonitorState.Alert, MonitorState.Ok, "*", null, "[Triggered] My metric high", "[Monitor Alert] Triggered: My metric high")]
    [InlineData(MonitorState.Alert, MonitorState.Ok, "host:box-1", null, "[Triggered on {host:box-1}] My metric high", "[Monitor Alert] Triggered on {host:box-1}: My metric high")]
    [InlineData(MonitorState.Warn, MonitorState.Ok, "*", null, "[Warn] My metric high", "[Monitor Alert] Warn: My metric high")]
    [InlineData(MonitorState.NoData, MonitorState.Ok, "*", null, "[No Data] My metric high", "[Monitor Alert] No data: My metric high")]
    [InlineData(MonitorState.Ok, MonitorState.Alert, "*", null, "[Recovered] My metric high", "[Monitor Alert] Recovered: My metric high")]
    [InlineData(MonitorState.Alert, MonitorState.Alert, "*", AlertKind.Repeated, "[Re-Triggered] My metric high", "[Monitor Alert] Re-Triggered: My metric high")]
    public void Titles_and_subjects(MonitorState to, MonitorState from, string group, AlertKind? kind, string title, string subject)
    {
        var notice = Notice(SomeAlert.To(to, from, 900, group: group, kind: kind));

        Assert.Equal(title, notice.Title);
        Assert.Equal(subject, notice.Subject);
    }

    [Fact]
    public void A_priority_stands_first_and_a_test_says_so()
    {
        var rule = SomeAlert.Rule() with { Priority = 2, Creator = "kim@example.com" };

        Assert.Equal("[P2] [Triggered] [TEST] My metric high", Notice(SomeAlert.To(MonitorState.Alert, rule: rule) with { IsTest = true }).Title);
        Assert.Contains("This is a test of the monitor, made by kim@example.com; nothing happened.", Notice(SomeAlert.To(MonitorState.Alert, rule: rule) with { IsTest = true }).Facts());
        Assert.StartsWith("[P1] ", Notice(SomeAlert.To(MonitorState.Alert, rule: rule with { Message = "{{override_priority 'P1'}}x" })).Title, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("avg(last_5m):avg:my_metric{*} > 800", MonitorState.Alert, "*", "**my_metric** over ***** was **> 800.0** on average during the **last 5m**.")]
    [InlineData("avg(last_5m):avg:my_metric{*} > 800", MonitorState.Warn, "*", "**my_metric** over ***** was **> 500.0** on average during the **last 5m**.")]
    [InlineData("max(last_15m):avg:my_metric{env:prod} by {host} > 800", MonitorState.Alert, "host:box-1", "**my_metric** over **env:prod,host:box-1** was **> 800.0** at least once during the **last 15m**.")]
    [InlineData("min(last_5m):avg:my_metric{*} > 800", MonitorState.Alert, "*", "**my_metric** over ***** was **> 800.0** at all times during the **last 5m**.")]
    [InlineData("avg(last_5m):avg:my_metric{*} > 800", MonitorState.NoData, "*", "**my_metric** over ***** has had **no data** during the **last 10m**.")]
    [InlineData("sum(last_5m):sum:a{*} / sum:b{*} >= 800", MonitorState.Alert, "*", "`sum:a{*} / sum:b{*}` was **>= 800.0** in total during the **last 5m**.")]
    [InlineData("\"http.can_connect\".over(\"env:prod\").by(\"host\").last(2).count_by_status()", MonitorState.Alert, "host:a", "The check **http.can_connect** on **host:a** is **Alert**.")]
    [InlineData("1 && 2", MonitorState.Alert, "*", "`1 && 2` is **Alert** at **3.0**.")]
    public void The_sentence_says_what_was_compared(string query, MonitorState to, string group, string expected) =>
        Assert.Equal(expected, AlertSentence.Of(SomeAlert.To(to, value: 3, group: group, rule: SomeAlert.Rule(query: query))));

    [Theory]
    [InlineData("avg(last_1m):avg:rec3.m{*} > 800", MonitorState.Alert, null, null, 433.0, "**rec3.m** over ***** was **<= 800.0** on average during the **last 1m**.")]
    [InlineData("avg(last_1m):avg:m{*} >= 800", MonitorState.Alert, 700.0, null, 433.0, "**m** over ***** was **< 700.0** on average during the **last 1m**.")]
    [InlineData("max(last_1m):avg:m{*} > 800", MonitorState.Warn, 700.0, null, 433.0, "**m** over ***** was **<= 500.0** at all times during the **last 1m**.")]
    [InlineData("min(last_1m):avg:m{*} > 800", MonitorState.Warn, null, 450.0, 433.0, "**m** over ***** was **<= 450.0** at least once during the **last 1m**.")]
    [InlineData("avg(last_1m):avg:m{*} < 800", MonitorState.Alert, null, null, 900.0, "**m** over ***** was **>= 800.0** on average during the **last 1m**.")]
    [InlineData("avg(last_1m):avg:m{*} <= 800", MonitorState.Alert, null, null, 900.0, "**m** over ***** was **> 800.0** on average during the **last 1m**.")]
    [InlineData("avg(last_1m):avg:m{*} == 800", MonitorState.NoData, null, null, 900.0, "**m** over ***** was **!= 800.0** on average during the **last 1m**.")]
    [InlineData("avg(last_4h):anomalies(avg:m{*}, 'basic', 2) >= 800", MonitorState.Alert, 0.0, null, 0.0, "`anomalies(avg:m{*}, 'basic', 2)` was **<= 0.0** on average during the **last 4h**.")]
    [InlineData("avg(last_1m):avg:m{*} > 800", MonitorState.Alert, null, null, null, "**m** over ***** has had **no data**, and is taken as recovered.")]
    public void A_recovery_says_the_opposite_with_the_threshold_at_which_it_recovered(string query, MonitorState from, double? criticalRecovery, double? warningRecovery, double? value, string expected)
    {
        var thresholds = new MonitorThresholds { Critical = 800, Warning = 500, CriticalRecovery = criticalRecovery, WarningRecovery = warningRecovery };
        var rule = SomeAlert.Rule(query: query) with { Options = new MonitorOptions { Thresholds = thresholds } };

        Assert.Equal(expected, AlertSentence.Of(SomeAlert.To(MonitorState.Ok, from, value, rule) with { Threshold = TellingRule.ThresholdOf(from, MonitorState.Ok, thresholds) }));
    }

    [Theory]
    [InlineData(MonitorState.Alert, 750.0, "**m** over ***** was **> 700.0** on average during the **last 1m**.")]
    [InlineData(MonitorState.Warn, 470.0, "**m** over ***** was **> 450.0** on average during the **last 1m**.")]
    [InlineData(MonitorState.Warn, 600.0, "**m** over ***** was **> 500.0** on average during the **last 1m**.")]
    public void A_state_that_lasts_until_its_recovery_threshold_is_told_with_that(MonitorState state, double value, string expected)
    {
        var rule = SomeAlert.Rule(query: "avg(last_1m):avg:m{*} > 800") with { Options = new MonitorOptions { Thresholds = new MonitorThresholds { Critical = 800, Warning = 500, CriticalRecovery = 700, WarningRecovery = 450 } } };

        Assert.Equal(expected, AlertSentence.Of(SomeAlert.To(state, MonitorState.Alert, value, rule)));
    }

    [Fact]
    public void A_mail_in_plain_text_has_message_sentence_times_and_links()
    {
        var mail = MailText.Of(Notice(SomeAlert.To(MonitorState.Alert, value: 901.5, group: "host:box-1")));

        Assert.Equal("""
            [Triggered on {host:box-1}] My metric high

            @user@example.com HEY! YOU!! THERE'S A PROBLEM WITH box-1

            [picture: alarm] https://example.com/alarm.png
            ALErt! ALERTTT!
            Host: 
            Current metric value: 901.5

            my_metric over host:box-1 was > 800.0 on average during the last 5m.

            The monitor was last triggered at Tue Nov 14 2023 22:12:20 UTC.

            Monitor Status: http://localhost:8127/monitors/9001?group=host%3Abox-1&from_ts=1699998200000&to_ts=1700000060000
            Edit Monitor: http://localhost:8127/monitors/9001/edit
            View host: http://localhost:8127/hosts/box-1
            """, mail.Plain);
    }

    [Fact]
    public void A_no_data_mail_says_why()
    {
        var mail = MailText.Of(Notice(SomeAlert.To(MonitorState.NoData) with { MissingReason = "The agent on box-1 has sent nothing since 22:01." }));

        Assert.Contains("Why: The agent on box-1 has sent nothing since 22:01.", mail.Plain, StringComparison.Ordinal);
        Assert.Contains("The agent on box-1 has sent nothing since 22:01.", mail.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recovery_says_how_long_ago_it_triggered() =>
        Assert.Contains("The monitor was last triggered at Tue Nov 14 2023 22:12:20 UTC (**60 secs ago**).", Notice(SomeAlert.To(MonitorState.Ok, MonitorState.Alert, 3)).Facts());

    [Theory]
    [InlineData("show_all", true, true, true, true)]
    [InlineData("hide_query", false, true, true, true)]
    [InlineData("hide_handles", true, false, true, true)]
    [InlineData("hide_all", false, false, false, false)]
    [InlineData("hide_query_and_handles", false, false, true, true)]
    [InlineData("show_only_snapshot", false, false, false, true)]
    [InlineData("hide_handles_and_footer", true, false, false, true)]
    public void A_preset_hides_parts(string preset, bool hasQuery, bool hasHandles, bool hasFooter, bool hasPicture)
    {
        var mail = MailText.Of(Notice(SomeAlert.To(MonitorState.Alert, rule: SomeAlert.Rule() with { Options = SomeAlert.Rule().Options with { NotificationPreset = preset } })));

        Assert.Equal(hasQuery, mail.Plain.Contains("on average", StringComparison.Ordinal));
        Assert.Equal(hasHandles, mail.Plain.Contains("@user@example.com", StringComparison.Ordinal));
        Assert.Equal(hasFooter, mail.Plain.Contains("Monitor Status", StringComparison.Ordinal));
        Assert.Equal(hasPicture, mail.Html.Contains(MailPage.ChartMark, StringComparison.Ordinal));
    }

    [Fact]
    public void A_monitor_on_traces_leads_to_the_traces_of_the_window()
    {
        var rule = SomeAlert.Rule(query: "avg(last_5m):p95:trace.flask.request{service:web} by {resource_name} > 1");

        var link = Notice(SomeAlert.To(MonitorState.Alert, rule: rule, group: "resource_name:get /slow")).Links().Single(link => link.Words == "Traces of this time");

        Assert.Equal("http://localhost:8127/traces?q=operation%3Aflask.request%20service%3Aweb%20resource%3A%22get%20%2Fslow%22&from=1699999700000&to=1700000000000", link.Url);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("![x](data:text/html;base64,AAAA)")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("[x](  JaVaScRiPt:alert(1))")]
    [InlineData("[x](vbscript:y) <img src=x onerror=alert(1)>")]
    public void Nothing_in_a_message_runs(string markdown)
    {
        var html = MarkdownText.ToHtml(markdown);

        Assert.DoesNotMatch("(?i)<script|<img[^>]*onerror|(href|src)=\"\\s*(javascript|vbscript|data):", html);
    }

    [Theory]
    [InlineData("[a](javascript:alert(1)) and [b](file:///etc/passwd)", "a and b")]
    [InlineData("[a](  JaVaScRiPt:alert(1)) [b](<vbscript:x>) [c](java&#115;cript&colon;x) [d](//evil.example)", "a b c d")]
    [InlineData("![shot](data:image/png;base64,AA) ![](javascript:x)", "[picture: shot] [picture]")]
    [InlineData("[wiki](https://example.com/A_(b)) [mail](mailto:a@example.com \"Write\") [page](/monitors/1)", "wiki (https://example.com/A_(b)) mail (mailto:a@example.com) page (/monitors/1)")]
    [InlineData("![shot](https://example.com/p.png)", "[picture: shot] https://example.com/p.png")]
    public void Of_links_that_may_not_lead_anywhere_plain_text_has_the_words(string markdown, string plain) => Assert.Equal(plain, MarkdownText.ToPlain(markdown));

    [Fact]
    public void Values_mean_nothing_but_themselves()
    {
        var transition = SomeAlert.To(MonitorState.Alert) with { CheckMessage = "[pay](http://evil.example) *now*" };
        var message = MessageRenderer.Render(MessageTemplate.Parse("**{{check_message}}**"), new MessageValues(transition, _ => null));

        Assert.Equal("<p><strong>[pay](<a href=\"http://evil.example\">http://evil.example</a>) *now*</strong></p>", MarkdownText.ToHtml(message.ToMarkdown()).Trim());
    }

    [Fact]
    public void An_event_is_marked_as_Markdown_and_cut_to_its_limit()
    {
        var text = Notice(SomeAlert.To(MonitorState.Alert, value: 900, rule: SomeAlert.Rule(new string('x', 9_000)))).EventText(4_000);

        Assert.StartsWith("%%%\nxxx", text, StringComparison.Ordinal);
        Assert.EndsWith("…\n%%%", text, StringComparison.Ordinal);
        Assert.True(text.Length <= 4_000);
    }
}
