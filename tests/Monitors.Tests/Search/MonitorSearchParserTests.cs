using Apm.Core.Monitors;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Search;
using Apm.Query.Text;

namespace Apm.Monitors.Tests.Search;

public class MonitorSearchParserTests
{
    static readonly MonitorCard s_card = MonitorCard.Of(
        new MonitorSnapshot(
            new MonitorRule { Id = 7, Type = "metric alert", Name = "My metric high", Query = "avg(last_5m):avg:my_metric{env:prod} by {host} > 800", Message = "Look! @ops@example.com, @slack-web.", Tags = ["team:a"], Priority = 1, Creator = "me@example.com" },
            [new GroupState { Group = "host:box-1", Tags = ["host:box-1"], FirstSeenUnixSeconds = 0, State = MonitorState.Alert }, new GroupState { Group = "host:box-2", Tags = ["host:box-2"], FirstSeenUnixSeconds = 0, State = MonitorState.Ok }]),
        MonitorQueryParser.Parse("metric alert", "avg(last_5m):avg:my_metric{env:prod} by {host} > 800"), isMuted: false);

    [Theory]
    [InlineData("", true)]
    [InlineData("metric", true)]
    [InlineData("\"My metric\"", true)]
    [InlineData("low", false)]
    [InlineData("status:alert", true)]
    [InlineData("status:\"no data\"", false)]
    [InlineData("muted:false type:metric tag:team:a", true)]
    [InlineData("notification:ops@example.com", true)]
    [InlineData("notification:slack-web", true)]
    [InlineData("metric:my_* AND scope:env:prod", true)]
    [InlineData("group:host:box-2", true)]
    [InlineData("priority:p1 creator:me id:7", true)]
    [InlineData("priority:p2 OR id:7", true)]
    [InlineData("-status:alert", false)]
    [InlineData("NOT (status:ok OR muted:true)", true)]
    [InlineData("status:(Alert OR Warn)", true)]
    [InlineData("status:(ok OR warn)", false)]
    [InlineData("status:(\"no data\" OR NOT ok)", true)]
    [InlineData("type:(composite OR metric)", true)]
    [InlineData("id:(1 OR 7)", true)]
    [InlineData("id:(1 OR 2)", false)]
    [InlineData("tag:(team:a AND team:b)", false)]
    [InlineData("*metric*", true)]
    [InlineData("My*high", true)]
    [InlineData("high*My", false)]
    [InlineData("name:*low*", false)]
    [InlineData("tag:team:*", true)]
    [InlineData("tag:*:b", false)]
    [InlineData("notification:*", true)]
    [InlineData("notification:slack-*", true)]
    [InlineData("notification:*pager*", false)]
    [InlineData("metric:*metric", true)]
    [InlineData("scope:env:*", true)]
    [InlineData("group:*box-2", true)]
    [InlineData("!muted:true && status:alert || id:1", true)]
    [InlineData("status:alert -(tag:team:a high)", false)]
    public void Finds(string search, bool isFound) => Assert.Equal(isFound, MonitorSearchParser.Parse(search).Holds(s_card));

    [Theory]
    [InlineData("status:notastatus", "Query parsing error: 'notastatus' is not a valid monitor status")]
    [InlineData("statsu:ok", "Query parsing error: 'statsu' at column 1 is not a key of a monitor search. Did you mean 'status'? There are: status, muted, type, tag, notification, metric, scope, group, priority, creator, id, name")]
    [InlineData("(a OR b", "Query parsing error: the parenthesis at column 1 is not closed")]
    [InlineData("a OR", "Query parsing error: something is missing at its end")]
    [InlineData("a )", "Query parsing error: \")\" at column 3 stands alone")]
    [InlineData("\"a", "Query parsing error: the quote in \"\"a\" (column 1) is not closed")]
    [InlineData("status: alert", "Query parsing error: a value is missing after \"status:\" at column 1")]
    [InlineData("status:(ok OR bad)", "Query parsing error: 'bad' is not a valid monitor status")]
    [InlineData("status:(ok", "Query parsing error: the parenthesis at column 8 is not closed")]
    public void A_mistake_is_told(string search, string sentence) => Assert.Equal(sentence, Assert.Throws<QueryTextException>(() => MonitorSearchParser.Parse(search)).Message);
}
