using Apm.Core.Events;
using Apm.Monitors.Queries;
using Apm.Query.Text;

namespace Apm.Monitors.Tests.Queries;

public class EventQueryTests
{
    static readonly EventRecord[] s_events =
    [
        new() { Title = "deploy of web", Text = "it went wrong", UnixSeconds = 1, Source = "chef", Host = "Box-1", Tags = ["env:prod", "team:a", "role:42"], AlertType = "error" },
        new() { Title = "backup", Text = "deploying nothing", UnixSeconds = 2, Source = "nagios", Host = "db-1", Tags = ["env:dev", "team:a"], AlertType = "warning", Priority = "low" },
        new() { Title = "Watchdog (story)", UnixSeconds = 3, Source = "watchdog", Tags = ["story_type:service", "env:test_env", "canary"] },
    ];

    [Theory]
    [InlineData("", "123")]
    [InlineData("*", "123")]
    [InlineData("source:(nagios OR chef)", "12")]
    [InlineData("source:nagios,chef", "12")]
    [InlineData("sources:na*", "2")]
    [InlineData("env:(prod OR dev)", "12")]
    [InlineData("tags:(env:prod AND team:a)", "1")]
    [InlineData("tags:(env:prod team:a)", "1")]
    [InlineData("tags:(-env:prod AND team:a)", "2")]
    [InlineData("tags:env:prod,team:a", "1")]
    [InlineData("tags:canary", "3")]
    [InlineData("NOT source:nagios", "13")]
    [InlineData("!env:dev", "13")]
    [InlineData("-env:dev", "13")]
    [InlineData("-(env:dev OR env:prod)", "3")]
    [InlineData("host:box-*", "1")]
    [InlineData("host:BOX-1", "1")]
    [InlineData("hosts:(box-1 OR db-1)", "12")]
    [InlineData("env:pr*", "1")]
    [InlineData("env:*", "123")]
    [InlineData("role:4*", "1")]
    [InlineData("env:*_env", "3")]
    [InlineData("title:deploy*", "1")]
    [InlineData("@title:deploy", "1")]
    [InlineData("text:nothing", "2")]
    [InlineData("title:\"Watchdog (story)\"", "3")]
    [InlineData("deploy", "12")]
    [InlineData("went*wrong", "1")]
    [InlineData("\"went wrong\" OR watchdog", "13")]
    [InlineData("priority:all sources:watchdog tags:(story_type:service env:test_env)", "3")]
    [InlineData("sources:nagios status:(error OR warning) priority:normal", "")]
    [InlineData("sources:nagios status:(error OR warning) priority:low", "2")]
    [InlineData("status:error || status:warn && team:a", "12")]
    [InlineData("-status:error", "23")]
    [InlineData("-deploy", "3")]
    [InlineData("(source:chef OR source:nagios) env:dev", "2")]
    public void Finds(string search, string found)
    {
        var query = EventQuery.Parse(search);

        Assert.Equal(found, string.Concat(s_events.Where(query.Holds).Select(happened => happened.UnixSeconds)));
    }

    [Theory]
    [InlineData("env:prod OR", 12, "Something is missing at its end.")]
    [InlineData("OR env:prod", 1, "Something is missing before \"OR\" at column 1.")]
    [InlineData("source:(a OR b", 8, "The parenthesis at column 8 is not closed.")]
    [InlineData("a source: (b)", 3, "A value is missing after \"source:\" at column 3.")]
    [InlineData("title:load(x)", 11, "The value of \"title:load\" ends before the parenthesis at column 11; quote all of it, or put a blank between two conditions.")]
    [InlineData("a )", 3, "\")\" at column 3 stands alone.")]
    [InlineData("tags:()", 7, "Something is missing before \")\" at column 7.")]
    [InlineData("a \"b", 3, "The quote in \"\"b\" (column 3) is not closed.")]
    [InlineData("status:(error OR bad)", 18, "\"bad\" at column 18 is no status. There are: error, warning, info, success, user_update, recommendation, snapshot.")]
    [InlineData("priority:high", 1, "\"high\" at column 1: priority is all, normal or low.")]
    [InlineData("source:,", 1, "\",\" at column 1 is a list without values.")]
    [InlineData("tags:42", 1, "\"42\" at column 1 is no tag: tags begin with a letter.")]
    public void What_cannot_be_understood_is_refused_with_its_place(string search, int column, string sentence)
    {
        var wrong = Assert.Throws<QueryTextException>(() => EventQuery.Parse(search));

        Assert.Equal((sentence, column), (wrong.Message, wrong.At.Column));
    }

    [Fact]
    public void Deep_nesting_and_long_text_are_refused()
    {
        Assert.Contains("nested deeper than 32", Assert.Throws<QueryTextException>(() => EventQuery.Parse(new string('(', 2_000))).Message, StringComparison.Ordinal);
        Assert.Contains("nested deeper than 32", Assert.Throws<QueryTextException>(() => EventQuery.Parse(string.Concat(Enumerable.Repeat("NOT ", 500)) + "a")).Message, StringComparison.Ordinal);
        Assert.Contains("at most 4096 are read", Assert.Throws<QueryTextException>(() => EventQuery.Parse(new string('a', 5_000))).Message, StringComparison.Ordinal);
    }
}
