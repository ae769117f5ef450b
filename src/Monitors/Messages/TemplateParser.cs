using System.Text;
using Apm.Monitors.Downtimes;
using Apm.Query.Text;

namespace Apm.Monitors.Messages;

/// <summary>Takes a template apart; one pass, a stack of open blocks.</summary>
sealed class TemplateParser(string text, TemplateVocabulary? vocabulary, List<TemplateWarning> warnings)
{
    readonly Stack<OpenBlock> _open = new([new OpenBlock("", [], false, default)]);
    readonly StringBuilder _pending = new();
    int _at;

    public IReadOnlyList<TemplateNode> ParseAll()
    {
        while (_at < text.Length)
        {
            var brace = text.IndexOf("{{", _at, StringComparison.Ordinal);
            if (brace < 0) break;
            _pending.Append(text, _at, brace - _at);
            _at = brace;
            if (StartsWith("{{{{")) ReadRaw();
            else if (StartsWith("{{!--")) Skip("--}}");
            else if (StartsWith("{{!")) Skip("}}");
            else ReadTag();
        }
        _pending.Append(text, _at, text.Length - _at);
        while (_open.Count > 1)
        {
            var block = _open.Peek();
            Warn(block.At, $"The block {{{{#{block.Name}}}}} is not closed; it is taken to end with the message. Write {{{{/{block.Name}}}}} where it ends.");
            Close();
        }
        Flush();
        return _open.Peek().Then;
    }

    bool StartsWith(string mark) => string.CompareOrdinal(text, _at, mark, 0, mark.Length) == 0;

    void Skip(string end)
    {
        var at = text.IndexOf(end, _at, StringComparison.Ordinal);
        if (at < 0)
        {
            Warn(Place(_at, text.Length - _at), "The comment is not closed; the rest of the message belongs to it.");
            _at = text.Length;
            return;
        }
        _at = at + end.Length;
    }

    /// <summary><c>{{{{raw}}}} … {{{{/raw}}}}</c>: what stands between keeps its braces.</summary>
    void ReadRaw()
    {
        var open = text.IndexOf("}}}}", _at, StringComparison.Ordinal);
        var name = open < 0 ? "" : text[(_at + 4)..open].Trim();
        var close = open < 0 ? -1 : text.IndexOf("{{{{/" + name + "}}}}", open, StringComparison.Ordinal);
        if (close < 0)
        {
            Warn(Place(_at, 4), "Four braces begin text that is kept as it is: {{{{raw}}}} … {{{{/raw}}}}. This has no end, so the braces are text.");
            _pending.Append("{{{{");
            _at += 4;
            return;
        }
        _pending.Append(text, open + 4, close - open - 4);
        _at = close + 4 + 1 + name.Length + 4;
    }

