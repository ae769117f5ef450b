namespace Apm.Query.Tests.TraceQl;

/// <summary>Queries by chance, over the values that the random traces have.</summary>
sealed class RandomTraceQl(Random chance)
{
    public string Query() => Spansets(2) + Stage();

    /// <summary>Stages one after the other, of sets of spans that a set behind a pipe can narrow.</summary>
    public string Pipeline()
    {
        var text = chance.Next(3) == 0 ? $"{{ {Condition(0)} }} {Of(">", ">>", "<", "!>>", "~")} {Narrowing()}" : Narrowing();
        for (var stages = 1 + chance.Next(4); stages > 0; stages--) text += chance.Next(2) == 0 ? Stage() : $" | {Narrowing()}";
        return text;
    }

    /// <summary>Without conditions of the whole trace.</summary>
    string Narrowing() => $"{{ {Of("resource.service.name = \"web\"", "status != error", "span.n > 1", ".t = \"v1\"", "duration > 1ms", "duration <= 3ms", "true")} }}";

    string Spansets(int depth) => (depth > 0 ? chance.Next(8) : 0) switch
    {
        0 or 1 => Set(),
        2 => $"{Side(depth - 1)} && {Side(depth - 1)}",
        3 => $"{Side(depth - 1)} || {Side(depth - 1)}",
        4 => $"({Spansets(depth - 1)}{Stage()}) {Of("&&", "||", ">>", "!<<")} {Set()}",
        _ => $"{Side(depth - 1)} {Of(">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<", "&<<", "&~")} {Side(depth - 1)}",
    };

    string Side(int depth) => chance.Next(2) == 0 ? Set() : $"({Spansets(depth)})";

    string Set() => chance.Next(10) == 0 ? "{ }" : $"{{ {Condition(2)} }}";

    string Condition(int depth) => (depth > 0 ? chance.Next(14) : chance.Next(10)) switch
    {
        0 or 1 => $"resource.service.name {Of("=", "!=")} \"{Of("web", "api", "db", "cache")}\"",
        2 => $"duration {Of("=", "!=", "<", "<=", ">", ">=")} {chance.Next(6)}ms",
        3 => $"status {Of("=", "!=")} error",
        4 => $"span.n {Of("=", "!=", "<", "<=", ">", ">=")} {chance.Next(5)}",
        5 => $".t {Of("=", "!=", "=~", "!~")} \"v{chance.Next(4)}\"",
        6 => $".{Of("n", "t")} {Of("=", "!=")} nil",
        7 => $"nestedSetParent {Of("<", ">=")} 0",
        8 => $"rootServiceName {Of("=", "!=")} \"{Of("web", "api", "db", "cache")}\"",
        9 => $"traceDuration {Of("<", ">", ">=", "!=")} {chance.Next(20)}ms",
        10 => $"!({Condition(depth - 1)})",
        11 => $"({Condition(depth - 1)})",
        _ => $"{Condition(depth - 1)} {Of("&&", "||")} {Condition(depth - 1)}",
    };

    string Stage() => chance.Next(4) switch
    {
        0 => $" | count() {Of("=", "!=", "<", ">", ">=")} {chance.Next(4)}",
        1 => $" | {Of("avg", "min", "max", "sum")}({Of("duration) > 2ms", "duration) <= 3ms", "span.n) > 1", "span.n) != 2")}",
        _ => "",
    };

    string Of(params string[] choices) => choices[chance.Next(choices.Length)];
}
