using Apm.ApmUi.Pages.Board;
using Apm.ApmUi.Shared;
using Apm.Core.Dashboards;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The form of one widget keeps what it has no field for; the Markdown of notes loads and runs nothing.</summary>
public class WidgetFormTests
{
    [Theory]
    [InlineData("""{"type":"timeseries","title":"T","requests":[{"q":"avg:m{*}","style":{"palette":"cool"}}],"yaxis":{"max":"5"},"unheard_of":1}""")]
    [InlineData("""{"type":"timeseries","title":"T","requests":[{"queries":[{"data_source":"metrics","name":"a","query":"avg:m{*}"}],"formulas":[{"formula":"a * 2","alias":"twice"}]}]}""")]
    [InlineData("""{"type":"query_value","title":"T","requests":[{"q":"avg:m{*}","aggregator":"last","conditional_formats":[]}],"precision":2}""")]
    [InlineData("""{"type":"hostmap","title":"T","requests":{"fill":{"q":"avg:m{*} by {host}"}},"style":{"palette":"green_to_orange"}}""")]
    [InlineData("""{"type":"scatterplot","title":"T","requests":{"x":{"q":"avg:m{*} by {host}","aggregator":"avg"},"y":{"q":"avg:n{*} by {host}","aggregator":"avg"}}}""")]
    [InlineData("""{"type":"check_status","title":"T","check":"c","grouping":"cluster","tags":["a:b"]}""")]
    [InlineData("""{"type":"slo","title":"T","slo_id":"abc","view_type":"detail","time_windows":["7d"]}""")]
    [InlineData("""{"type":"slo","title":"T","slo_id":"abc","view_mode":"component"}""")]
    [InlineData("""{"type":"slo_list","title":"T","requests":[{"request_type":"slo_list","query":{"query_string":"team:a","limit":5}}]}""")]
    [InlineData("""{"type":"note","title":"T","content":"x","background_color":"pink"}""")]
    public void A_widget_that_was_not_changed_stays_as_it_is(string definition) =>
        Assert.Equal(definition, WidgetForm.Of(new Widget(1, definition)).Definition(definition));

    [Fact]
    public void Only_what_was_changed_is_written_anew()
    {
        const string Before = """{"type":"timeseries","title":"T","requests":[{"q":"avg:m{*}"}],"yaxis":{"max":"5"}}""";
        var form = WidgetForm.Of(new Widget(1, Before));

        Assert.Equal("""{"type":"timeseries","title":"U","requests":[{"q":"avg:m{*}"}],"yaxis":{"max":"5"}}""", (form with { Title = "U" }).Definition(Before));
        Assert.Equal("""{"type":"timeseries","title":"T","requests":[{"q":"avg:m{*}","display_type":"bars"}],"yaxis":{"max":"5"}}""", (form with { Draw = "bars" }).Definition(Before));
        Assert.Equal(
            """{"type":"timeseries","title":"T","requests":[{"response_format":"timeseries","queries":[{"data_source":"metrics","name":"a","query":"avg:m{*}"},{"data_source":"metrics","name":"b","query":"avg:n{*}"}],"formulas":[{"formula":"a / b"}]}],"yaxis":{"max":"5"}}""",
            (form with { Query = ["avg:m{*}", "avg:n{*}"], Formula = "a / b" }).Definition(Before));
    }

    [Fact]
    public void The_mode_of_an_objective_is_written_when_it_is_chosen()
    {
        const string Before = """{"type":"slo","title":"T","slo_id":"abc","view_mode":"both"}""";

        Assert.Equal(Before.Replace("both", "overall", StringComparison.Ordinal), (WidgetForm.Of(new Widget(1, Before)) with { Mode = "overall" }).Definition(Before));
        Assert.Equal("""{"type":"slo","title":"","slo_id":"abc","view_type":"detail","view_mode":"component"}""", new WidgetForm { Type = "slo", Objective = "abc", Mode = "component" }.Definition(null));
    }

    [Theory]
    [InlineData("component", "component")]
    [InlineData("", "overall")]
    [InlineData("<script>", "overall")]
    public void A_mode_that_there_is_not_is_the_whole(string sent, string mode) => Assert.Equal(mode, WidgetForm.ModeOf(sent));

    [Theory]
    [InlineData("**bold** <b onclick=x>", "<p><strong>bold</strong> &lt;b onclick=x&gt;</p>\n")]
    [InlineData("[a](javascript:alert(1))", "<p>a</p>\n")]
    [InlineData("[a](JaVaScRiPt:x) [b](/metrics) [c](//evil.example)", "<p>a <a href=\"/metrics\">b</a> c</p>\n")]
    [InlineData("[see **the** `log`](vbscript:x), ![shot](data:image/png;base64,AA)", "<p>see <strong>the</strong> <code>log</code>, shot</p>\n")]
    [InlineData("[![shot](javascript:x)](https://example.com/) [r]\n\n[r]: javascript:x", "<p><a href=\"https://example.com/\">shot</a> r</p>\n")]
    [InlineData("![p](https://example.com/p.png)", "<p><a href=\"https://example.com/p.png\">p</a></p>\n")]
    [InlineData("# Runbook\n\n## Then", "<h3>Runbook</h3>\n<h4>Then</h4>\n")]
    [InlineData("<javascript:alert(1)>", "<p>javascript:alert(1)</p>\n")]
    public void Markdown_of_a_note_runs_and_loads_nothing(string markdown, string html) => Assert.Equal(html, MarkdownHtml.Of(markdown).Value);
}
