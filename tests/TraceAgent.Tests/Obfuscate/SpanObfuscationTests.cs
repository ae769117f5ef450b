using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Tests.Obfuscate;

/// <summary>Which field of which span is treated, through the normaliser, with the settings as they are by default unless said.</summary>
public class SpanObfuscationTests
{
    readonly Counters _counters = new();

    [Theory]
    [InlineData("sql")]
    [InlineData("cassandra")]
    public void A_statement_is_hidden_in_the_resource_and_in_every_tag_that_repeats_it(string type)
    {
        var span = Only(Some.Span(type: type, resource: "SELECT a FROM b WHERE c = 42", tags: [("sql.query", "SELECT 'raw'"), ("db.statement", "SELECT a FROM b WHERE c = 42"), ("db.query.text", "SELECT 7")]));

        Assert.Equal("SELECT a FROM b WHERE c = ?", span.Resource);
        Assert.Equal(("SELECT a FROM b WHERE c = ?", "SELECT a FROM b WHERE c = ?", "SELECT ?"), (span.Tags["sql.query"], span.Tags["db.statement"], span.Tags["db.query.text"]));
    }

    [Fact]
    public void The_statement_is_also_set_as_a_tag_where_there_was_none_and_the_other_tags_stay()
    {
        var spans = All(
            Some.Span(id: 1, type: "sql", resource: "SELECT 1", tags: [("a", "1"), ("b", "2")]),
            Some.Span(id: 2, parent: 1, type: "web", resource: "SELECT 1", tags: [("c", "3")]),
            Some.Span(id: 3, parent: 1, type: "sql", resource: "SELECT 1", tags: [("d", "4")]));

        Assert.Equal(["a=1 b=2 sql.query=SELECT ?", "c=3", "d=4 sql.query=SELECT ?"], spans.Select(Tags));
        Assert.Equal("SELECT 1", spans[1].Resource); // Only spans of a database are read as SQL.
    }

    [Fact]
    public void A_statement_that_cannot_be_read_is_replaced_and_counted()
    {
        var span = Only(Some.Span(type: "sql", resource: "SELECT 'secret"));

        Assert.Equal(("Non-parsable SQL query", "Non-parsable SQL query"), (span.Resource, span.Tags["sql.query"]));
        Assert.Equal(1, _counters.Read("spans_repaired", "sql_unparsable"));
    }

    [Fact]
    public void A_statement_beyond_the_limit_is_replaced_and_counted()
    {
        var span = Only(Some.Span(type: "sql", resource: "SELECT aaaaaaaaaa"), new ObfuscationSettings { MaxStatementBytes = 16 });

        Assert.Equal("Non-parsable SQL query", span.Resource);
        Assert.Equal(1, _counters.Read("spans_repaired", "sql_too_long"));
    }

    [Fact]
    public void Values_are_hidden_before_a_long_statement_is_cut()
    {
        var span = Only(Some.Span(type: "sql", resource: "SELECT a FROM b WHERE c IN (" + string.Join(", ", Enumerable.Range(0, 3_000)) + ")"));

        Assert.Equal("SELECT a FROM b WHERE c IN ( ? )", span.Resource);
        Assert.Equal(0, _counters.Read("spans_repaired"));
    }

    [Theory]
    [InlineData("db.type", "postgres", "select a #> ? from b")]
    [InlineData("db.system", "postgresql", "select a #> ? from b")]
    [InlineData("db.system.name", "postgresql", "select a #> ? from b")]
    [InlineData("db.type", "oracle", "select a")]
    public void The_dialect_comes_from_the_span(string key, string system, string expected) =>
        Assert.Equal(expected, Only(Some.Span(type: "sql", resource: "select a #> '{x}' from b", tags: [(key, system)])).Resource);

    [Theory]
    [InlineData("redis", "redis.raw_command")]
    [InlineData("valkey", "valkey.raw_command")]
    public void Redis_commands(string type, string key)
    {
        var span = Some.Span(type: type, resource: "SET key secret", tags: [(key, "SET key secret"), ("db.statement", "SET key secret")]);

        var hidden = Only(span);
        var shown = Only(span, new ObfuscationSettings { RedisEnabled = false, ValkeyEnabled = false });
        var bare = Only(span, new ObfuscationSettings { RedisRemoveAllArguments = true, ValkeyRemoveAllArguments = true });

        Assert.Equal(("SET", "SET key ?", "SET key ?"), (hidden.Resource, hidden.Tags[key], hidden.Tags["db.statement"]));
        Assert.Equal(("SET", "SET key secret"), (shown.Resource, shown.Tags[key]));
        Assert.Equal("SET ?", bare.Tags[key]);
    }

