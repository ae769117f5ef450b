using System.Text;

namespace Apm.TraceAgent.Configuration;

/// <summary>
/// Tabs that indent: YAML refuses them, and people write them. Finds the lines that a strict reader stumbles over, and gives the text with
/// blanks up to the next multiple of <see cref="TabStop"/> in their place (metrics-monitors §9.4). Tabs elsewhere, such as in a password
/// or between braces, are as YAML has them and stay.
/// </summary>
public sealed class IndentTabs
{
    /// <summary>Columns from one tab stop to the next.</summary>
    public const int TabStop = 8;

    readonly string[] _lines;
    readonly Dictionary<int, int> _guilty = []; // Line, and how many of its characters indent.

    IndentTabs(string[] lines) => _lines = lines;

    /// <summary>The lines that tabs indent, from 1, ascending.</summary>
    public IReadOnlyList<int> Lines => [.. _guilty.Keys.Order()];

    /// <summary>The text as it is read.</summary>
    public string Text => string.Join('\n', _lines.Select((line, at) => _guilty.TryGetValue(at + 1, out var indent) ? Expand(line[..indent]) + line[indent..] : line));

    /// <summary>A place of <see cref="Text"/> in the text as it was written.</summary>
    public Place AsWritten(Place read)
    {
        if (!_guilty.TryGetValue(read.Line, out var indent)) return read;
        var line = _lines[read.Line - 1];
        var column = 0;
        for (var i = 0; i < indent; i++)
        {
            column = line[i] == '\t' ? NextStop(column) : column + 1;
            if (column >= read.Column) return read with { Column = i + 1 };
        }
        return read with { Column = indent + read.Column - column };
    }

    /// <summary>The column of a line's first tab, from 1.</summary>
    public int TabColumn(int line) => _lines[line - 1].IndexOf('\t', StringComparison.Ordinal) + 1;

    public static IndentTabs Find(string text)
    {
        var found = new IndentTabs(text.Split('\n').Select(line => line.TrimEnd('\r')).ToArray());
        if (!text.Contains('\t', StringComparison.Ordinal)) return found;
        var scan = new Scan();
        for (var i = 0; i < found._lines.Length; i++)
        {
            var line = found._lines[i];
            if (scan.IsOpen)
            {
                scan.Read(line);
                continue;
            }
            var indent = IndentOf(line);
            var width = Expand(line[..indent]).Length;
            if (scan.IsOfBlock(line, width))
            {
                // What a block scalar holds is text; what its key's own tabs moved to the right is moved as well.
                if (line[..indent].Contains('\t', StringComparison.Ordinal) && line.TakeWhile(c => c == ' ').Count() <= scan.BlockIndent) found._guilty.Add(i + 1, indent);
                continue;
            }
            if (line[..indent].Contains('\t', StringComparison.Ordinal)) found._guilty.Add(i + 1, indent);
            scan.BeginLine(width);
            scan.Read(line[indent..]);
        }
        return found;
    }

    /// <summary>How many characters stand before the first word: blanks, tabs, and the dashes of lists with what follows them.</summary>
    static int IndentOf(string line)
    {
        var at = 0;
        while (at < line.Length && (line[at] is ' ' or '\t' || (line[at] == '-' && at + 1 < line.Length && line[at + 1] is ' ' or '\t'))) at++;
        return at;
    }

    static string Expand(string indent)
    {
        var text = new StringBuilder();
        foreach (var c in indent)
        {
            if (c == '\t') text.Append(' ', NextStop(text.Length) - text.Length);
            else text.Append(c);
        }
        return text.ToString();
    }

    static int NextStop(int column) => (column / TabStop + 1) * TabStop;

    /// <summary>Where the lines so far leave off: within braces, within quotes, or at the head of a block scalar.</summary>
    sealed class Scan
    {
        int _depth;
        char _quote;
        bool _isBlock;
        int _indent;

        public bool IsOpen => _depth > 0 || _quote != 0;

        public int BlockIndent { get; private set; }

        public bool IsOfBlock(string line, int width)
        {
            if (_isBlock && (line.AsSpan().Trim().IsEmpty || width > BlockIndent)) return true;
            _isBlock = false;
            return false;
        }

        public void BeginLine(int width) => _indent = width;

        public void Read(string text)
        {
            for (var i = 0; i < text.Length; i++)
            {
                var c = text[i];
                if (_quote != 0)
                {
                    if (c == '\\' && _quote == '"') i++;
                    else if (c == _quote) _quote = '\0';
                }
                else if (c == '#' && (i == 0 || text[i - 1] is ' ' or '\t')) return;
                else if (c is '"' or '\'' && BeginsValue(text, i)) _quote = c;
                else if (c is '{' or '[' && (_depth > 0 || BeginsValue(text, i))) _depth++;
                else if (c is '}' or ']' && _depth > 0) _depth--;
                else if (c is '|' or '>' && _depth == 0 && BeginsValue(text, i) && text.AsSpan(i + 1).Trim().TrimStart("+-0123456789").IsEmpty)
                {
                    _isBlock = true;
                    BlockIndent = _indent;
                    return;
                }
            }
        }

        /// <summary>Only there do quotes and braces mean more than themselves.</summary>
        bool BeginsValue(string text, int at)
        {
            var before = text.AsSpan(0, at).TrimEnd(" \t");
            if (before.IsEmpty) return true;
            return _depth > 0 ? before[^1] is ':' or ',' or '{' or '[' : before[^1] == ':' && before.Length < at;
        }
    }
}
