using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.TraceQl;

namespace Apm.Query.Tests.TraceQl;

public class TraceQlPlanTests
{
    /// <summary>TraceQL on the left, what it means in our own language on the right.</summary>
    [Theory]
    [InlineData("{}", "")]
    [InlineData("{ resource.service.name = \"web\" }", "service:web")]
    [InlineData("{ .service.name != \"web\" }", "service:* -service:web")]
    [InlineData("{ resource.deployment.environment.name = \"prod\" && kind = server }", "env:prod kind:server")]
    [InlineData("{ resource.service.version = \"1.2\" }", "@version:1.2 OR @service.version:1.2")]
    [InlineData("{ span.http.status_code >= 500 }", "@http.status_code:>=500")]
    [InlineData("{ span.http.response.status_code = 200 }", "@http.status_code:=200 OR @http.response.status_code:=200")]
    [InlineData("{ span.foo != 5 }", "@foo:* -@foo:=5")]
    [InlineData("{ span.foo = nil || .bar != nil }", "-@foo:* OR @bar:*")]
    [InlineData("{ span.ok = true }", "@ok:true")]
    [InlineData("{ name = \"GET /\" }", "resource:\"GET /\" OR operation:\"GET /\"")]
    [InlineData("{ name !~ \"GET.*\" }", "-(resource:~\"GET.*\" OR operation:~\"GET.*\")")]
    [InlineData("{ span.a =~ \"x|y\" }", "@a:~\"x|y\"")]
    [InlineData("{ duration > 100ms && duration != 2s }", "duration:>100ms -duration:=2s")]
    [InlineData("{ status = error }", "status:error")]
    [InlineData("{ status = unset }", "status:ok -@otel.status_code:Ok")]
    [InlineData("{ status != ok }", "-(status:ok @otel.status_code:Ok)")]
    [InlineData("{ nestedSetParent < 0 }", "is:root")]
    [InlineData("{ trace:id = \"abc\" && span:parentID = \"\" }", "trace_id:0000000000000abc is:root")]
    [InlineData("{ traceDuration > 1s && status = error }", "trace.duration:>1s status:error")]
    [InlineData("{ rootServiceName = \"web\" }", "root.service:web {}")]
    [InlineData("{ rootName =~ \"GET.*|POST /x\" }", "(root.resource:GET* OR root.resource:\"POST /x\" OR root.operation:GET* OR root.operation:\"POST /x\") {}")]
    [InlineData("{ resource.service.name = \"web\" && .a = 1 && .b = 2 && (.c = 3 && .d = 4) }", "service:web @a:=1 @b:=2 @c:=3 @d:=4")]
    [InlineData("{ .a = 1 || .b = 2 && .c = 3 }", "(@a:=1 OR @b:=2) @c:=3")]
    [InlineData("{ !(traceDuration > 1s && .a = 1) }", "(-trace.duration:>1s {}) OR (-@a:=1)")]
    [InlineData("{ (traceDuration > 1s || .a = 1) && .b = 2 }", "(trace.duration:>1s @b:=2) OR (@a:=1 @b:=2)")]
    [InlineData("{ .a = 1 } && { .b = 2 }", "{@a:=1} {@b:=2}")]
    [InlineData("{ .a = 1 } || { .b = 2 }", "{@a:=1} OR {@b:=2}")]
    [InlineData("{ .a = 1 } > { .b = 2 }", "{@b:=2} <= {@a:=1}")]
    [InlineData("{ .a = 1 } >> { .b = 2 }", "{@b:=2} <- {@a:=1}")]
    [InlineData("{ .a = 1 } < { .b = 2 }", "{@b:=2} => {@a:=1}")]
    [InlineData("{ .a = 1 } !<< { .b = 2 }", "{@b:=2} !-> {@a:=1}")]
    [InlineData("{ .a = 1 } ~ { .b = 2 }", "{@b:=2} ~ {@a:=1}")]
    [InlineData("{ .a = 1 } &>> { .b = 2 }", "({@b:=2} <- {@a:=1}) OR ({@a:=1} -> {@b:=2})")]
    [InlineData("{ .a = 1 } | { .b = 2 }", "@a:=1 @b:=2")]
    [InlineData("{ .a = 1 } > { .b = 2 } | { .c = 3 }", "{@b:=2 @c:=3} <= {@a:=1}")]
    [InlineData("{ .a = 1 } | count() > 2", "{@a:=1} | count() > 2")]
    [InlineData("{ .a = 1 } | avg(duration) >= 1s | max(.n) < 5", "{@a:=1} | avg(duration) >= 1s | max(@n) < 5")]
    [InlineData("({ .a = 1 } | count() > 2) && { .b = 2 }", "({@a:=1} | count() > 2) {@b:=2}")]
    public void Means(string traceQl, string ours)
    {
        var filter = TraceQlPlan.Of(traceQl).Filter;

        Assert.Equal(TraceFilterParser.Parse(ours).ToString(), TraceFilterParser.Parse(filter.ToString()).ToString());
    }