    [Fact]
    public void Memcached_commands()
    {
        var span = Some.Span(type: "memcached", resource: "set", tags: [("memcached.command", "set key 0 60 6\r\nsecret")]);

        Assert.Equal("", Only(span).Tags["memcached.command"]);
        Assert.Equal("set key 0 60 6", Only(span, new ObfuscationSettings { MemcachedKeepCommand = true }).Tags["memcached.command"]);
        Assert.Equal("set key 0 60 6\r\nsecret", Only(span, new ObfuscationSettings { MemcachedEnabled = false }).Tags["memcached.command"]);
    }

    [Theory]
    [InlineData("mongodb", "mongodb.query")]
    [InlineData("elasticsearch", "elasticsearch.body")]
    [InlineData("opensearch", "opensearch.body")]
    public void Documents(string type, string key)
    {
        const string Document = """{"name": "secret"}""";
        var span = Some.Span(type: type, resource: Document, tags: [(key, Document), ("db.statement", Document)]);
        var off = new JsonObfuscationSettings { Enabled = false };

        var hidden = Only(span);

        Assert.Equal(("""{"name":"?"}""", """{"name":"?"}""", """{"name":"?"}"""), (hidden.Resource, hidden.Tags[key], hidden.Tags["db.statement"]));
        Assert.Equal(Document, Only(span, new ObfuscationSettings { MongoDb = off, Elasticsearch = off, OpenSearch = off }).Tags[key]);
    }

    [Theory]
    [InlineData("http", "http://foo.com/7?q=1")]
    [InlineData("web", "http://foo.com/7?q=1")]
    [InlineData("custom", "http://me:pw@foo.com/7?q=1")]
    public void A_url_loses_its_user(string type, string expected) =>
        Assert.Equal(expected, Only(Some.Span(type: type, tags: [("http.url", "http://me:pw@foo.com/7?q=1")])).Tags["http.url"]);

    [Fact]
    public void A_url_loses_query_and_digits_when_asked() =>
        Assert.Equal("http://foo.com/??", Only(Some.Span(tags: [("http.url", "http://foo.com/7?q=1")]), new ObfuscationSettings { HttpRemoveQueryString = true, HttpRemovePathsWithDigits = true }).Tags["http.url"]);

    /// <summary>The vectors of trace-intake §5.6, and the keys that are never looked at.</summary>
    [Theory]
    [InlineData("card.number", "5105-1051-0510-5100", "?")]
    [InlineData("card.number", "not-a-cc", "not-a-cc")]
    [InlineData("_dd.test", "5105-1051-0510-5100", "5105-1051-0510-5100")]
    [InlineData("sql.query", "5105-1051-0510-5100", "5105-1051-0510-5100")]
    [InlineData("account_id", "5105-1051-0510-5100", "5105-1051-0510-5100")]
    [InlineData("kept", "5105-1051-0510-5100", "5105-1051-0510-5100")]
    public void Card_numbers(string key, string value, string expected) =>
        Assert.Equal(expected, Only(Some.Span(tags: [(key, value)]), new ObfuscationSettings { CreditCardsKeepValues = ["kept"] }).Tags[key]);

    [Fact]
    public void Card_numbers_stay_when_asked() =>
        Assert.Equal("4111111111111111", Only(Some.Span(tags: [("card", "4111111111111111")]), new ObfuscationSettings { CreditCardsEnabled = false }).Tags["card"]);

    [Fact]
    public void Card_numbers_in_events_are_hidden_wherever_an_attribute_may_have_one()
    {
        const string Events = """[{"name":"pay","time_unix_nano":1764090000000000000,"attributes":{"s":"4111 1111 1111 1111","i":4111111111111111,"b":true,"a":[4111111111111111,5,"é"],"env":"4111111111111111"}}]""";

        var events = Only(Some.Span(tags: [("events", Events)])).Tags["events"];

        Assert.Equal("""[{"name":"pay","time_unix_nano":1764090000000000000,"attributes":{"s":"?","i":"?","b":true,"a":["?",5,"é"],"env":"4111111111111111"}}]""", events);
    }

    [Theory]
    [InlineData("""[{"attributes":{"s":"4111111111111111"}""")]
    [InlineData("""{"s":"4111111111111111"}""")]
    [InlineData("""[{"attributes":{"\ud800":"4111111111111111"}}]""")]
    [InlineData("""["4111111111111111", {"attributes": 4111111111111111}]""")]
    public void Events_that_cannot_be_read_stay(string events) => Assert.Equal(events, Only(Some.Span(tags: [("events", events)])).Tags["events"]);