    void ReadTag()
    {
        var isTriple = StartsWith("{{{");
        var (width, end) = isTriple ? (3, "}}}") : (2, "}}");
        var close = text.IndexOf(end, _at + width, StringComparison.Ordinal);
        if (close < 0)
        {
            Warn(Place(_at, width), $"\"{(isTriple ? "{{{" : "{{")}\" is not closed, so it is text. Write {end} behind the variable.");
            _pending.Append(text, _at, width);
            _at += width;
            return;
        }
        var place = Place(_at, close + width - _at);
        var inside = text[(_at + width)..close].Trim();
        _at = close + width;
        Flush();
        if (inside.Length == 0) Warn(place, "Nothing stands between the braces.");
        else if (inside[0] is '#' or '^') Open(inside, place);
        else if (inside[0] == '/') CloseNamed(inside[1..].Trim(), place);
        else if (inside == "else") Else(place);
        else Value(inside, place);
    }

    void Open(string inside, TemplatePlace place)
    {
        var words = Words(inside[1..]);
        var name = words.Count == 0 ? "" : words[0];
        var arguments = words.Skip(1).ToList();
        if (_open.Count > MessageTemplate.MaxDepth)
        {
            Warn(place, $"Blocks nest at most {MessageTemplate.MaxDepth} deep; this one is left out.");
            return;
        }
        if (TemplateVocabulary.ComparingBlocks.Contains(name))
        {
            var least = name == "is_priority" ? 1 : 2;
            if (arguments.Count < least) Warn(place, name == "is_priority" ? "{{#is_priority}} needs a priority, such as {{#is_priority 'P1'}}." : $"{{{{#{name}}}}} needs a variable and a text, such as {{{{#{name} \"host.name\" \"web\"}}}}.");
            else if (name != "is_priority") CheckVariable(Unwrapped(arguments[0]), place);
        }
        else if (!TemplateVocabulary.TransitionBlocks.Contains(name))
        {
            Warn(place, NearestWord.Find(name, TemplateVocabulary.TransitionBlocks.Concat(TemplateVocabulary.ComparingBlocks)) is { } near
                ? $"There is no block {{{{#{name}}}}}. Did you mean {{{{#{near}}}}}?"
                : $"There is no block {{{{#{name}}}}}; it holds when a variable of that name has a value. Blocks: {string.Join(", ", TemplateVocabulary.TransitionBlocks.Concat(TemplateVocabulary.ComparingBlocks))}.");
        }
        _open.Push(new OpenBlock(name, arguments, inside[0] == '^', place));
    }

    void CloseNamed(string name, TemplatePlace place)
    {
        if (!_open.Any(block => block.Name == name && block.Name.Length > 0))
        {
            Warn(place, $"{{{{/{name}}}}} closes a block that is not open; it is left out.");
            return;
        }
        while (_open.Peek().Name != name)
        {
            var inner = _open.Peek();
            Warn(place, $"{{{{/{name}}}}} stands where {{{{/{inner.Name}}}}} is expected: the block {{{{#{inner.Name}}}}} of line {inner.At.Line} is inside and must end first.");
            Close();
        }
        Close();
    }

    void Close()
    {
        Flush();
        var block = _open.Pop();
        _open.Peek().Current.Add(new BlockNode(block.Name, block.Arguments, block.IsNegated, block.Then, block.Otherwise));
    }

    void Else(TemplatePlace place)
    {
        var block = _open.Peek();
        if (_open.Count == 1) Warn(place, "{{else}} stands in no block; it is left out.");
        else if (block.IsInElse) Warn(place, $"The block {{{{#{block.Name}}}}} of line {block.At.Line} has an {{{{else}}}} already; this one is left out.");
        else block.IsInElse = true;
    }

    void Value(string inside, TemplatePlace place)
    {
        var words = Words(inside);
        switch (words[0])
        {
            case "eval" when words.Count > 1:
                var expression = string.Join(' ', words.Skip(1));
                if (EvalExpression.WhyWrong(expression) is { } why) Warn(place, why);
                foreach (var name in EvalExpression.VariablesOf(expression)) CheckVariable(name, place);
                Add(new EvalNode(expression));
                break;
            case "local_time" when words.Count == 3:
                if (WallClock.FindZone(words[2]) is null) Warn(place, $"There is no time zone \"{words[2]}\"; UTC is shown. Zones are named as Asia/Tokyo.");
                CheckVariable(words[1], place);
                Add(new LocalTimeNode(words[1], words[2]));
                break;
            case "local_time":
                Warn(place, "local_time needs a time and a zone, such as {{local_time 'last_triggered_at' 'Asia/Tokyo'}}.");
                break;
            case "override_priority" when words.Count == 2 && MessageRenderer.PriorityOf(words[1]) is { } priority:
                Add(new PriorityNode(priority));
                break;
            case "override_priority":
                Warn(place, "override_priority needs one of 'P1' to 'P5'.");
                break;
            default:
                var variable = Unwrapped(inside);
                if (inside.Any(char.IsWhiteSpace) && !inside.StartsWith('[')) Warn(place, $"\"{inside}\" is no variable: a name has no blanks.");
                else CheckVariable(variable, place);
                Add(new VariableNode(variable));
                break;
        }
    }

    void CheckVariable(string name, TemplatePlace place)
    {
        if (vocabulary is not null && !vocabulary.Knows(name)) Warn(place, vocabulary.Unknown(name));
    }

    /// <summary>A key with dots stands in brackets: <c>[dot.key].name</c>, or <c>[dot.key.name]</c>.</summary>
    static string Unwrapped(string name) => name.StartsWith('[') ? name.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal) : name;

    /// <summary>Words, with those in quotation marks whole.</summary>
    static List<string> Words(string inside)
    {
        var words = new List<string>();
        for (var i = 0; i < inside.Length;)
        {
            if (char.IsWhiteSpace(inside[i]))
            {
                i++;
                continue;
            }
            var quote = inside[i] is '"' or '\'' ? inside[i] : '\0';
            var end = quote == '\0' ? i : inside.IndexOf(quote, i + 1);
            if (quote == '\0') while (end < inside.Length && !char.IsWhiteSpace(inside[end])) end++;
            if (end < 0) end = inside.Length;
            words.Add(quote == '\0' ? inside[i..end] : inside[(i + 1)..end]);
            i = quote == '\0' ? end : end + 1;
        }
        return words;
    }

    void Add(TemplateNode node) => _open.Peek().Current.Add(node);

    void Flush()
    {
        if (_pending.Length > 0) Add(new TextNode(_pending.ToString()));
        _pending.Clear();
    }

    void Warn(TemplatePlace place, string sentence) => warnings.Add(new TemplateWarning(place, sentence));

    TemplatePlace Place(int start, int length)
    {
        var before = text.AsSpan(0, start);
        var lineStart = before.LastIndexOf('\n') + 1;
        return new TemplatePlace(start, length, before.Count('\n') + 1, start - lineStart + 1);
    }

    sealed class OpenBlock(string name, IReadOnlyList<string> arguments, bool isNegated, TemplatePlace at)
    {
        public string Name { get; } = name;
        public IReadOnlyList<string> Arguments { get; } = arguments;
        public bool IsNegated { get; } = isNegated;
        public TemplatePlace At { get; } = at;
        public List<TemplateNode> Then { get; } = [];
        public List<TemplateNode> Otherwise { get; } = [];
        public bool IsInElse { get; set; }
        public List<TemplateNode> Current => IsInElse ? Otherwise : Then;
    }
}
