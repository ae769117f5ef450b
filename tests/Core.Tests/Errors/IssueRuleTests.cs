using Apm.Core.Errors;

namespace Apm.Core.Tests.Errors;

public class IssueRuleTests
{
    static ErrorFacts Fact(string type = "ValueError", string message = "no item 7", string stack = "", string name = "flask.request", string resource = "GET /cart", int status = 0, string service = "web") =>
        new() { Service = service, Name = name, Resource = resource, Type = type, Message = message, Stack = stack, HttpStatusCode = status };

    [Fact]
    public void The_same_error_with_other_values_and_on_another_line_is_the_same_issue()
    {
        var first = ErrorFingerprint.Of(Fact(message: "no item 7", stack: "File \"/app/shop/a.py\", line 3, in f"));
        var second = ErrorFingerprint.Of(Fact(message: "no item 81", stack: "File \"/app/shop/a.py\", line 9, in f", resource: "GET /other"));

        Assert.Equal(first, second);
        Assert.Equal("no item {n}", first.Pattern);
        Assert.Equal("f in shop/a.py", first.TopFrame);
    }

    [Fact]
    public void Type_message_frame_and_service_each_tell_issues_apart()
    {
        const string Stack = "File \"/app/shop/a.py\", line 3, in f";
        ErrorFacts[] all = [Fact(stack: Stack), Fact(stack: Stack, type: "KeyError"), Fact(stack: Stack, message: "gone"), Fact(stack: "File \"/app/shop/a.py\", line 3, in g"), Fact(stack: Stack, service: "api")];

        Assert.Equal(all.Length, all.Select(error => ErrorFingerprint.Of(error).Id).Distinct().Count());
    }

    [Theory]
    //          type          message  status  type shown     place that stands for the frame
    [InlineData("ValueError", "gone",  0,      "ValueError",  "flask.request")]
    [InlineData("ValueError", "",      0,      "ValueError",  "flask.request GET /cart")]
    [InlineData("",           "",      503,    "HTTP 503",    "flask.request GET /cart")]
    [InlineData("500",        "",      500,    "HTTP 500",    "flask.request GET /cart")]
    [InlineData("",           "",      0,      "error",       "flask.request GET /cart")]
    public void Without_a_stack_operation_and_resource_stand_for_the_frame(string type, string message, int status, string shown, string place)
    {
        var fingerprint = ErrorFingerprint.Of(Fact(type, message, status: status));

        Assert.Equal(shown, fingerprint.Type);
        Assert.Equal(place, fingerprint.Place);
    }

    [Fact]
    public void The_id_of_an_issue_is_the_same_on_every_installation_and_in_every_version() =>
        Assert.Equal("107ef54783d60e58", ErrorFingerprint.Of(Fact()).Id.ToString()); // Stored, and part of links: never change it without a rule for what is stored.

    [Theory]
    [InlineData("0123456789abcdef", true)]
    [InlineData("0123456789ABCDEF", true)]
    [InlineData("123", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("0123456789abcdeg", false)]
    public void An_id_has_sixteen_hex_digits(string? text, bool isId) => Assert.Equal(isId, IssueId.TryParse(text, out _));

    [Theory]
    //          from                  seen in   received  becomes
    [InlineData(IssueState.Open,      "1.4.2",  200,      IssueState.Open)]
    [InlineData(IssueState.Ignored,   "1.5.0",  200,      IssueState.Ignored)]
    [InlineData(IssueState.Regressed, "1.5.0",  200,      IssueState.Regressed)]
    [InlineData(IssueState.Resolved,  "1.4.2",  100,      IssueState.Resolved)]  // Received before it was resolved.
    [InlineData(IssueState.Resolved,  "1.4.2",  101,      IssueState.Regressed)] // In the same version.
    [InlineData(IssueState.Resolved,  "1.5.0",  101,      IssueState.Regressed)] // In a later one.
    [InlineData(IssueState.Resolved,  "1.4.10", 101,      IssueState.Regressed)]
    [InlineData(IssueState.Resolved,  "1.4.1",  101,      IssueState.Resolved)]  // An old instance still runs.
    [InlineData(IssueState.Resolved,  "9f8c1d", 101,      IssueState.Resolved)]  // Known before, by no number.
    [InlineData(IssueState.Resolved,  "77ab00", 101,      IssueState.Regressed)] // Never seen before: new.
    [InlineData(IssueState.Resolved,  "",       101,      IssueState.Regressed)] // Nothing says that it is an old one.
    public void An_issue_moves(IssueState from, string version, long received, IssueState to)
    {
        var decision = new IssueDecision { State = from, SinceUnixNanos = 100, ResolvedVersion = "1.4.2", EarlierVersions = ["9f8c1d", "1.4.1"] };

        var after = decision.Seen(version, received);

        Assert.Equal(to, after.State);
        if (to == from) Assert.Same(decision, after);
        else Assert.Equal((received, version), (after.SinceUnixNanos, after.RegressedVersion));
    }

    [Theory]
    [InlineData("1.4.1", "1.4.2", true)]
    [InlineData("1.4.9", "1.4.10", true)]
    [InlineData("v1.4", "1.4.1", true)]
    [InlineData("1.4.2-rc.1", "1.4.2", true)]
    [InlineData("1.4.2", "1.4.2-rc.1", false)]
    [InlineData("2", "1.9", false)]
    [InlineData("1.4.2", "1.4.2", false)]
    [InlineData("abc", "def", true)]
    [InlineData("xyz", "def", false)]
    [InlineData("99999999999999999999", "1", false)]
    public void A_version_is_earlier_by_its_numbers_or_by_having_been_known_before(string version, string than, bool isEarlier) =>
        Assert.Equal(isEarlier, VersionOrder.IsEarlier(version, than, ["abc"]));

    [Fact]
    public void Totals_keep_first_and_last_seen_and_count_by_version()
    {
        var totals = new IssueTotals().Plus("1", 50, null).Plus("2", 70, new IssueExample(new(1, 2), new(3), 70)).Plus("1", 40, null);

        Assert.Equal((3, 40, 70), (totals.Count, totals.FirstSeenUnixNanos, totals.LastSeenUnixNanos));
        Assert.Equal([new IssueVersion("1", 2, 40, 50), new IssueVersion("2", 1, 70, 70)], totals.Versions);
        Assert.Equal(70, totals.Newest!.ReceivedUnixNanos);
    }

    [Fact]
    public void Of_too_many_versions_the_oldest_join_and_no_error_is_lost()
    {
        var totals = new IssueTotals();
        for (var i = 0; i < IssueTotals.MaxVersions * 2; i++) totals = totals.Plus($"1.{i}", 100 + i, null);

        Assert.Equal(IssueTotals.MaxVersions, totals.Versions.Count);
        Assert.Equal(IssueTotals.OlderVersions, totals.Versions[0].Version);
        Assert.Equal(totals.Count, totals.Versions.Sum(version => version.Count));
        Assert.Equal(100, totals.Versions[0].FirstSeenUnixNanos);
    }
}
