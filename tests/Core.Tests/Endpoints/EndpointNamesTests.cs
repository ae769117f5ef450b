using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.TestKit;

namespace Apm.Core.Tests.Endpoints;

public sealed class EndpointNamesTests : IDisposable
{
    readonly MemoryDocuments _documents = new();
    readonly Counters _counters = new();

    [Theory]
    [InlineData("GET /users/42", "GET /users/{id}")]
    [InlineData("GET /users/42/orders/7?page=2", "GET /users/{id}/orders/{id}")]
    [InlineData("GET /users/42/", "GET /users/{id}/")]
    [InlineData("GET /cart;jsessionid=8A1B/items", "GET /cart/items")]
    [InlineData("GET /users/{id}", "GET /users/{id}")]
    [InlineData("GET /health?full=1", "GET /health")]
    [InlineData("GET /", "GET /")]
    [InlineData("POST https://api.stripe.com/v1/charges/ch_3MqLiJ2eZvKYlo2C", "POST https://api.stripe.com/v1/charges/{id}")]
    [InlineData("http://user:pass@shop:8080/p/550e8400-e29b-41d4-a716-446655440000?q", "http://shop:8080/p/{uuid}")]
    [InlineData("SELECT 1", "SELECT 1")]
    [InlineData("GET /a/b/c/d/e/f/g/h/i/j/k/l/m/n", "GET /a/b/c/d/e/f/g/h/i/j/k/l/{rest}")]
    public void Names_by_their_look(string raw, string expected) => Assert.Equal(expected, Names().TemplateOf("web", raw));

    [Fact]
    public void Names_of_people_become_a_placeholder_and_routes_beside_them_stay()
    {
        var names = Names();
        for (var i = 0; i < 500; i++)
        {
            names.TemplateOf("web", $"GET /api/profile/{Person(i)}");
            if (i % 10 == 0) names.TemplateOf("web", "GET /api/profile/yours"); // Called often: a route, though no common word.
        }

        Assert.Equal("GET /api/profile/{value}", names.TemplateOf("web", "GET /api/profile/zacharias"));
        Assert.Equal("GET /api/profile/yours", names.TemplateOf("web", "GET /api/profile/yours"));
        Assert.Equal("GET /api/profile/settings", names.TemplateOf("web", "GET /api/profile/settings")); // A common word, never seen before.
        Assert.Equal("GET /api/profile/{value}/posts/{id}", names.TemplateOf("web", "GET /api/profile/zacharias/posts/7"));
    }

    [Fact]
    public void Many_routes_that_are_called_again_and_again_stay_themselves()
    {
        var names = Names();
        var chance = new Random(1);
        for (var i = 0; i < 2_000; i++) names.TemplateOf("web", $"GET /api/v1/{Resource((int)(60 * Math.Pow(chance.NextDouble(), 2)))}");

        Assert.All(Enumerable.Range(0, 60), i => Assert.Equal($"GET /api/v1/{Resource(i)}", names.TemplateOf("web", $"GET /api/v1/{Resource(i)}")));
    }

    [Fact]
    public void Each_service_learns_for_itself()
    {
        var names = Names();
        for (var i = 0; i < 100; i++) names.TemplateOf("web", $"GET /a/b/{Person(i)}");

        Assert.Equal("GET /a/b/{value}", names.TemplateOf("web", "GET /a/b/zoe"));
        Assert.Equal("GET /a/b/zoe", names.TemplateOf("shop", "GET /a/b/zoe"));
    }

    [Fact]
    public void A_template_tells_its_rule_and_examples_and_how_many_names_it_stands_for()
    {
        var names = Names();
        for (var i = 0; i < 1_204; i++) names.TemplateOf("web", $"GET /user/{i}");
        for (var i = 0; i < 1_204; i++) names.TemplateOf("web", $"GET /user/{i}"); // Again: no new names.

        var template = Assert.Single(names.Templates("web"));

        Assert.Equal("GET /user/{id}", template.Name);
        Assert.Equal([new PathRule("/user/{id}", "{id}: looks like an id (digits, hex or a mix of letters and digits)")], template.Rules);
        Assert.InRange(template.RawNameCount, 1_150, 1_260);
        Assert.Equal(10, template.Examples.Count);
        Assert.Equal("GET /user/0", template.Examples[0]);
    }

