using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Apm.TraceAgent.Configuration;

/// <summary>A place in a settings file, both counted from 1.</summary>
public readonly record struct Place(int Line, int Column);

/// <summary>A YAML document as it was written, with the place of everything.</summary>
public abstract record SettingsNode(Place At);

/// <param name="Text">The scalar as text; "" for nothing.</param>
/// <param name="IsPlain">Without quotes: <c>true</c> is a boolean then.</param>
public sealed record ScalarNode(Place At, string Text, bool IsPlain) : SettingsNode(At)
{
    /// <summary>The line in which it ends; that of <see cref="SettingsNode.At"/> unless it goes over several.</summary>
    public int EndLine { get; init; } = At.Line;

    /// <summary>Nothing is written there, or <c>null</c>.</summary>
    public bool IsNull => IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";
}

public sealed record ListNode(Place At, IReadOnlyList<SettingsNode> Items) : SettingsNode(At);

public sealed record MapNode(Place At, IReadOnlyList<MapEntry> Entries) : SettingsNode(At)
{
    /// <summary>The value of a key, the last when it stands there twice; null when it is not there.</summary>
    public SettingsNode? Find(string key) => Entries.LastOrDefault(entry => entry.Key == key)?.Value;
}

/// <summary>One key with its value.</summary>
public sealed record MapEntry(string Key, Place KeyAt, SettingsNode Value);

/// <summary>The text is not YAML; says where.</summary>
public sealed class YamlProblemException(Place at, string message) : Exception(message)
{
    public Place At { get; } = at;
}

/// <summary>Reads YAML into <see cref="SettingsNode"/>: no types, places kept. YamlDotNet does the scanning.</summary>
public sealed class SettingsTree
{
    /// <summary>Deepest nesting; the keys we know need six.</summary>
    public const int MaxDepth = 32;

    /// <summary>Most values of a document, each reference counted as all that it stands for: so a few lines cannot become gigabytes.</summary>
    public const int MaxNodes = 100_000;

    readonly Parser _parser;
    readonly Dictionary<AnchorName, (SettingsNode Node, int Size)>? _anchors;
    int _size;

    SettingsTree(Parser parser, bool takesReferences)
    {
        _parser = parser;
        if (takesReferences) _anchors = [];
    }

    /// <summary>Reads the first document; null when there is nothing but comments.</summary>
    /// <param name="takesReferences">Anchors and references are followed; else a reference is refused.</param>
    /// <exception cref="YamlProblemException">Not YAML, or too much of it.</exception>
    public static SettingsNode? Read(string text, bool takesReferences = false)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _)) return null;
            parser.Consume<DocumentStart>();
            return new SettingsTree(parser, takesReferences).ReadNode(0);
        }
        catch (YamlException problem)
        {
            throw new YamlProblemException(PlaceOf(problem.Start), problem.Message);
        }
        catch (Exception problem) when (problem is not (YamlProblemException or OutOfMemoryException))
        {
            // The scanner stumbles over some broken texts instead of refusing them.
            throw new YamlProblemException(parser.Current is { } last ? PlaceOf(last.End) : new Place(1, 1), "it breaks off or mixes two ways of writing");
        }
    }

    SettingsNode ReadNode(int depth)
    {
        var start = PlaceOf(_parser.Current!.Start);
        if (depth > MaxDepth) throw new YamlProblemException(start, $"deeper than {MaxDepth} levels");
        var sizeBefore = Grow(1, start);
        if (_parser.TryConsume<AnchorAlias>(out var alias)) return Referred(alias, start);
        var anchor = (_parser.Current as NodeEvent)?.Anchor ?? default;
        var node = ReadValue(start, depth);
        if (_anchors is not null && !anchor.IsEmpty) _anchors[anchor] = (node, _size - sizeBefore);
        return node;
    }

    SettingsNode ReadValue(Place start, int depth)
    {
        if (_parser.TryConsume<Scalar>(out var scalar)) return new ScalarNode(start, scalar.Value, scalar.Style == ScalarStyle.Plain) { EndLine = (int)Math.Max(start.Line, scalar.End.Line) };
        if (_parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<SettingsNode>();
            while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(depth + 1));
            return new ListNode(start, items);
        }
        if (_parser.TryConsume<MappingStart>(out _))
        {
            var entries = new List<MapEntry>();
            while (!_parser.TryConsume<MappingEnd>(out _))
            {
                var key = ReadNode(depth + 1) as ScalarNode ?? throw new YamlProblemException(start, "a key must be a word");
                var value = ReadNode(depth + 1);
                if (_anchors is not null && key is { Text: "<<", IsPlain: true } && value is MapNode merged) entries.InsertRange(0, merged.Entries); // What stands there itself comes later and counts.
                else entries.Add(new MapEntry(key.Text, key.At, value));
            }
            return new MapNode(start, entries);
        }
        throw new YamlProblemException(start, "here a value should stand");
    }

    SettingsNode Referred(AnchorAlias alias, Place at)
    {
        if (_anchors is null) throw new YamlProblemException(at, "anchors and references are not taken here; write the value out");
        if (!_anchors.TryGetValue(alias.Value, out var referred)) throw new YamlProblemException(at, $"*{alias.Value} refers to nothing that stands above it");
        Grow(referred.Size, at);
        return referred.Node;
    }

    /// <summary>Counts values; gives how many there were before.</summary>
    int Grow(int by, Place at)
    {
        var before = _size;
        if (by > MaxNodes - _size) throw new YamlProblemException(at, $"more than {MaxNodes} values, references counted as what they stand for");
        _size += by;
        return before;
    }

    static Place PlaceOf(in Mark mark) => new((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));
}