    [Fact]
    public void Stack_traces_go_when_asked()
    {
        var span = Some.Span(tags: [("error.stack", "at x"), ("exception.stacktrace", "at y"), ("error.type", "E"), ("events", """[{"name":"e","attributes":{"exception.stacktrace":"at z"}}]""")]);

        Assert.Equal("at x", Only(span).Tags["error.stack"]);
        Assert.Equal("""error.stack=? error.type=E events=[{"name":"e","attributes":{"exception.stacktrace":"?"}}] exception.stacktrace=?""",
            Tags(Only(span, new ObfuscationSettings { RemoveStackTraces = true })));
    }

    [Fact]
    public void Rules_replace_in_resource_tags_numbers_and_events()
    {
        var rules = new ObfuscationSettings
        {
            ReplaceRules =
            [
                new ReplaceRule("*", "secret", "?"),
                new ReplaceRule("resource.name", "GET", "READ"),
                new ReplaceRule("custom.tag", "(/foo/bar/).*", "${1}extra"),
                new ReplaceRule("count", "7", "x"),
                new ReplaceRule("size", "1", "2"),
                new ReplaceRule("_named", "a", "b"),
            ],
        };

        var span = Only(Some.Span(resource: "GET /secret", tags:
            [("custom.tag", "/foo/bar/foo"), ("other", "my secret"), ("_hidden", "secret"), ("_named", "a"), ("env", "prod"), ("events", """[{"name":"secret","attributes":{"a":"secret"}}]""")],
            numbers: [("count", 17), ("size", 1.5), ("plain", 3)]), rules);

        Assert.Equal("READ /?", span.Resource);
        Assert.Equal("""_hidden=secret _named=b count=1x custom.tag=/foo/bar/extra env=prod events=[{"name":"secret","attributes":{"a":"?"}}] other=my ?""", Tags(span));
        Assert.Equal(2.5, span.Numbers["size"]);
        Assert.Equal(3, span.Numbers["plain"]);
        Assert.False(span.Numbers.ContainsKey("count"));
    }

    [Fact]
    public void What_a_rule_made_of_the_environment_holds_for_the_chunk()
    {
        var rules = new ObfuscationSettings { ReplaceRules = [new ReplaceRule("env", "^prod-.*", "prod")] };

        Assert.Equal("prod", Only(Some.Span(tags: [("env", "prod-eu-17")]), rules).Env);
    }

    [Fact]
    public void A_batch_without_anything_to_hide_has_nothing_to_do()
    {
        var batch = Some.Batch(Some.Span(service: "shop", type: "custom", tags: [("http.url", "http://me:pw@foo.com"), ("user.id", "123")]));

        Assert.True(new Obfuscator(new ObfuscationSettings()).Begin(batch).IsIdle);
    }

    [Fact]
    public void Any_spans_pass()
    {
        string[] types = ["sql", "redis", "memcached", "mongodb", "http", "web", "custom", "elasticsearch", ""];
        string[] texts = ["SELECT 'x", "SET k v", "{\"a\":1}", "[{\"attributes\":{\"a\":[4111111111111111]}}]", "http://a:b@c/1", "4111111111111111", "", "é", "?", "prod"];
        string[] keys = ["sql.query", "db.statement", "redis.raw_command", "memcached.command", "mongodb.query", "http.url", "events", "error.stack", "env", "db.type", "x"];
        var settings = new ObfuscationSettings { RemoveStackTraces = true, HttpRemoveQueryString = true, ReplaceRules = [new ReplaceRule("*", "[a-z]", "$0$0")] };
        for (var seed = 0; seed < 2_000; seed++)
        {
            var chance = new Random(seed);
            var spans = Enumerable.Range(1, 5).Select(id => Some.Span(id: (ulong)id, type: types[chance.Next(types.Length)], resource: texts[chance.Next(texts.Length)],
                tags: [.. keys.Where(_ => chance.Next(3) == 0).Select(key => (key, texts[chance.Next(texts.Length)]))]));
            var batch = Some.Batch(spans);

            Normalize(batch, chance.Next(2) == 0 ? settings : new ObfuscationSettings());

            Assert.All(Enumerable.Range(0, batch.SpanCount).Select(batch.SpanAt), span => Assert.True(span.Tags.Count <= keys.Length && span.Resource.Length < 200, $"Seed {seed}"));
        }
    }

    Span Only(Span span, ObfuscationSettings? settings = null) => All([span], settings)[0];

    List<Span> All(params Span[] spans) => All(spans, null);

    List<Span> All(Span[] spans, ObfuscationSettings? settings)
    {
        var batch = Some.Batch(spans);
        Normalize(batch, settings ?? new ObfuscationSettings());
        return [.. Enumerable.Range(0, batch.SpanCount).Select(batch.SpanAt)];
    }

    void Normalize(SpanBatch batch, ObfuscationSettings settings) =>
        new SpanNormalizer(_counters, new NormalizeSettings { Obfuscation = settings }).Normalize(batch);

    static string Tags(Span span) => string.Join(' ', span.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));
}
