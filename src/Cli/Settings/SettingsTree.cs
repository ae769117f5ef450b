using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Apm.Cli.Settings;

/// <summary>A place in a settings file, both counted from 1.</summary>
public readonly record struct Place(int Line, int Column);

/// <summary>A YAML document as it was written, with the place of everything.</summary>
public abstract record SettingsNode(Place At);

/// <param name="Text">The scalar as text; "" for nothing.</param>
/// <param name="IsPlain">Without quotes: <c>true</c> is a boolean then.</param>
public sealed record ScalarNode(Place At, string Text, bool IsPlain) : SettingsNode(At);

public sealed record ListNode(Place At, IReadOnlyList<SettingsNode> Items) : SettingsNode(At);

public sealed record MapNode(Place At, IReadOnlyList<MapEntry> Entries) : SettingsNode(At);

/// <summary>One key with its value.</summary>
public sealed record MapEntry(string Key, Place KeyAt, SettingsNode Value);

/// <summary>The text is not YAML; says where.</summary>
public sealed class YamlProblemException(Place at, string message) : Exception(message)
{
    public Place At { get; } = at;
}

/// <summary>Reads YAML into <see cref="SettingsNode"/>: no types, no references, places kept. YamlDotNet does the scanning.</summary>
static class SettingsTree
{
    /// <summary>Deepest nesting; the keys we know need six.</summary>
    const int MaxDepth = 32;

    /// <summary>Null when the file holds nothing but comments.</summary>
    /// <exception cref="YamlProblemException">Not YAML.</exception>
    public static SettingsNode? Read(string text)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _)) return null;
            parser.Consume<DocumentStart>();
            return ReadNode(parser, 0);
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

    static SettingsNode ReadNode(Parser parser, int depth)
    {
        if (depth > MaxDepth) throw new YamlProblemException(PlaceOf(parser.Current!.Start), $"deeper than {MaxDepth} levels");
        if (parser.TryConsume<Scalar>(out var scalar)) return new ScalarNode(PlaceOf(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain);
        if (parser.TryConsume<SequenceStart>(out var sequence))
        {
            var items = new List<SettingsNode>();
            while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(parser, depth + 1));
            return new ListNode(PlaceOf(sequence.Start), items);
        }
        if (parser.TryConsume<MappingStart>(out var mapping))
        {
            var entries = new List<MapEntry>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = ReadNode(parser, depth + 1) as ScalarNode ?? throw new YamlProblemException(PlaceOf(mapping.Start), "a key must be a word");
                entries.Add(new MapEntry(key.Text, key.At, ReadNode(parser, depth + 1)));
            }
            return new MapNode(PlaceOf(mapping.Start), entries);
        }
        throw new YamlProblemException(PlaceOf(parser.Current!.Start), "anchors and references are not taken here; write the value out");
    }

    static Place PlaceOf(in Mark mark) => new((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));
}
