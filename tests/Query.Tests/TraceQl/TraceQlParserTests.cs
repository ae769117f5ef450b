using Apm.Query.Text;
using Apm.Query.TraceQl;
using CsCheck;

namespace Apm.Query.Tests.TraceQl;

public class TraceQlParserTests
{
    [Theory]
    [InlineData("{}", "{ true }")]
    [InlineData("{ true }", "{ true }")]
    [InlineData("{resource.service.name=\"web\"&&span.http.status_code>=500&&duration>100ms}", "{ resource.service.name = \"web\" && span.http.status_code >= 500 && duration > 100ms }")]
    [InlineData("{ .foo =~ `a.*\\d` }", "{ .foo =~ \"a.*\\\\d\" }")]
    [InlineData("{ span.\"a b\".c = 'x' }", null)]
    [InlineData("{ span.\"a b\".c = -1.5 }", "{ span.\"a b.c\" = -1.5 }")]
    [InlineData("{ 100ms < duration }", "{ duration > 100ms }")]
    [InlineData("{ .error }", "{ .error = true }")]
    [InlineData("{ !(status = ok) || kind != server }", "{ !(status = ok) || kind != server }")]
    [InlineData("{ .a = 1 || .b = 2 && .c = 3 }", "{ .a = 1 || .b = 2 && .c = 3 }")]
    [InlineData("{ .a = 1 || (.b = 2 && .c = nil) }", "{ .a = 1 || (.b = 2 && .c = nil) }")]
    [InlineData("{ span:name = \"x\" } >> { trace:rootService = \"web\" }", "{ span:name = \"x\" } >> { trace:rootService = \"web\" }")]
    [InlineData("{.a=1}!>>{.b=2} && {.c=3}&~{.d=4} || {}", "{ .a = 1 } !>> { .b = 2 } && { .c = 3 } &~ { .d = 4 } || { true }")]
    [InlineData("({.a=1} && {.b=1}) > {.c=1}", "({ .a = 1 } && { .b = 1 }) > { .c = 1 }")]
    [InlineData("({.a=1} | count() > 2) && {.b=1}", "({ .a = 1 } | count() > 2) && { .b = 1 }")]
    [InlineData("{status=error}|count()>2|avg(duration)>=1s|by(resource.service.name)|select(span.http.url,.x)|coalesce()", "{ status = error } | count() > 2 | avg(duration) >= 1s | by(resource.service.name) | select(span.http.url, .x) | coalesce()")]
    [InlineData("{} | rate() by (resource.service.name, status) | topk(5)", "{ true } | rate() by(resource.service.name, status) | topk(5)")]
    [InlineData("{} | quantile_over_time(duration, .99, 0.5)", null)]
    [InlineData("{} | quantile_over_time(duration, 0.99, 0.5) with (exemplars=true)", "{ true } | quantile_over_time(duration, 0.99, 0.5)")]
    public void Reads_and_prints(string text, string? printed)
    {
        if (printed is null)
        {
            Assert.Throws<QueryTextException>(() => TraceQlParser.Parse(text));
            return;
        }
        Assert.Equal(printed, TraceQlParser.Parse(text).ToString());
        Assert.Equal(printed, TraceQlParser.Parse(printed).ToString());
    }

    [Theory]
    [InlineData("", "The query is empty. {} finds every trace.")]
    [InlineData("{ duraton > 1s }", "Unknown field \"duraton\" at column 3. Did you mean \"duration\"?")]
    [InlineData("{ duration > }", "\"}\" at column 14; expected a value: a text in quotes, a number, a duration, true, false, nil, a status or a kind.")]
    [InlineData("{ duration > 1x }", "\"1x\" at column 14 is neither a number nor a duration. Write 500, 0.5 or 100ms; units are ns, us, ms, s, m, h.")]
    [InlineData("{ .a = 1", "The \"{\" at column 1 is not closed. Add \"}\" where it ends.")]
    [InlineData("{ .a = \"x }", "The quote at column 8 is not closed. Add \" where the text ends.")]
    [InlineData("{ .a = \"\\d\" }", "\"\\d\" at column 9 is no escape. A backslash itself is written \\\\; between backticks it stands for itself.")]
    [InlineData("{ (.a = 1 }", "The \"(\" at column 3 is not closed. Add \")\" where it ends.")]
    [InlineData("{ .a = .b }", "\".b\" at column 8 is a field; a field can be compared with a value only.")]
    [InlineData("{ duration * 2 > 1s }", "\"*\" at column 12: arithmetic is not answered. Write the result, such as duration > 1.5s.")]
    [InlineData("{ event.name = \"x\" }", "\"event.name\" at column 3: only attributes of spans (span.) and of resources (resource.) can be asked for, or both (.).")]
    [InlineData("{ span. = 1 }", "An attribute's key is missing after the dot at column 7, such as span.http.status_code.")]
    [InlineData("{} | cuont() > 2", "Unknown stage \"cuont\" at column 6. Did you mean \"count\"?")]
    [InlineData("{} | compare({})", "compare at column 6 is not answered yet.")]
    [InlineData("{} | topk(5)", "topk at column 6 needs series before it, such as | rate() by(resource.service.name).")]
    [InlineData("{} | rate() | count() > 1", "After series only topk and bottomk can stand, not \"count\" at column 15.")]
    [InlineData("{} | quantile_over_time(duration, 99)", "\"99\" at column 35; expected a quantile between 0 and 1, such as 0.99.")]
    [InlineData("{} {}", "\"{\" at column 4; expected a pipe, an operator between two sets of spans, or the end.")]
    [InlineData("{} >> ", "The query ends at column 7; expected a set of spans, such as { status = error }.")]
    [InlineData("service:web", "\"service:web\" at column 1; expected a set of spans, such as { status = error }.")]
    [InlineData("{ # }", "\"#\" at column 3 means nothing in TraceQL.")]
    public void Says_where_what_and_what_to_do(string text, string sentence)
    {
        var wrong = Assert.Throws<QueryTextException>(() => TraceQlParser.Parse(text));

        Assert.StartsWith(sentence, wrong.Message, StringComparison.Ordinal);
        Assert.InRange(wrong.At.Start, 0, text.Length);
    }

