using System.Globalization;

namespace Apm.Monitors.Messages;

/// <summary>
/// Arithmetic on variables in a message, <c>{{eval "round(value / 1024)"}}</c> (metrics-monitors §7.2):
/// <code>
/// sum = product *( ("+"|"-") product )    product = power *( ("*"|"/"|"%") power )    power = unary [ "^" power ]
/// unary = "-" unary | number | name | function "(" sum ")" | "(" sum ")"
/// </code>
/// </summary>
static class EvalExpression
{
    const int DeepestNesting = 50;

    static readonly Dictionary<string, Func<double, double>> Functions = new(StringComparer.Ordinal)
    {
        ["abs"] = Math.Abs, ["int"] = Math.Truncate, ["round"] = number => Math.Round(number, MidpointRounding.AwayFromZero), ["ceil"] = Math.Ceiling, ["floor"] = Math.Floor,
    };

    static readonly Dictionary<string, Func<double, string>> Humanizers = new(StringComparer.Ordinal)
    {
        ["humanize_bytes"] = number => Scaled(number, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]),
        ["humanize_duration"] = seconds => ValueText.Span((long)Math.Clamp(seconds, 0, 1e15)),
        ["humanize_percentage"] = number => ValueText.Of(number) + "%",
    };

    /// <summary>Its value as text; "" when a variable in it has no number, or it cannot be read.</summary>
    /// <param name="number">The number of a variable; null when it has none.</param>
    public static string Evaluate(string expression, Func<string, double?> number)
    {
        var text = expression.Trim();
        var humanizer = Humanizers.FirstOrDefault(pair => text.StartsWith(pair.Key + "(", StringComparison.Ordinal) && text.EndsWith(')'));
        try
        {
            if (humanizer.Key is not null) return new Reader(text[(humanizer.Key.Length + 1)..^1], number).ReadAll() is { } inner && double.IsFinite(inner) ? humanizer.Value(inner) : "";
            return new Reader(text, number).ReadAll() is { } value && double.IsFinite(value) ? ValueText.Of(value) : "";
        }
        catch (FormatException)
        {
            return "";
        }
    }

    /// <summary>What is wrong with it, in a sentence; null when nothing is.</summary>
    public static string? WhyWrong(string expression)
    {
        try
        {
            var text = expression.Trim();
            var name = Humanizers.Keys.FirstOrDefault(name => text.StartsWith(name + "(", StringComparison.Ordinal) && text.EndsWith(')'));
            new Reader(name is null ? text : text[(name.Length + 1)..^1], _ => 1).ReadAll();
            return null;
        }
        catch (FormatException wrong)
        {
            return $"\"{expression}\" cannot be worked out: {wrong.Message}";
        }
    }

    /// <summary>The variables in it.</summary>
    public static IReadOnlyList<string> VariablesOf(string expression)
    {
        var names = new List<string>();
        Evaluate(expression, name =>
        {
            names.Add(name);
            return 1;
        });
        return names;
    }

    static string Scaled(double number, double step, string[] units)
    {
        var i = 0;
        for (; Math.Abs(number) >= step && i < units.Length - 1; i++) number /= step;
        return $"{number.ToString("0.##", CultureInfo.InvariantCulture)} {units[i]}";
    }

    ref struct Reader(string text, Func<string, double?> number)
    {
        int _at;
        int _depth;

        public double? ReadAll()
        {
            var value = Sum();
            return Peek() == '\0' ? value : throw new FormatException($"\"{Peek()}\" at character {_at + 1} does not belong there.");
        }

        double? Sum()
        {
            var left = Product();
            while (Peek() is '+' or '-')
            {
                var isPlus = text[_at++] == '+';
                var right = Product();
                left = isPlus ? left + right : left - right;
            }
            return left;
        }

        double? Product()
        {
            var left = Power();
            while (Peek() is '*' or '/' or '%')
            {
                var sign = text[_at++];
                var right = Power();
                left = sign switch { '*' => left * right, '/' => left / right, _ => left % right };
            }
            return left;
        }

        double? Power()
        {
            var left = Unary();
            if (Peek() != '^') return left;
            _at++;
            return left is { } root && Power() is { } exponent ? Math.Pow(root, exponent) : null;
        }

        double? Unary()
        {
            if (++_depth > DeepestNesting) throw new FormatException("it is nested too deep.");
            try
            {
                switch (Peek())
                {
                    case '-':
                        _at++;
                        return -Unary();
                    case '(':
                        return Bracketed();
                    case '\0':
                        throw new FormatException("it ends where a number or a variable is expected.");
                }
                var start = _at;
                while (_at < text.Length && (char.IsLetterOrDigit(text[_at]) || text[_at] is '.' or '_' or '[' or ']')) _at++;
                if (_at == start) throw new FormatException($"\"{text[_at]}\" at character {_at + 1} does not belong there.");
                var word = text[start.._at];
                if (double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var constant)) return constant;
                if (Peek() != '(') return number(word.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal));
                if (!Functions.TryGetValue(word, out var function)) throw new FormatException($"there is no function {word}. There are: {string.Join(", ", Functions.Keys)}; and around it all {string.Join(", ", Humanizers.Keys)}.");
                return Bracketed() is { } argument ? function(argument) : null;
            }
            finally
            {
                _depth--;
            }
        }

        double? Bracketed()
        {
            _at++;
            var inner = Sum();
            if (Peek() != ')') throw new FormatException("a parenthesis is not closed.");
            _at++;
            return inner;
        }

        char Peek()
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
            return _at < text.Length ? text[_at] : '\0';
        }
    }
}