    [Fact]
    public void What_was_learnt_and_decided_survives_a_restart()
    {
        var names = Names();
        for (var i = 0; i < 100; i++) names.TemplateOf("web", $"GET /api/profile/{Person(i)}");
        names.TemplateOf("web", "GET /item/7");
        names.Decide("web", new TemplateOverride("/item/{id}", TemplateDecision.KeepApart));
        names.Save(everything: true);

        var after = Names();

        Assert.Equal("GET /api/profile/{value}", after.TemplateOf("web", "GET /api/profile/zoe"));
        Assert.Equal("GET /item/8", after.TemplateOf("web", "GET /item/8"));
        Assert.Equal(names.Templates("web").Select(template => template.Name), after.Templates("web").Select(template => template.Name));
    }

    [Theory]
    [InlineData("42", "a-title-of-five-words", "{id}")]  // Whichever came first names both.
    [InlineData("a-title-of-five-words", "42", "{value}")]
    [InlineData("{id}", "a-title-of-five-words", "{id}")]
    [InlineData("a-title-of-five-words", "{id}", "{value}")]
    public void Ids_and_values_of_one_parameter_have_one_name_also_after_a_restart(string first, string second, string placeholder)
    {
        var names = Names();
        foreach (var segment in new[] { first, second, "43", "another-title-of-five-words" }) Assert.Equal($"GET /blog/{placeholder}/x", names.TemplateOf("web", $"GET /blog/{segment}/x"));
        for (var i = 0; i < 100; i++) names.TemplateOf("web", $"GET /blog/{Person(i)}/x"); // And so have words.
        Assert.Equal($"GET /blog/{placeholder}/x", names.TemplateOf("web", "GET /blog/zoe/x"));
        names.Save(everything: true);

        var after = Names();
        foreach (var segment in new[] { second, first, "zoe", "44" }) Assert.Equal($"GET /blog/{placeholder}/x", after.TemplateOf("web", $"GET /blog/{segment}/x"));
    }

    [Fact]
    public void What_was_given_out_before_a_place_was_folded_is_known_to_fall_under_the_template()
    {
        var names = Names();
        var given = Enumerable.Range(0, 100).Select(i => names.TemplateOf("web", $"GET /api/profile/{Person(i)}/posts")).Where(name => name != "GET /api/profile/{value}/posts").ToList();
        names.TemplateOf("web", "GET /api/profile/settings");
        Assert.InRange(given.Count, 10, 40);

        Assert.All(given, name => Assert.Equal("GET /api/profile/{value}/posts", names.FoldedLater("web")[name]));
        Assert.Equal(given.Count, names.FoldedLater("web").Count);

        names.Save(everything: true);
        Assert.Equal(given.Order(StringComparer.Ordinal), Names().FoldedLater("web").Keys.Order(StringComparer.Ordinal));
        names.Decide("web", new TemplateOverride("/api/profile/{value}", TemplateDecision.KeepApart)); // Somebody undoes it.
        Assert.Empty(names.FoldedLater("web"));
    }

    [Fact]
    public void A_decision_holds_for_names_from_then_on_and_can_be_taken_back()
    {
        var names = Names();
        Assert.Equal("GET /user/{id}/posts", names.TemplateOf("web", "GET /user/42/posts"));

        names.Decide("web", new TemplateOverride("/user/{id}", TemplateDecision.KeepApart));
        Assert.Equal("GET /user/42/posts", names.TemplateOf("web", "GET /user/42/posts"));

        names.Decide("web", new TemplateOverride("/user/{id}", TemplateDecision.Default));
        Assert.Equal("GET /user/{id}/posts", names.TemplateOf("web", "GET /user/42/posts"));
        Assert.Empty(names.Overrides("web"));
    }

