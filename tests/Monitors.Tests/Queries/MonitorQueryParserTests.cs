using Apm.Monitors.Queries;

namespace Apm.Monitors.Tests.Queries;

public class MonitorQueryParserTests
{
    [Theory]
    [InlineData(MonitorTypes.Metric, "avg(last_5m):avg:my_metric{*} > 800")]
    [InlineData(MonitorTypes.Metric, "max(last_10m):sum:errs{env:prod} by {host} >= 1")]
    [InlineData(MonitorTypes.Metric, "min(last_15m):avg:disk.free{*} < 10")]
    [InlineData(MonitorTypes.Metric, "sum(last_1h):sum:errs{*}.as_count() > 100")]
    [InlineData(MonitorTypes.Metric, "avg(last_1h,1d_ago):avg:m{*} != -3.5")]
    [InlineData(MonitorTypes.Query, "change(avg(last_5m),last_30m):avg:m{*} > 50")]
    [InlineData(MonitorTypes.Query, "pct_change(avg(last_5m),1h_ago):avg:m{*} > 20")]
    [InlineData(MonitorTypes.Query, "avg(last_4h):anomalies(avg:mysql.net.connections{*}, 'basic', 2, direction='both', alert_window='last_15m', interval=60, count_default_zero='true') >= 1")]
    [InlineData(MonitorTypes.Query, "avg(last_10m):sum:trace.flask.request.errors{service:web}.as_rate() / sum:trace.flask.request.hits{service:web}.as_rate() > 0.05")]
    [InlineData(MonitorTypes.Query, "percentile(last_10m):p95:trace.flask.request{service:web} > 0.5")]
    [InlineData(MonitorTypes.Query, "avg(last_30m):outliers(avg:system.cpu.user{role:db} by {host}, 'dbscan', 7) > 0")]
    [InlineData(MonitorTypes.Query, "max(next_1w):forecast(avg:system.disk.in_use{*} by {host}, 'linear', 1, interval='60m') >= 0.9")]
    [InlineData(MonitorTypes.Query, "avg(current_1d):avg:m{*} > 1")]
    [InlineData(MonitorTypes.ServiceCheck, "\"mysql.can_connect\".over(\"*\").by(\"host\",\"port\",\"server\").last(4).count_by_status()")]
    [InlineData(MonitorTypes.ServiceCheck, "\"datadog.agent.up\".over(\"env:prod\",\"role:db\").exclude(\"host:old\").by(\"*\").last(2).pct_by_status()")]
    [InlineData(MonitorTypes.Event, "events(\"source:deploy status:error OR \\\"went wrong\\\"\").rollup(\"count\").by(\"env,host\").last(\"5m\") > 0")]
    [InlineData(MonitorTypes.Spans, "trace-analytics(\"env:prod service:web\").rollup(\"pc95\", \"@duration\").by(\"resource_name\").last(\"5m\") > 100")]
    [InlineData(MonitorTypes.Composite, "123 && ( !456 || 789 )")]
    [InlineData(MonitorTypes.Composite, "1 || 2 && !( 3 || 4 )")]
    public void Prints_as_it_was_written(string type, string text)
    {
        var printed = MonitorQueryParser.Parse(type, text).ToString();

        Assert.Equal(text, printed);
        Assert.Equal(printed, MonitorQueryParser.Parse(type, printed).ToString());
    }

