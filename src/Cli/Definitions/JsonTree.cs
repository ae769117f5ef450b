using System.Text;
using System.Text.Json;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Definitions;

/// <summary>Reads JSON into the tree that settings files are read into, with the place of everything. Comments and commas at an end are let pass.</summary>
static class JsonTree
{
    const int MaxDepth = 64;

    /// <exception cref="YamlProblemException">Not JSON; says where.</exception>
    public static SettingsNode Read(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = MaxDepth });
        var places = new Places(bytes);
        try
        {
            reader.Read();
            var node = ReadNode(ref reader, places);
            reader.Read(); // Throws when something stands behind it.
            return node;
        }
        catch (JsonException wrong)
        {
            var at = new Place((int)(wrong.LineNumber ?? 0) + 1, (int)(wrong.BytePositionInLine ?? 0) + 1);
            throw new YamlProblemException(at, wrong.Message.Split(" LineNumber:")[0]);
        }
    }

    static SettingsNode ReadNode(ref Utf8JsonReader reader, Places places)
    {
        var at = places.Of(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var entries = new List<MapEntry>();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var keyAt = places.Of(reader.TokenStartIndex);
                    var key = TextOf(ref reader, keyAt);
                    reader.Read();
                    entries.Add(new MapEntry(key, keyAt, ReadNode(ref reader, places)));
                }
                return new MapNode(at, entries);
            case JsonTokenType.StartArray:
                var items = new List<SettingsNode>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(ReadNode(ref reader, places));
                return new ListNode(at, items);
            case JsonTokenType.String:
                return new ScalarNode(at, TextOf(ref reader, at), IsPlain: false);
            default:
                return new ScalarNode(at, Encoding.UTF8.GetString(reader.ValueSpan), IsPlain: true);
        }
    }

    static string TextOf(ref Utf8JsonReader reader, Place at)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new YamlProblemException(at, "The text is no Unicode: it has half a surrogate pair, such as \\ud800.");
        }
    }

    /// <summary>Lines and columns of bytes, asked for in ascending order.</summary>
    sealed class Places(byte[] bytes)
    {
        int _line = 1;
        long _lineStart;
        long _looked;

        public Place Of(long at)
        {
            for (; _looked < at; _looked++)
            {
                if (bytes[_looked] != '\n') continue;
                _line++;
                _lineStart = _looked + 1;
            }
            return new Place(_line, Encoding.UTF8.GetCharCount(bytes, (int)_lineStart, (int)(at - _lineStart)) + 1);
        }
    }
}
