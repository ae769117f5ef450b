using System.Text.Json;
using Apm.Core.Dashboards;

namespace Apm.Core.Tests.Dashboards;

/// <summary>What definitions of widgets mean, and what is said of what nothing is done with.</summary>
public class WidgetReaderTests
{
    static string Requests(string definition) => string.Join(" | ", WidgetReader.Read(definition).Requests.Select(request => $"{request.Draw} {request.Query}"));

    static string Notes(string definition) => string.Join("\n", WidgetReader.Read(definition).Notes.Select(note => $"{(note.IsChanged ? "changed" : "ignored")} {note.Path}: {note.Sentence}"));

    [Fact]
    public void Old_and_new_requests_come_to_the_same()
    {
        Assert.Equal("area avg:m{*}", Requests("""{"type":"timeseries","requests":[{"q":"avg:m{*}","display_type":"area"}]}"""));
        Assert.Equal("bars avg:m{*}", Requests("""{"type":"timeseries","requests":[{"q":"avg:m{*}","type":"bars"}]}"""));
        Assert.Equal("line avg:m{*}", Requests("""{"type":"timeseries","requests":[{"queries":[{"data_source":"metrics","name":"query1","query":"avg:m{*}"}],"formulas":[{"formula":"query1"}]}]}"""));
        Assert.Equal("line (sum:errors{*}) / (sum:hits{*}) * 100", Requests("""{"type":"timeseries","requests":[{"queries":[{"data_source":"metrics","name":"a","query":"sum:errors{*}"},{"data_source":"metrics","name":"b","query":"sum:hits{*}"}],"formulas":[{"formula":"a / b * 100"}]}]}"""));
        Assert.Equal("line anomalies((avg:m{*}), 'basic', 2)", Requests("""{"type":"timeseries","requests":[{"queries":[{"data_source":"metrics","name":"query1","query":"avg:m{*}"}],"formulas":[{"formula":"anomalies(query1, 'basic', 2)"}]}]}"""));
    }