    [Fact]
    public void Depth_and_length_have_limits()
    {
        Assert.Contains("More than 32 levels", Assert.Throws<QueryTextException>(() => TraceQlParser.Parse(new string('(', 40) + "{}" + new string(')', 40))).Message, StringComparison.Ordinal);
        Assert.Contains("More than 32 levels", Assert.Throws<QueryTextException>(() => TraceQlParser.Parse("{ " + new string('!', 40) + ".a }")).Message, StringComparison.Ordinal);
        Assert.Contains("More than 200 conditions", Assert.Throws<QueryTextException>(() => TraceQlParser.Parse("{ " + string.Join(" && ", Enumerable.Repeat(".a = 1", 300)) + " }")).Message, StringComparison.Ordinal);
        Assert.Contains("at most 8192", Assert.Throws<QueryTextException>(() => TraceQlParser.Parse("{ .a = \"" + new string('x', 9000) + "\" }")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_printed_reads_back_as_the_same_tree() => Queries.Sample(text =>
    {
        var printed = TraceQlParser.Parse(text).ToString();
        Assert.Equal(printed, TraceQlParser.Parse(printed).ToString());
    }, iter: 2000, seed: "0N0XIzNsQ0O2");

    [Fact]
    public void Any_text_is_read_or_refused_with_a_sentence() =>
        Gen.OneOf(Gen.String[Gen.Char["{}()|&!<>=~.,\"`\\ abcduration:span0129+-"], 0, 40], Queries.SelectMany(text => Gen.Int[0, text.Length].Select(cut => text[..cut]))).Sample(text =>
        {
            try
            {
                TraceQlPlan.Of(text);
            }
            catch (QueryTextException wrong)
            {
                Assert.NotEmpty(wrong.Message);
            }
        }, iter: 5000, seed: "0N0XIzNsQ0O2");

    static Gen<string> Queries { get; } = QueryGen();

    static Gen<string> QueryGen()
    {
        var field = OneOf("duration", ".a", "span.http.status_code", "resource.service.name", "name", "span.\"odd key\"", "traceDuration", "rootServiceName");
        var compare = Gen.Select(field, OneOf("=", "!=", ">", "<="), OneOf("100ms", "5", "\"x\\\"y\"", "true"), (f, op, v) => f is "duration" or "traceDuration" ? $"{f} {op} 100ms" : v == "5" || op is "=" or "!=" ? $"{f} {op} {v}" : $".n {op} 5");
        var condition = Gen.Select(compare, OneOf("&&", "||"), compare, Gen.Int[0, 3], (a, op, b, shape) => shape switch { 0 => a, 1 => $"{a} {op} {b}", 2 => $"!({a} {op} {b})", _ => $"{a} {op} ({b} && {a})" });
        var set = condition.Select(text => $"{{ {text} }}");
        var sets = Gen.Select(set, OneOf("&&", "||", ">", ">>", "<", "<<", "~", "!>", "!>>", "&>", "&<<"), set, Gen.Bool, (a, op, b, alone) => alone ? a : $"{a} {op} {b}");
        return Gen.Select(sets, OneOf("", " | count() > 2", " | avg(duration) > 1s | select(.x)", " | by(status)"), (a, stages) => a + stages);
    }

    static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
}
