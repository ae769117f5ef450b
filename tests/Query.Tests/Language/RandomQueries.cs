using CsCheck;

namespace Apm.Query.Tests.Language;

/// <summary>Texts made by the grammar of metrics-monitors §5.1, with what is legal in odd places.</summary>
static class RandomQueries
{
    static readonly Gen<string> Key = OneOf("a", "host", "env.x", "resource_name", "team-x");
    static readonly Gen<string> Value = OneOf("1", "box-*", "*-trace", "*", "GET /user/{id}", "\"x, \\\"y\\\"\"", "'single'", "http://h:1", "a:b:c", "$v", "f(x)");
    static readonly Gen<string> Item = Gen.Select(Gen.Bool, Key, Value, Gen.Int[0, 5], (isNegated, key, value, kind) => (isNegated ? "!" : "") + kind switch { 0 => "bare", 1 => "$var", _ => $"{key}:{value}" });
    static readonly Gen<string> Symbols = Item.Array[1, 4].Select(items => string.Join(',', items));
    static readonly Gen<string> Words = Gen.Recursive<string>((depth, inner) => depth > 3 ? Item : Gen.OneOf(
        Item,
        Gen.Select(inner, inner, OneOf(" AND ", " or "), (left, right, word) => left + word + right),
        inner.Select(scope => $"NOT ({scope})"),
        Gen.Select(Key, Gen.Bool, (key, isNegated) => $"{key} {(isNegated ? "NOT IN" : "in")} (x, \"y, z\", w*)")));
    static readonly Gen<string> Scope = Gen.OneOf(Gen.Const("*"), Gen.Const(""), Symbols, Words);
    static readonly Gen<string> Modifiers = OneOf("", ".as_count()", ".as_rate().rollup(sum, 60)", ".rollup('max')", " . rollup(30).fill(last, 10)", ".fill(null)", ".weighted()");
    static readonly Gen<string> Metric = Gen.Select(OneOf("", "avg:", "SUM:", "p99.9:"), Scope, OneOf("", " by {a}", "by{ a , b }"), Modifiers, (aggregator, scope, by, modifiers) => $"{aggregator}m.x{{{scope}}}{by}{modifiers}");
    static readonly Gen<string> Argument = OneOf("", ", 5", ", -2.5", ", 'text'", ", word", ", {a,b}", ", k=1", ", k='v', j=w", ", 1w");

    static readonly Gen<string> Query = Gen.Recursive<string>((depth, inner) => depth > 3 ? Metric : Gen.OneOf(
        Metric, OneOf("1", "2.50", "1e21", "0.001"),
        Gen.Select(inner, inner, OneOf("+", " - ", "*", " / "), (left, right, sign) => left + sign + right),
        inner.Select(query => $"({query})"), inner.Select(query => "-" + query),
        Gen.Select(inner, Argument, Modifiers, (query, argument, modifiers) => $"f_1({query}{argument}){modifiers}")));

    static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(at => texts[at]);

    public static Gen<string> Text { get; } = Query.Array[1, 3].Select(queries => string.Join(" , ", queries));
}