    [Fact]
    public void A_formulas_limit_keeps_so_many_series_or_rows()
    {
        const string Limited = """{"type":"TYPE","requests":[{"queries":[{"data_source":"metrics","name":"query1","query":"avg:m{*} by {host}","aggregator":"max"}],"formulas":[{"formula":"query1 * 2","limit":{"count":2,"order":"asc"}}]}]}""";
        static string Rows(string definition) => string.Join(" | ", WidgetReader.Read(definition).Requests.Select(request => $"{request.Query} {request.Limit} {(request.IsAscending ? "up" : "down")}"));

        foreach (var type in new[] { "timeseries", "query_value", "heatmap" })
            Assert.Equal("line top((avg:m{*} by {host}) * 2, 2, 'max', 'asc')", Requests(Limited.Replace("TYPE", type, StringComparison.Ordinal)));
        foreach (var type in new[] { "toplist", "query_table" })
            Assert.Equal("(avg:m{*} by {host}) * 2 2 up", Rows(Limited.Replace("TYPE", type, StringComparison.Ordinal)));
        Assert.Equal("line top(avg:m{*}, 5, 'mean', 'desc')", Requests("""{"type":"timeseries","requests":[{"queries":[{"name":"a","query":"avg:m{*}"}],"formulas":[{"formula":"a","limit":{"count":5}}]}]}"""));
        Assert.Equal("avg:m{*} 7 up", Rows("""{"type":"query_table","requests":[{"q":"avg:m{*}","limit":7,"order":"asc"}]}"""));
        Assert.Equal("avg:m{*}  down | avg:n{*} 3 up", Rows("""{"type":"toplist","requests":[{"queries":[{"name":"a","query":"avg:m{*}"},{"name":"b","query":"avg:n{*}"}],"formulas":[{"formula":"a"},{"formula":"b"}],"sort":{"count":3,"order_by":[{"type":"formula","index":1,"order":"asc"}]}}]}"""));
        Assert.Equal("", Notes(Limited.Replace("TYPE", "timeseries", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_needs_another_product_is_said_and_not_drawn()
    {
        const string Logs = """{"type":"timeseries","requests":[{"queries":[{"data_source":"logs","name":"query1","search":{"query":"x"}}],"formulas":[{"formula":"query1"}]},{"log_query":{"index":"main"}}],"time":{"live_span":"1h"},"yaxis":{"scale":"log"}}""";

        Assert.Equal("", Requests(Logs));
        Assert.Equal("""
            changed yaxis.scale: The axis is linear.
            ignored requests[0].queries[0].data_source: Only metric queries are drawn, so nothing is drawn that needs "query1".
            ignored requests[1].log_query: Only metric queries are drawn.
            ignored time: It has no time of its own: the board's time holds.
            ignored requests[0].queries[0].search: Nothing is done with it.
            """, Notes(Logs));
        Assert.Equal("""ignored type: Widgets of type "sankey" are not drawn; a placeholder stands for it.""", Notes("""{"type":"sankey"}"""));
        Assert.Equal("ignored : The definition is no JSON.", Notes("{"));
    }

    [Fact]
    public void Host_maps_scatter_plots_checks_and_objectives_are_read_in_their_forms()
    {
        Assert.Equal("line avg:m{*} by {host}", Requests("""{"type":"hostmap","requests":{"fill":{"q":"avg:m{*} by {host}"}},"style":{"palette":"x"},"node_type":"host"}"""));
        Assert.Equal("line avg:m{*} by {host}", Requests("""{"type":"hostmap","requests":{"request_type":"infrastructure_hostmap","node_type":"host","enrichments":[{"response_format":"scalar","queries":[{"data_source":"metrics","name":"a","query":"avg:m{*} by {host}"}],"formulas":[{"formula":"a","dimension":"fill"}]}]}}"""));
        Assert.Equal("changed requests.size: All hexagons are of one size.", Notes("""{"type":"hostmap","requests":{"fill":{"q":"avg:m{*} by {host}"},"size":{"q":"avg:n{*} by {host}"}}}""").Split('\n')[0]);
        Assert.Equal("line avg:x{*} | line avg:y{*}", Requests("""{"type":"scatterplot","requests":{"x":{"q":"avg:x{*}"},"y":{"q":"avg:y{*}"}}}"""));
        Assert.Equal("line avg:x{*} | line avg:y{*}", Requests("""{"type":"scatterplot","requests":{"table":{"response_format":"scalar","queries":[{"data_source":"metrics","name":"a","query":"avg:y{*}"},{"data_source":"metrics","name":"b","query":"avg:x{*}"}],"formulas":[{"formula":"a","dimension":"y"},{"formula":"b","dimension":"x"}]}}}"""));
        Assert.Equal("", Notes("""{"type":"distribution","requests":[{"q":"avg:m{*}","request_type":"histogram"}],"xaxis":{"scale":"linear"},"yaxis":{"include_zero":true}}"""));
        var check = WidgetReader.Read("""{"type":"check_status","check":"mysql.can_connect","grouping":"cluster","group_by":["host"],"tags":["*","env:prod"]}""");
        Assert.Equal((WidgetKind.CheckStatus, "mysql.can_connect", "env:prod", 0), (check.Kind, check.Subject, string.Join(',', check.Tags), check.Notes.Count));
        var objective = WidgetReader.Read("""{"type":"slo","slo_id":"abc","view_type":"detail","view_mode":"overall","show_error_budget":false,"time_windows":["7d","90d"]}""");
        Assert.Equal((WidgetKind.Objectives, "abc", "7,90", false, 0), (objective.Kind, objective.Subject, string.Join(',', objective.WindowDays), objective.HasBudget, objective.Notes.Count));
        Assert.Equal("""
            changed view_mode: "each" is not known, so the objective is shown as a whole. There are: overall, component, both.
            ignored time_windows: A window "previous_week" is left out: the last 7, 30 and 90 days are shown.
            """, Notes("""{"type":"slo","slo_id":"abc","view_mode":"each","time_windows":["previous_week","7d"]}"""));
        foreach (var (mode, whole, parts) in new[] { ("overall", true, false), ("component", false, true), ("both", true, true) })
            Assert.Equal((whole, parts, 0), WidgetReader.Read($$"""{"type":"slo","slo_id":"abc","view_mode":"{{mode}}"}""") is var shown ? (shown.HasWhole, shown.HasParts, shown.Notes.Count) : default);
        var list = WidgetReader.Read("""{"type":"slo_list","requests":[{"request_type":"slo_list","query":{"query_string":"team:shop","limit":5,"sort":[{"column":"status.sli","order":"asc"}]}}]}""");
        Assert.Equal(("team:shop", 5, true, 0), (list.Search, list.Limit, list.HasBudget, list.Notes.Count));
    }

    [Fact]
    public void The_board_of_the_dogs_is_drawn_as_it_is_written()
    {
        var board = DashboardJson.Read(File.ReadAllText(Path.Combine(TestKit.Fixtures.RepoRoot, "samples", "dog-collar", "board.json")));
        Assert.Equal([], ImportReport.Of(board).Where(line => line.Outcome != ImportOutcome.Taken));
        Assert.Equal(10, board.Widgets.Count);
    }

    [Theory]
    [InlineData("y = 800", "error dashed", "800–800 error dashed")]
    [InlineData("500 < y < 800", "warning solid", "500–800 warn")]
    [InlineData("y > 800", "ok bold", "800– ok")]
    [InlineData("y <= 2.5e3", "info", "–2500 accent")]
    [InlineData("max: 800 min: 500", "error", "500–800 error")]
    public void Markers_are_lines_and_bands(string value, string style, string drawn)
    {
        var marker = Assert.Single(WidgetReader.Read($$"""{"type":"timeseries","requests":[],"markers":[{"value":"{{value}}","display_type":"{{style}}"}]}""").Markers);
        Assert.Equal(drawn, FormattableString.Invariant($"{marker.From}–{marker.To} {marker.Tone}{(marker.IsDashed ? " dashed" : "")}"));
    }

    [Fact]
    public void A_marker_that_cannot_be_drawn_says_how_to_write_it() =>
        Assert.Equal("""ignored markers[0].value: "at noon" is not a marker that can be drawn. Write y = 800, y > 800 or 500 < y < 800.""", Notes("""{"type":"timeseries","requests":[],"markers":[{"value":"at noon"}]}"""));

    [Fact]
    public void Aliases_formats_and_events_of_old_and_new_boards()
    {
        var old = WidgetReader.Read("""{"type":"query_value","events":["deploy",{"q":"tags:env:prod"}],"requests":[{"q":"avg:m{*}","aggregator":"last","metadata":{"avg:m{*}":{"alias":"M"}},"conditional_formats":[{"comparator":">","value":"800","palette":"white_on_red"},{"comparator":"<=","value":800,"palette":"white_on_green"}]}],"precision":2,"custom_unit":"req"}""");

        Assert.Equal(["deploy", "tags:env:prod"], old.EventQueries);
        var request = Assert.Single(old.Requests);
        Assert.Equal(("last", "M"), (request.Aggregator, request.Aliases["avg:m{*}"]));
        Assert.Equal("error", request.Formats.First(format => format.Holds(801)).Tone);
        Assert.Equal("ok", request.Formats.First(format => format.Holds(800)).Tone);
        Assert.Equal((2, "req"), (old.Precision, old.CustomUnit));
        Assert.Empty(old.Notes);
        Assert.Equal("M", Assert.Single(WidgetReader.Read("""{"type":"timeseries","requests":[{"q":"avg:m{*}","metadata":[{"expression":"avg:m{*}","alias_name":"M"}]}]}""").Requests).Aliases["avg:m{*}"]);
    }

    [Fact]
    public void A_report_says_line_by_line_what_was_taken_changed_and_ignored()
    {
        using var json = JsonDocument.Parse("""{"title":"T","layout_type":"ordered","notify_list":["a@b"],"template_variables":[{"name":"host1","prefix":"host","default":"*"}],"widgets":[{"definition":{"type":"timeseries","title":"Load","requests":[{"q":"avg:m{*}"}]}},{"definition":{"type":"geomap","title":"World"}},{"definition":{"type":"group","title":"G","layout_type":"ordered","widgets":[{"definition":{"type":"note","content":"x"}}]}}]}""");

        var lines = ImportReport.Of(DashboardJson.Read(json.RootElement));

        Assert.Equal("""
            Taken title T
            Taken template_variables[0] $host1 No query of the board uses it, so choosing a value changes nothing.
            Ignored notify_list notify_list Kept and given back; nothing is done with it.
            Taken widgets[0] timeseries “Load”
            Ignored widgets[1] geomap “World” Widgets of type "geomap" are not drawn; a placeholder stands for it.
            Taken widgets[2] group “G”
            Taken widgets[2].widgets[0] note
            """, string.Join("\n", lines.Select(line => $"{line.Outcome} {line.Place} {line.What} {line.Sentence}".TrimEnd())));
    }
}