    [Theory]
    [InlineData("{ duration = \"x\" }", "duration at column 3 compares with a duration, such as duration > 100ms.")]
    [InlineData("{ status = server }", "server at column 12 is no status. There are: error, ok, unset.")]
    [InlineData("{ .a = error }", "error at column 8 is a status or kind. To compare .a with it as a text, put it into quotes.")]
    [InlineData("{ .a > \"x\" }", ".a at column 3 is compared with \"x\"; texts are compared with =, !=, =~ and !~.")]
    [InlineData("{ .a =~ 5 }", "5 at column 9 is no text; =~ and !~ need a regular expression in quotes.")]
    [InlineData("{ .a =~ \"(\" }", "\"(\" at column 3 is not a regular expression that can be searched by:")]
    [InlineData("{ .a =~ \"(?=x)y\" }", "\"(?=x)y\" at column 3 is not a regular expression that can be searched by:")]
    [InlineData("{ rootName =~ \"[ab]\" }", "At column 15: for rootName only texts, \".*\" and \"|\" are understood in a regular expression.")]
    [InlineData("{ span:id = \"zz\" }", "\"zz\" at column 13 is not an id. Write 16 hex digits in quotes.")]
    [InlineData("{ nestedSetParent > 7 }", "nestedSetParent at column 3 tells roots only: write nestedSetParent < 0, or nestedSetParent >= 0 for the others.")]
    [InlineData("{} | by(traceDuration)", "\"traceDuration\" at column 6 is of the whole trace; here only what each span has can stand, such as resource.service.name.")]
    [InlineData("{} | by(status) | count() > 1", "count() at column 19 stands after by(); sets of a trace cannot be chosen by numbers yet. Leave out by(), or move it to the end.")]
    [InlineData("{} | avg(name) > 1", "name at column 6 is no number. Write avg(duration), or an attribute that is one.")]
    [InlineData("({ .b = 1 } && { .c = 1 }) | { .a = 1 }", "The set of spans behind the pipe at column 30 can only narrow spans, relations of spans and what count() or another number chose of them. Write its conditions into the set before.")]
    [InlineData("{} | count() > 1 | { rootName = \"x\" }", "The set of spans behind the pipe at column 20 can only narrow spans,")]
    public void Refuses_what_has_no_meaning_here(string text, string sentence) =>
        Assert.StartsWith(sentence, Assert.Throws<QueryTextException>(() => TraceQlPlan.Of(text)).Message, StringComparison.Ordinal);

    /// <summary>Each "!=" asks for the spans before it twice: forty of them would be a million million conditions.</summary>
    [Theory]
    [InlineData(" | count() != 1")]
    [InlineData(" | count() != 1 | { .a = 1 }")]
    public void Few_stages_cannot_become_millions_of_conditions(string stage)
    {
        var text = "{ .a = 1 }" + string.Concat(Enumerable.Repeat(stage, 40));

        var refused = Assert.Throws<QueryTextException>(() => TraceQlPlan.Of(text));

        Assert.EndsWith("the query becomes more than 2000 conditions, since a stage may repeat those before it. Use fewer stages.", refused.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Attacks => new()
    {
        { new string('{', 8000), "\"{\" at column 2; expected a value" },
        { new string('(', 8000), "More than 32 levels of parentheses and negations at column 33. Simplify the query." },
        { "{ " + new string('!', 8000), "More than 32 levels of parentheses and negations at column 35. Simplify the query." },
        { "{ " + new string('(', 8000), "More than 32 levels of parentheses and negations at column 35. Simplify the query." },
        { "{}" + string.Concat(Enumerable.Repeat(">{}", 2000)), "More than 200 conditions and stages at column" },
        { new string('(', 1_000_000), "The query has 1000000 characters; at most 8192 are read. Shorten it." },
    };

    [Theory, MemberData(nameof(Attacks))]
    public void A_text_made_to_exhaust_us_is_refused_with_a_sentence(string text, string sentence) =>
        Assert.StartsWith(sentence, Assert.Throws<QueryTextException>(() => TraceQlPlan.Of(text)).Message, StringComparison.Ordinal);
}