    [Theory]
    [InlineData(MonitorTypes.Metric, "avg( last_5m ) : avg:my_metric{*}>800", "avg(last_5m):avg:my_metric{*} > 800")]
    [InlineData(MonitorTypes.Metric, "avg(last_10m):(sum:a{*}.as_rate() / sum:b{*}.as_rate()) > 0.05", "avg(last_10m):sum:a{*}.as_rate() / sum:b{*}.as_rate() > 0.05")]
    [InlineData(MonitorTypes.OldEvent, "events('priority:all tags:x').rollup('count').last('4h') > 10", "events(\"priority:all tags:x\").rollup(\"count\").last(\"4h\") > 10")]
    [InlineData(MonitorTypes.ServiceCheck, "\"ntp.in_sync\".by(\"*\").last(2).count_by_status()", "\"ntp.in_sync\".over(\"*\").by(\"*\").last(2).count_by_status()")]
    [InlineData(MonitorTypes.Spans, "trace-analytics(\"service:web\").rollup(\"count\").by(\"*\").last(\"5m\") > 1", "trace-analytics(\"service:web\").rollup(\"count\").last(\"5m\") > 1")]
    [InlineData(MonitorTypes.Event, "events(\"x\").rollup(\"count\").by(\"*,host\").last(\"5m\") > 1", "events(\"x\").rollup(\"count\").by(\"host\").last(\"5m\") > 1")]
    [InlineData(MonitorTypes.Composite, "(1&&2)||(3)", "1 && 2 || 3")]
    public void Other_ways_to_write_the_same_are_read(string type, string text, string printed) => Assert.Equal(printed, MonitorQueryParser.Parse(type, text).ToString());

    [Theory]
    [InlineData(MonitorTypes.Metric, "avg(last_5m):avg:m{*", 19, "The \"{\" at column 19 is not closed. Add \"}\" where the list ends.")]
    [InlineData(MonitorTypes.Metric, "avrg(last_5m):avg:m{*} > 1", 1, "\"avrg\" at column 1 is no way in which a window becomes one value. Did you mean \"avg\"? Write one of avg, sum, max, min, percentile, change, pct_change, such as avg(last_5m):avg:my_metric{*} > 800.")]
    [InlineData(MonitorTypes.Metric, "avg(last_5x):avg:m{*} > 1", 5, "\"last_5x\" at column 5 is no window. Write last_ and a number of m, h, d, w or mo, at most 31 days, such as last_5m.")]
    [InlineData(MonitorTypes.Metric, "avg(last_5m):avg:m{*}", 22, "The query ends at column 22 without an operator. Compare it with a number, such as > 800; there are >=, <=, ==, !=, >, <.")]
    [InlineData(MonitorTypes.Metric, "avg(last_5m):avg:m{*} > x", 25, "\"x\" at column 25; expected a number after \">\".")]
    [InlineData(MonitorTypes.Metric, "avg(last_5m):avg:m{*} > 1 and", 27, "\"and\" at column 27; expected the end of the query.")]
    [InlineData(MonitorTypes.Metric, "avg(next_1h):avg:m{*} > 1", 1, "\"next_1h\": a window that begins now is for forecast(…), and a forecast needs one, such as max(next_1w).")]
    [InlineData(MonitorTypes.ServiceCheck, "\"a.b\".over().last(2).count_by_status()", 7, ".over at column 7 must not be empty. Write .over(\"*\") for all runs.")]
    [InlineData(MonitorTypes.ServiceCheck, "\"a.b\".ower(\"*\").last(2).count_by_status()", 7, "There is no .ower (column 7). Did you mean .over? There are: .over, .exclude, .by, .last, .count_by_status, .pct_by_status.")]
    [InlineData(MonitorTypes.ServiceCheck, "\"a.b\".over(\"*\").last(101).count_by_status()", 22, "\"101\" at column 22 must be a number from 1 to 100.")]
    [InlineData(MonitorTypes.Event, "events(\"status:bad\").rollup(\"count\").last(\"5m\") > 0", 9, "In the search: \"bad\" at column 1 is no status. There are: error, warning, info, success, user_update, recommendation, snapshot.")]
    [InlineData(MonitorTypes.Event, "events(\"a source:(b\").rollup(\"count\").last(\"5m\") > 0", 18, "In the search: The parenthesis at column 10 is not closed.")]
    [InlineData(MonitorTypes.Event, "events(\"x\").rollup(\"avg\", \"y\").last(\"5m\") > 0", 20, "Events can be counted only; \"avg\" at column 20 needs numbers. Write count, or cardinality and a tag key.")]
    [InlineData(MonitorTypes.Spans, "trace-analytics(\"service:web\").rollup(\"counts\").last(\"5m\") > 0", 39, "\"counts\" at column 39 is no way to compute. Did you mean \"count\"? There are: count, cardinality, avg, sum, min, max, median, and pc95 and its like.")]
    [InlineData(MonitorTypes.Composite, "1 & 2", 3, "\"&\" at column 3; expected && or ||.")]
    [InlineData(MonitorTypes.Composite, "1 && ", 6, "The query ends at column 6; expected the id of a monitor, \"!\" or \"(\".")]
    [InlineData(MonitorTypes.Composite, "1||2||3||4||5||6||7||8||9||10||11", 1, "The query has 11 monitors; at most 10 are combined.")]
    public void A_mistake_is_told_with_its_place(string type, string text, int column, string sentence)
    {
        var wrong = Assert.Throws<MonitorQueryException>(() => MonitorQueryParser.Parse(type, text));

        Assert.Equal(sentence, wrong.Message);
        Assert.Equal(column, wrong.At.Column);
    }