    [Fact]
    public void Somebody_can_fold_a_place_and_keep_one_word_of_it()
    {
        var names = Names();
        names.TemplateOf("web", "GET /shop/shoes");

        names.Decide("web", new TemplateOverride("/shop/{value}", TemplateDecision.Fold));
        names.Decide("web", new TemplateOverride("/shop/outlet", TemplateDecision.KeepApart));

        Assert.Equal("GET /shop/{value}", names.TemplateOf("web", "GET /shop/shoes"));
        Assert.Equal("GET /shop/{value}", names.TemplateOf("web", "GET /shop/hats"));
        Assert.Equal("GET /shop/outlet", names.TemplateOf("web", "GET /shop/outlet"));
    }

    [Fact]
    public void A_place_that_was_folded_is_kept_apart_when_somebody_says_so()
    {
        var names = Names();
        for (var i = 0; i < 100; i++) names.TemplateOf("web", $"GET /u/p/{Person(i)}");

        names.Decide("web", new TemplateOverride("/u/p/{value}", TemplateDecision.KeepApart));

        Assert.Equal("GET /u/p/zoe", names.TemplateOf("web", "GET /u/p/zoe"));
    }

    [Theory]
    [InlineData("users", TemplateDecision.KeepApart, "The path \"users\" names no place. Write it as the template shows it, without method, up to the segment that is meant: /users/{id}.")]
    [InlineData("/shop/shoes", TemplateDecision.Fold, "To give all that stands at one place one name, end the path in {value}: /shop/{value}.")]
    public void A_decision_that_cannot_be_taken_says_why(string path, TemplateDecision decision, string message)
    {
        var names = Names();
        names.TemplateOf("web", "GET /shop/shoes");

        Assert.Equal(message, Assert.Throws<TemplateOverrideException>(() => names.Decide("web", new TemplateOverride(path, decision))).Message);
    }

    [Fact]
    public void Paths_of_any_depth_and_number_stay_within_the_limits()
    {
        var names = Names();
        var chance = new Random(7);
        for (var i = 0; i < 30_000; i++)
            names.TemplateOf($"s{i % 700}", "GET /" + string.Join('/', Enumerable.Range(0, chance.Next(1, 20)).Select(_ => Person(chance.Next(400)))));

        Assert.InRange(names.NodeCount, 1, TemplateLimits.MaxNodes);
        Assert.Equal(TemplateLimits.MaxServices, names.Services().Count);
        Assert.True(_counters.Read("endpoint_services_over_limit") > 0);
    }

    [Fact]
    public async Task Many_threads_get_the_same_names()
    {
        var names = Names();
        for (var i = 0; i < 100; i++) names.TemplateOf("web", $"GET /api/profile/{Person(i)}");

        await Parallel.ForAsync(0, 8, (thread, _) =>
        {
            var chance = new Random(thread);
            for (var i = 0; i < 2_000; i++) Assert.Equal("GET /api/profile/{value}", names.TemplateOf("web", $"GET /api/profile/{Person(1_000 + chance.Next(5_000))}"));
            return ValueTask.CompletedTask;
        });
    }

    public void Dispose() => _documents.Dispose();

    EndpointNames Names() => new(_documents, _counters);

    /// <summary>A made-up name of letters alone, so that no look gives it away.</summary>
    static string Person(int number)
    {
        string[] syllables = ["ka", "lo", "mi", "ren", "su", "ta", "vel", "wen", "xo", "zi", "bra", "dun"];
        var name = "";
        for (var left = number + 12; left > 0; left /= 12) name += syllables[left % 12];
        return name;
    }

    static string Resource(int number) => $"{Person(number + 300)}s";
}
