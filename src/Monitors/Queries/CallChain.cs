using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>A call of a chain such as <c>.over("env:prod").by("host").last(4)</c>.</summary>
/// <param name="Arguments">Texts and numbers, as texts, in order.</param>
sealed record ChainCall(string Name, TextRange At, IReadOnlyList<ChainArgument> Arguments)
{
    /// <summary>Its arguments, each cut at its commas.</summary>
    public IReadOnlyList<string> Listed => [.. Arguments.SelectMany(argument => argument.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    /// <summary>The one argument.</summary>
    /// <exception cref="MonitorQueryException">There are more or none.</exception>
    public ChainArgument Single(string example) => Arguments.Count == 1 ? Arguments[0] : throw new MonitorQueryException($".{Name} at column {At.Column} takes one argument, such as {example}.", At);
}

/// <summary>What a call is given.</summary>
sealed record ChainArgument(string Text, TextRange At);

/// <summary>The calls behind a monitor's search, each at most once.</summary>
sealed class CallChain
{
    readonly Dictionary<string, ChainCall> _calls = new(StringComparer.Ordinal);

    /// <summary>Reads calls as long as a dot comes next.</summary>
    /// <param name="known">Names that there are.</param>
    /// <exception cref="MonitorQueryException">A call is not known, comes twice, or is not closed.</exception>
    public static CallChain Read(MonitorTextReader reader, IReadOnlyList<string> known)
    {
        var chain = new CallChain();
        while (reader.TryTake("."))
        {
            var name = reader.Word(out var at);
            if (!known.Contains(name))
            {
                var nearest = NearestWord.Find(name, known);
                throw new MonitorQueryException($"There is no .{name} (column {at.Column})." + (nearest is null ? "" : $" Did you mean .{nearest}?") + $" There are: {string.Join(", ", known.Select(word => "." + word))}.", at, nearest);
            }
            reader.Take("(", $"after .{name}");
            var arguments = new List<ChainArgument>();
            while (!reader.TryTake(")"))
            {
                if (arguments.Count > 0) reader.Take(",", $"or \")\" in .{name}");
                arguments.Add(Argument(reader, name));
            }
            if (!chain._calls.TryAdd(name, new ChainCall(name, at, arguments))) throw new MonitorQueryException($".{name} at column {at.Column} is there twice.", at);
        }
        return chain;
    }

    /// <summary>A text in quotes, as a query writes it.</summary>
    public static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    public ChainCall? Find(string name) => _calls.GetValueOrDefault(name);

    /// <exception cref="MonitorQueryException">It is not there.</exception>
    public ChainCall Needed(string name, string example, MonitorTextReader reader) =>
        Find(name) ?? throw new MonitorQueryException($"The query lacks .{name}. Add it, such as {example}.", new TextRange(reader.At, 0), example);

    static ChainArgument Argument(MonitorTextReader reader, string name)
    {
        if (reader.Quoted(out var quotedAt) is { } quoted) return new ChainArgument(quoted, quotedAt);
        var word = reader.Word(out var at);
        return word.Length > 0 ? new ChainArgument(word, at) : throw reader.Unexpected($"a text in quotes or a number in .{name}");
    }
}
