using System.Globalization;
using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>Reads what follows a query with a dot.</summary>
static class ModifierParser
{
    /// <summary>Reads from behind the dot to the closing parenthesis.</summary>
    /// <exception cref="QueryTextException">It is no modifier.</exception>
    public static Modifier Read(QueryLexer lexer, QueryToken dot, out TextRange last)
    {
        var name = lexer.Next();
        if (name.Kind != QueryTokenKind.Word) throw MetricQueryParser.Unexpected(lexer.Text, name, "a modifier after the dot, such as .as_count()");
        if (!Modifier.Names.Contains(name.Text))
        {
            var nearest = NearestWord.Find(name.Text, Modifier.Names);
            throw new QueryTextException(
                $"Unknown modifier \"{name.Text}\" at column {name.At.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", Modifier.Names)}.",
                name.At, nearest);
        }
        var open = lexer.Next();
        if (!open.Is('(')) throw MetricQueryParser.Unexpected(lexer.Text, open, $"\"(\" after .{name.Text}");
        var arguments = Arguments(lexer, name, out last);
        var at = TextRange.Join(dot.At, last);
        return name.Text switch
        {
            Modifier.Rollup => Rollup(arguments, at),
            Modifier.Fill => Fill(arguments, at),
            _ when arguments.Count == 0 => new Modifier(name.Text, null, null, at),
            _ => throw new QueryTextException($"\"{arguments[0].Text}\" at column {arguments[0].At.Column}; expected \")\": .{name.Text}() takes nothing.", arguments[0].At),
        };
    }

    static List<QueryToken> Arguments(QueryLexer lexer, QueryToken name, out TextRange last)
    {
        var arguments = new List<QueryToken>();
        var next = lexer.Next();
        while (!next.Is(')'))
        {
            if (next.Kind is not (QueryTokenKind.Word or QueryTokenKind.Number or QueryTokenKind.Quoted)) throw MetricQueryParser.Unexpected(lexer.Text, next, $"what .{name.Text}() takes, or \")\"");
            arguments.Add(next);
            if (arguments.Count > 2) throw new QueryTextException($"\"{next.Text}\" at column {next.At.Column} is one too many: .{name.Text}() takes at most two arguments.", next.At);
            next = lexer.Next();
            if (next.Is(',')) next = lexer.Next();
            else if (!next.Is(')')) throw MetricQueryParser.Unexpected(lexer.Text, next, "a comma or \")\"");
        }
        last = next.At;
        return arguments;
    }

    static Modifier Rollup(List<QueryToken> arguments, TextRange at)
    {
        if (arguments.Count == 0) throw new QueryTextException($"\".rollup()\" at column {at.Column} needs a method, seconds, or both, such as .rollup(sum, 3600).", at);
        if (arguments is [{ Kind: QueryTokenKind.Number } only]) return new Modifier(Modifier.Rollup, null, Seconds(only, Modifier.MaxRollupSeconds), at);
        var method = Method(arguments[0], Modifier.RollupMethods, "rollup method");
        return new Modifier(Modifier.Rollup, method, arguments.Count > 1 ? Seconds(arguments[1], Modifier.MaxRollupSeconds) : null, at);
    }

    static Modifier Fill(List<QueryToken> arguments, TextRange at)
    {
        if (arguments.Count == 0) throw new QueryTextException($"\".fill()\" at column {at.Column} needs a method: {string.Join(", ", Modifier.FillMethods)}.", at);
        return new Modifier(Modifier.Fill, Method(arguments[0], Modifier.FillMethods, "fill method"), arguments.Count > 1 ? Seconds(arguments[1], Modifier.MaxFillSeconds) : null, at);
    }

    static string Method(QueryToken word, IReadOnlyList<string> methods, string what)
    {
        var name = word.Text.ToLowerInvariant();
        if (methods.Contains(name)) return name;
        var nearest = NearestWord.Find(name, methods);
        throw new QueryTextException($"Unknown {what} \"{word.Text}\" at column {word.At.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", methods)}.", word.At, nearest);
    }

    static int Seconds(QueryToken number, int most) =>
        int.TryParse(number.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds >= 1 && seconds <= most
            ? seconds
            : throw new QueryTextException($"\"{number.Text}\" at column {number.At.Column} must be whole seconds from 1 to {most}.", number.At);
}
