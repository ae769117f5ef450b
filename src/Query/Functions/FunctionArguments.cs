using System.Globalization;
using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.Query.Functions;

/// <summary>The arguments of a call, each with its parameter. What does not fit is said with its place.</summary>
public sealed class FunctionArguments
{
    readonly QueryFunction _function;
    readonly Dictionary<string, QueryArgument> _given = new(StringComparer.Ordinal);

    FunctionArguments(QueryFunction function) => _function = function;

    /// <exception cref="QueryTextException">An argument is missing, one too many, or not what the function takes.</exception>
    public static FunctionArguments Bind(QueryFunction function, CallNode call)
    {
        var bound = new FunctionArguments(function);
        var places = function.Parameters.Where(parameter => !parameter.IsNamed).ToList();
        var place = 0;
        foreach (var argument in call.Arguments)
        {
            var parameter = argument is TextArgument { Name: { } name } ? Named(function, name, argument)
                : place < places.Count ? places[place++]
                : throw new QueryTextException($"The argument at column {argument.At.Column} is one too many: {function.Signature}.", argument.At);
            if (!bound._given.TryAdd(parameter.Name, argument)) throw new QueryTextException($"\"{parameter.Name}\" at column {argument.At.Column} is given twice.", argument.At);
            Check(function, parameter, argument);
        }
        foreach (var parameter in function.Parameters)
            if (parameter.Default is null && !bound._given.ContainsKey(parameter.Name))
                throw new QueryTextException($"{function.Name} at column {call.NameAt.Column} lacks \"{parameter.Name}\" ({parameter.Help}). Write {function.Signature}.", call.NameAt);
        return bound;
    }

    /// <summary>What was given for a parameter; null for nothing.</summary>
    internal QueryArgument? Of(string parameter) => _given.GetValueOrDefault(parameter);

    internal double Number(string name) => _given.TryGetValue(name, out var argument) ? NumberIn(argument)!.Value : double.Parse(Default(name), CultureInfo.InvariantCulture);

    internal string Text(string name)
    {
        var text = _given.TryGetValue(name, out var argument) ? ((TextArgument)argument).Text : Default(name);
        return Parameter(name).Choices.Count > 0 ? text.ToLowerInvariant() : text;
    }

    internal long Seconds(string name) => _given.TryGetValue(name, out var argument) ? SecondsIn(argument)!.Value : TextSeconds(Default(name))!.Value;

    string Default(string name) => Parameter(name).Default!;

    FunctionParameter Parameter(string name) => _function.Parameters.First(parameter => parameter.Name == name);

    static FunctionParameter Named(QueryFunction function, string name, QueryArgument argument)
    {
        if (function.Parameters.FirstOrDefault(parameter => parameter.Name == name) is { } parameter) return parameter;
        var nearest = NearestWord.Find(name, function.Parameters.Select(known => known.Name));
        throw new QueryTextException($"{function.Name} has no argument \"{name}\" (column {argument.At.Column})." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" Write {function.Signature}.", argument.At, nearest);
    }

    static void Check(QueryFunction function, FunctionParameter parameter, QueryArgument argument)
    {
        var at = argument.At;
        QueryTextException Wrong(string what) => new($"\"{parameter.Name}\" of {function.Name} at column {at.Column} must be {what}: {parameter.Help}.", at);
        switch (parameter.Kind)
        {
            case ParameterKind.Query:
                if (argument is not NodeArgument { Node: var node } || !node.MetricQueries.Any()) throw Wrong("a query such as avg:system.load.1{*}");
                break;
            case ParameterKind.Operand:
                if (argument is not NodeArgument) throw Wrong("a query or a number");
                break;
            case ParameterKind.OperandOrKeys:
                if (argument is not (NodeArgument or KeysArgument)) throw Wrong("a query, a number, or tag keys such as {host}");
                break;
            case ParameterKind.Keys:
                if (argument is not KeysArgument) throw Wrong("tag keys such as {host}");
                break;
            case ParameterKind.Number:
                if (NumberIn(argument) is not { } number) throw Wrong("a number");
                if (number < parameter.Least || number > parameter.Most) throw Wrong(string.Create(CultureInfo.InvariantCulture, $"from {parameter.Least} to {parameter.Most}"));
                break;
            case ParameterKind.Duration:
                if (SecondsIn(argument) is not { } seconds) throw Wrong("seconds, or a text such as '60m', '1d', '1w'");
                if (seconds < parameter.Least || seconds > parameter.Most) throw Wrong(string.Create(CultureInfo.InvariantCulture, $"from {parameter.Least} to {parameter.Most} seconds"));
                break;
            default:
                if (argument is not TextArgument text) throw Wrong("a word in quotes");
                if (parameter.Choices.Count > 0 && !parameter.Choices.Contains(text.Text.ToLowerInvariant()))
                {
                    var nearest = NearestWord.Find(text.Text, parameter.Choices);
                    throw new QueryTextException($"\"{text.Text}\" at column {at.Column} is not known as \"{parameter.Name}\" of {function.Name}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", parameter.Choices)}.", at, nearest);
                }
                break;
        }
    }

    static double? NumberIn(QueryArgument argument) => argument switch
    {
        NodeArgument node => node.Number,
        TextArgument text => text.Number,
        _ => null,
    };

    static long? SecondsIn(QueryArgument argument) =>
        NumberIn(argument) is { } number ? Math.Abs(number) <= MostSeconds ? (long)Math.Round(number) : null
        : argument is TextArgument text ? TextSeconds(text.Text) : null;

    /// <summary>100 years: more is no duration of a query.</summary>
    const double MostSeconds = 100.0 * 366 * 86_400;

    /// <summary><c>60m</c>, <c>-1d</c>, <c>3600</c>; null when it is none.</summary>
    static long? TextSeconds(string text)
    {
        if (text.Length == 0) return null;
        var unit = char.ToLowerInvariant(text[^1]) switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, 'w' => 604_800, _ => 0 };
        return double.TryParse(unit == 0 ? text : text[..^1], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) * Math.Max(1, unit) <= MostSeconds
            ? (long)Math.Round(number * Math.Max(1, unit))
            : null;
    }
}
