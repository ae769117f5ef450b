using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;
using CsCheck;

namespace Apm.Query.Tests.Traces;

public class TraceFilterParserTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("   ", "")]
    [InlineData("service:web", "service:web")]
    [InlineData("service:web resource:\"GET /x\" status:error", "service:web resource:\"GET /x\" status:error")]
    [InlineData("SERVICE:web Status:ERROR", "service:web status:error")]
    [InlineData("name:flask.request operation_name:a resource_name:b", "operation:flask.request operation:a resource:b")]
    [InlineData("duration:>100ms duration:<=1.5s", "duration:>100ms duration:<=1500ms")]
    [InlineData("duration:1m30s", "duration:=90s")]
    [InlineData("@http.status_code:500", "@http.status_code:500")]
    [InlineData("@http.status_code:>=500", "@http.status_code:>=500")]
    [InlineData("@http.status_code:\">=500\"", "@http.status_code:\">=500\"")]
    [InlineData("@http.url:http://x:80/a?b=c", "@http.url:http://x:80/a?b=c")]
    [InlineData("@k:*", "@k:*")]
    [InlineData("@k:a**b", "@k:a*b")]
    [InlineData("@k:a\\*b", "@k:a\\*b")]
    [InlineData("@k:c:\\dir", "@k:c:\\\\dir")]
    [InlineData("@\"odd key\":v", "@\"odd key\":v")]
    [InlineData("resource_name:GET\\ /j", "resource:\"GET /j\"")]
    [InlineData("resource_name:GET\\ \\/j", "resource:\"GET /j\"")]
    [InlineData("@http.url:http\\:*", "@http.url:http:*")]
    [InlineData("@k:a\\(b\\)\\{c\\}\\\"", "@k:\"a(b){c}\\\"\"")]
    [InlineData("@odd\\ key\\:x:v _exists_:@a\\ b", "@\"odd key:x\":v @\"a b\":*")]
    [InlineData("\\-minus a\\:b", "\"-minus\" \"a:b\"")]
    [InlineData("@k:\"c:\\dir\\sub\"", "@k:c:\\\\dir\\\\sub")]
    [InlineData("-env:dev", "-env:dev")]
    [InlineData("NOT env:dev", "-env:dev")]
    [InlineData("a -b", "a -b")]
    [InlineData("\"free text\"", "\"free text\"")]
    [InlineData("*part*", "part")]
    [InlineData("\"-minus\" \"a:b\" \"OR\"", "\"-minus\" \"a:b\" \"OR\"")]
    [InlineData("service:a OR service:b", "service:a OR service:b")]
    [InlineData("(service:a OR service:b) status:ok", "(service:a OR service:b) status:ok")]
    [InlineData("service:a AND status:ok OR x", "(service:a status:ok) OR x")]
    [InlineData("-(a OR b)", "-(a OR b)")]
    [InlineData("trace_id:123", "trace_id:0000000000000123 OR trace_id:000000000000007b")]
    [InlineData("span_id:18286313005", "span_id:0000018286313005 OR span_id:0000000441f2fe2d")]
    [InlineData("trace_id:0000018286313005 parent_id:7 span_id:00000000000000a1", "trace_id:0000018286313005 parent_id:0000000000000007 span_id:00000000000000a1")]
    [InlineData("trace_id:0x1828631300512345 span_id:0x1828631300512345", "trace_id:0x1828631300512345 span_id:0x1828631300512345")]
    [InlineData("span_id:18446744073709551615", "span_id:ffffffffffffffff")]
    [InlineData("kind:SERVER", "kind:server")]
    [InlineData("a=b \"service=web\" x>y name!", "a=b \"service=web\" x>y name!")]
    [InlineData("\"and\" \"Or\" android -\"not\"", "\"and\" \"Or\" android -\"not\"")]
    [InlineData("@n:-5 @n:>-5 @n:[-5 TO -1] @k:- @k:-1a", "@n:-5 @n:>-5 @n:[-5 TO -1] @k:- @k:-1a")]
    [InlineData("service:\"-jweb\" @k:\"!a\" @k:\"NOT\" @k:AND @k:and", "service:\"-jweb\" @k:\"!a\" @k:\"NOT\" @k:AND @k:and")]
    [InlineData("@k:[1,2] resource:{id}/x @n:[1 TO 1]", "@k:\"[1,2]\" resource:\"{id}/x\" @n:[1 TO 1]")]
    [InlineData("@k:\"[1 TO\"", "@k:\"[1 TO\"")]
    [InlineData("{resource:{a}}", "{resource:\"{a}\"}")]
    public void Prints_as_text_that_reads_back_as_the_same(string typed, string printed)
    {
        var filter = TraceFilterParser.Parse(typed);

        Assert.Equal(printed, filter.ToString());
        Assert.Equal(filter, TraceFilterParser.Parse(printed));
        Assert.Equal(printed, TraceFilterParser.Parse(printed).ToString());
    }

    [Theory]
    [InlineData("servise:web", 0, 7, "service", "Unknown word \"servise\" before the colon at column 1. Did you mean \"service\"? For a tag write @servise:value; for text that holds a colon use quotes.")]
    [InlineData("env:a foo.bar:b", 6, 7, "@foo.bar", "Unknown word \"foo.bar\" before the colon at column 7. For a tag write @foo.bar:value; for text that holds a colon use quotes.")]
    [InlineData("status:errror", 7, 6, "error", "\"errror\" at column 8 is no status. Did you mean \"error\"? There are: error, ok.")]
    [InlineData("kind:sever", 5, 5, "server", "\"sever\" at column 6 is no kind. Did you mean \"server\"? There are: unspecified, internal, server, client, producer, consumer.")]
    [InlineData("duration:>100", 9, 4, ">100ms", "\"100\" at column 10 is not a duration. Write a number with a unit (ns, us, ms, s, m, h), such as duration:>100ms.")]
    [InlineData("duration:fast", 9, 4, null, "\"fast\" at column 10 is not a duration. Write a number with a unit (ns, us, ms, s, m, h), such as duration:>100ms.")]
    [InlineData("@a:>many", 3, 5, null, "\"many\" at column 4 is not a number. Write for example @a:>=500, or quote the value to compare it as text.")]
    [InlineData("@a", 0, 2, "@a:*", "After @a at column 1 a colon and a value are expected, such as @a:500 or @a:* for any value.")]
    [InlineData("@:x", 0, 1, null, "A tag's key is missing after the @ at column 1, such as @http.status_code:500.")]
    [InlineData("service: web", 8, 0, "service:*", "A value is missing after \"service:\" at column 9. Write service:* for any value.")]
    [InlineData("service:", 8, 0, "service:*", "A value is missing after \"service:\" at column 9. Write service:* for any value.")]
    [InlineData("\"open", 0, 5, "\"", "The quote at column 1 is not closed. Add \" where the text ends.")]
    [InlineData("(a", 0, 1, ")", "The parenthesis at column 1 is not closed. Add \")\" where it ends.")]
    [InlineData("duration > 1s", 9, 1, "\">\"", "\">\" at column 10 compares nothing: a key, a colon and a value belong together, such as service:web or duration:>100ms. To search for it as text, quote it.")]
    [InlineData("service = web", 8, 1, "\"=\"", "\"=\" at column 9 compares nothing: a key, a colon and a value belong together, such as service:web or duration:>100ms. To search for it as text, quote it.")]
    [InlineData("a)", 1, 1, null, "The \")\" at column 2 closes nothing. Remove it.")]
    [InlineData("a OR", 4, 0, null, "The search ends at column 5 where a condition is expected, such as service:web.")]
    [InlineData("OR a", 0, 2, "\"OR\"", "\"OR\" at column 1 stands where a condition is expected, such as service:web. Quote it to search for it as text.")]
    [InlineData("trace_id:xyz", 9, 3, null, "\"xyz\" at column 10 is not a trace id. Write 16 or 32 hex digits, or a decimal 64-bit id.")]
    [InlineData("@http.status_code:[500 TO", 18, 4, null, "At column 19 a range begins that is not written as [500 TO 599] or {500 TO 599}. Close it; or quote the value to compare it as text.")]
    [InlineData("service:{a TO", 8, 2, null, "At column 9 a range begins that is not written as [500 TO 599] or {500 TO 599}. Close it; or quote the value to compare it as text.")]
    [InlineData("service:[a", 8, 2, null, "At column 9 a range begins that is not written as [500 TO 599] or {500 TO 599}. Close it; or quote the value to compare it as text.")]
    [InlineData("@k:[a b]", 3, 2, null, "At column 4 a range begins that is not written as [500 TO 599] or {500 TO 599}. Close it; or quote the value to compare it as text.")]
    [InlineData("service:(web OR [a)", 16, 2, null, "At column 17 a range begins that is not written as [500 TO 599] or {500 TO 599}. Close it; or quote the value to compare it as text.")]
    [InlineData("@http.status_code:[200 TO 100]", 18, 12, "[100 TO 200]", "The range at column 19 goes from 200 down to 100, so nothing lies in it. Write the lower bound first: @http.status_code:[100 TO 200].")]
    [InlineData("duration:[5s TO 1s}", 9, 10, "[1s TO 5s}", "The range at column 10 goes from 5s down to 1s, so nothing lies in it. Write the lower bound first: duration:[1s TO 5s}.")]
    [InlineData("service:jweb and status:ok", 13, 3, "AND", "\"and\" at column 14 is written in capitals between conditions: AND. To search for it as text, quote it: \"and\".")]
    [InlineData("service:a Or service:b", 10, 2, "OR", "\"Or\" at column 11 is written in capitals between conditions: OR. To search for it as text, quote it: \"Or\".")]
    [InlineData("not service:a", 0, 3, "NOT", "\"not\" at column 1 is written in capitals between conditions: NOT. To search for it as text, quote it: \"not\".")]
    [InlineData("service:(a or b)", 11, 2, "OR", "\"or\" at column 12 is written in capitals between conditions: OR. To search for it as text, quote it: \"or\".")]
    [InlineData("service:(not b)", 9, 3, "NOT", "\"not\" at column 10 is written in capitals between conditions: NOT. To search for it as text, quote it: \"not\".")]
    [InlineData("service:!jweb", 8, 5, "\"!jweb\"", "\"!jweb\" at column 9: to leave spans out, the minus stands before the key: -service:jweb. To compare with this text, quote it: service:\"!jweb\".")]
    [InlineData("service:-jweb", 8, 5, "\"-jweb\"", "\"-jweb\" at column 9: to leave spans out, the minus stands before the key: -service:jweb. To compare with this text, quote it: service:\"-jweb\".")]
    [InlineData("@odd\\ key:-x", 10, 2, "\"-x\"", "\"-x\" at column 11: to leave spans out, the minus stands before the key: -@\"odd key\":x. To compare with this text, quote it: @\"odd key\":\"-x\".")]
    [InlineData("service:(-a OR b)", 9, 2, "\"-a\"", "\"-a\" at column 10: to leave spans out, the minus stands before the key: -service:a. To compare with this text, quote it: service:\"-a\".")]
    [InlineData("service:NOT web", 8, 3, "\"NOT\"", "\"NOT\" at column 9: to leave spans out, the minus stands before the key: -service:value. To compare with this text, quote it: service:\"NOT\".")]
    [InlineData("service:-(a OR b)", 8, 2, null, "\"-\" at column 9 stands before the key to leave spans out: -service:(…")]
    [InlineData("resource:load(x)", 9, 5, null, "The value after resource: ends at column 14, before the (. Quote all of it, with \\\" for a quote within, or put a blank between two conditions.")]
    [InlineData("service=web", 0, 11, "service:web", "\"service=web\" at column 1 is written with a colon: service:web. To search for it as text, quote it.")]
    [InlineData("env:a duration>=100ms", 6, 15, "duration:>=100ms", "\"duration>=100ms\" at column 7 is written with a colon: duration:>=100ms. To search for it as text, quote it.")]
    [InlineData("status!=error", 0, 13, "-status:error", "\"status!=error\" at column 1 is written with a colon: -status:error. To search for it as text, quote it.")]
    [InlineData("@http.status_code==500", 0, 22, "@http.status_code:500", "\"@http.status_code==500\" at column 1 is written with a colon: @http.status_code:500. To search for it as text, quote it.")]
    [InlineData("resource=\"GET /\"", 0, 9, "resource:", "\"resource=\" at column 1 is written with a colon: resource:…. To search for it as text, quote it.")]
    [InlineData("\"a\":b", 0, 3, "@\"a\"", "A key stands without quotes; column 1. A tag's key may have them after the @: @\"a\":value.")]
    public void Says_where_what_and_what_to_do_next(string typed, int start, int length, string? suggestion, string sentence)
    {
        Assert.False(TraceFilterParser.TryParse(typed, out var filter, out var error));

        Assert.Equal(sentence, error.Message);
        Assert.Equal(new TextRange(start, length), error.At);
        Assert.Equal(suggestion, error.Suggestion);
        Assert.True(filter.IsEmpty);
    }

    [Fact]
    public void Points_at_the_wrong_part() =>
        Assert.Equal("env:a servise:b\n      ^^^^^^^", Assert.Throws<QueryTextException>(() => TraceFilterParser.Parse("env:a servise:b")).Point("env:a servise:b"));

    [Fact]
    public void Refuses_what_is_too_long_or_too_deep()
    {
        Assert.StartsWith("The search has 5000 characters; at most 4096", Assert.Throws<QueryTextException>(() => TraceFilterParser.Parse(new string('a', 5000))).Message, StringComparison.Ordinal);
        Assert.StartsWith("More than 32 levels", Assert.Throws<QueryTextException>(() => TraceFilterParser.Parse(new string('(', 2000))).Message, StringComparison.Ordinal);
        Assert.StartsWith("More than 32 levels", Assert.Throws<QueryTextException>(() => TraceFilterParser.Parse(string.Concat(Enumerable.Repeat("NOT ", 500)) + "a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_or_refuses_any_text_and_prints_what_it_read_so_that_it_reads_back()
    {
        string[] pieces = ["service:", "@a", ":", "*", "\"", "\\", "(", ")", "-", " ", "OR", "AND", "NOT", ">", "=", "1.5s", "duration:", "status:error", "x", "é", "@", "<=2", "\t", "[", "]", "{", "}", " TO ", "\\ ", "\\:", "!", "not", "7", "service=", "@a>"];
        Gen.Int[0, pieces.Length - 1].Array[0, 12].Select(chosen => string.Concat(chosen.Select(at => pieces[at]))).Sample(text =>
        {
            if (!TraceFilterParser.TryParse(text, out var filter, out _)) return;
            Assert.Equal(filter.ToString(), TraceFilterParser.Parse(filter.ToString()).ToString());
        }, iter: 20_000);
    }

    [Fact]
    public void Tells_its_simple_conditions()
    {
        var filter = TraceFilterParser.Parse("service:web env:prod name:a resource:\"GET /\" status:error duration:>=1ms duration:<2s @k:v* hello");

        Assert.Equal(("web", "prod", "a", "GET /", "hello"), (filter.Service, filter.Env, filter.Name, filter.Resource, filter.Text));
        Assert.True(filter.IsError);
        Assert.Equal((1_000_000L, 2_000_000_000L), (filter.MinDurationNanos, filter.MaxDurationNanos));
        Assert.Equal([new("k", "v*")], filter.Tags);
    }

    [Fact]
    public void Is_changed_by_clicks()
    {
        var filter = TraceFilter.Empty.With("service", "web").With("service", "api").With("@q", "SELECT * FROM \"t\"").With("env", "dev", isNegated: true)
            .WithDuration(1_000_000, null).WithText(" a b ");

        Assert.Equal("service:api @q:\"SELECT \\* FROM \\\"t\\\"\" -env:dev duration:>=1ms \"a b\"", filter.ToString());
        Assert.Equal("service:api -env:dev", filter.Without("@q").WithDuration(null, null).WithText("").ToString());
        Assert.Equal(filter, filter.With("env", "dev", isNegated: true).WithDuration(1_000_000, null).WithText("a b"), FilterSets.Same);
        Assert.Equal("service:api (operation:x OR resource:x)", TraceFilter.Empty.With("service", "api").And(TraceFilter.Empty.With("operation", "x").Or(TraceFilter.Empty.With("resource", "x"))).ToString());
        Assert.Throws<QueryTextException>(() => filter.With("status", "broken"));
    }

    /// <summary>Same conditions in any order.</summary>
    sealed class FilterSets : IEqualityComparer<TraceFilter>
    {
        public static readonly FilterSets Same = new();

        public bool Equals(TraceFilter? left, TraceFilter? right) => Texts(left!).SetEquals(Texts(right!));
        public int GetHashCode(TraceFilter filter) => 0;

        static HashSet<string> Texts(TraceFilter filter) => [.. filter.Conditions.Select(condition => condition.ToString())];
    }
}