    [Theory]
    [InlineData("last_5m", 300, 60, 60)]
    [InlineData("last_23h", 82_800, 60, 600)]
    [InlineData("last_1d", 86_400, 600, 3_600)]
    [InlineData("last_48h", 172_800, 1_800, 600)]
    [InlineData("last_1mo", 2_592_000, 1_800, 14_400)]
    public void A_window_says_how_often_it_is_looked_at(string text, long seconds, int period, int bucket)
    {
        var window = MonitorWindow.Of(text)!.Value;

        Assert.Equal((seconds, period, bucket), (window.LengthSeconds, window.PeriodSeconds, window.BucketSeconds));
    }

    [Fact]
    public void Random_text_is_refused_with_a_sentence_and_nothing_else()
    {
        var random = new Random(20_261_129);
        const string signs = "avg(last_5m):m{*} > 1\"'.,&|!()=<@\\ events rollup";
        for (var round = 0; round < 3_000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => signs[random.Next(signs.Length)])]);
            foreach (var type in MonitorTypes.All)
            {
                try
                {
                    MonitorQueryParser.Parse(type, text);
                }
                catch (MonitorQueryException wrong)
                {
                    Assert.True(wrong.Message.Length > 0 && wrong.At.Start <= text.Length, $"{type}: {text}");
                }
            }
        }
    }

    [Theory]
    [InlineData("current_1h", "2026-11-29 10:20", 30, 0, "UTC", "2026-11-29 09:30")]
    [InlineData("current_1h", "2026-11-29 10:40", 30, 0, "UTC", "2026-11-29 10:30")]
    [InlineData("current_1d", "2026-11-29 02:30", 0, 240, "UTC", "2026-11-28 04:00")]
    [InlineData("current_1d", "2026-11-29 03:30", 0, 240, "Europe/Berlin", "2026-11-29 03:00")]
    [InlineData("current_1d", "2026-03-29 12:00", 0, 150, "Europe/Berlin", "2026-03-29 01:00")] // The clock goes from 2 to 3 that night.
    [InlineData("current_1mo", "2026-12-01 02:00", 0, 240, "UTC", "2026-11-01 04:00")]
    public void A_current_window_begins_when_its_schedule_says(string window, string now, int hourMinute, int dayMinute, string zone, string from)
    {
        static long Seconds(string text) => DateTimeOffset.ParseExact(text, "yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal).ToUnixTimeSeconds();

        var range = MonitorWindow.Of(window)!.Value.At(Seconds(now), new Core.Monitors.CurrentWindowStart(hourMinute, dayMinute, zone));

        Assert.Equal((Seconds(from), Seconds(now)), (range.FromUnixNanos / 1_000_000_000, range.ToUnixNanos / 1_000_000_000));
    }
}
