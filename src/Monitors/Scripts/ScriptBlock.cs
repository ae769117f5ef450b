namespace Apm.Monitors.Scripts;

/// <summary>A place in a script, both counted from 1.</summary>
public readonly record struct TextPlace(int Line, int Column)
{
    public override string ToString() => $"line {Line}, column {Column}";
}

/// <summary>A line of a script cannot be read, or says what cannot be. The message begins with the place.</summary>
public sealed class MonitorScriptException(TextPlace at, string message) : Exception($"{at}: {message}")
{
    public TextPlace At { get; } = at;
}

/// <summary>A line that stands indented below the head of a block.</summary>
/// <param name="Text">As it is written, with its indent.</param>
sealed record ScriptText(int Line, string Text)
{
    public string[] Words { get; } = Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public int Indent => Text.Length - Text.TrimStart().Length;

    /// <summary>Where a word begins; behind the end when there are fewer.</summary>
    public TextPlace At(int word)
    {
        var column = Indent;
        for (var i = 0; i < word && column < Text.Length; i++)
        {
            while (column < Text.Length && Text[column] != ' ') column++;
            while (column < Text.Length && Text[column] == ' ') column++;
        }
        return new TextPlace(Line, column + 1);
    }

    /// <summary>All behind some words.</summary>
    public string After(int words) => At(words).Column <= Text.Length ? Text[(At(words).Column - 1)..].TrimEnd() : "";

    /// <summary>Does something with it; what is wrong with it then says where.</summary>
    public void Guard(Action read)
    {
        try
        {
            read();
        }
        catch (FormatException wrong)
        {
            throw new MonitorScriptException(At(0), wrong.Message);
        }
    }
}

/// <summary>A line that begins at the left edge, with those indented below it. Empty lines, and those that begin with <c>#</c>, are not read.</summary>
sealed record ScriptBlock(ScriptText First, IReadOnlyList<ScriptText> Lines)
{
    public string Head => First.Text;
    public string[] Words => First.Words;

    public TextPlace At(int word) => First.At(word);

    public string After(int words) => First.After(words);

    /// <summary>Where a text stands in the block; its head when it does not.</summary>
    public TextPlace PlaceOf(string text) => Lines.Select(line => (line.Line, Column: line.Text.IndexOf(text, StringComparison.Ordinal))).FirstOrDefault(found => found.Column >= 0) is { Line: > 0 } found ? new TextPlace(found.Line, found.Column + 1) : At(0);

    /// <exception cref="MonitorScriptException">An indented line belongs to nothing.</exception>
    public static IReadOnlyList<ScriptBlock> ReadAll(string text)
    {
        var blocks = new List<(ScriptText First, List<ScriptText> Lines)>();
        var number = 0;
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            var read = new ScriptText(number, line.TrimEnd().Replace('\t', ' '));
            if (read.Words.Length == 0 || read.Words[0][0] == '#') continue;
            if (read.Indent == 0) blocks.Add((read, []));
            else if (blocks.Count > 0) blocks[^1].Lines.Add(read);
            else throw new MonitorScriptException(read.At(0), "An indented line belongs to one above it, and there is none. Begin at the left edge.");
        }
        return [.. blocks.Select(block => new ScriptBlock(block.First, block.Lines))];
    }
}
