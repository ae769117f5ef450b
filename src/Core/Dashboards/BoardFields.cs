using System.Text.Json;

namespace Apm.Core.Dashboards;

/// <summary>A JSON object read member by member, which remembers what nobody has read.</summary>
/// <param name="element">The object; of another kind it has no members.</param>
/// <param name="path">Where it stands, such as <c>requests[0]</c>; "" for the root.</param>
sealed class BoardFields(JsonElement element, string path)
{
    readonly HashSet<string> _read = [];
    readonly List<BoardFields> _inner = [];

    public JsonElement Element { get; } = element;

    public string Path { get; } = path;

    /// <summary>Where a member stands.</summary>
    public string PathOf(string member) => Path.Length == 0 ? member : $"{Path}.{member}";

    /// <summary>A member of whatever kind; null when it is absent or null.</summary>
    public JsonElement? Any(string member)
    {
        _read.Add(member);
        return Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(member, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;
    }

    /// <summary>A text, or a number or truth as text; "" when it is none.</summary>
    public string Text(string member) => Any(member) is not { } value ? "" : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => "",
    };

    /// <summary>A number, or a text that is one; null when it is none.</summary>
    public double? Number(string member) =>
        double.TryParse(Text(member), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    /// <summary>True, or a text that means it: old clients send <c>"True"</c>.</summary>
    public bool Truth(string member) => Text(member) is "true" or "True" or "TRUE" or "1";

    /// <summary>An object; empty when it is none.</summary>
    public BoardFields Object(string member) => Inner(Any(member) ?? default, PathOf(member));

    /// <summary>The objects of a list; empty when it is none.</summary>
    public IReadOnlyList<BoardFields> Objects(string member) =>
        Any(member) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select((item, i) => Inner(item, $"{PathOf(member)}[{i}]"))] : [];

    /// <summary>The texts of a list; empty when it is none.</summary>
    public IReadOnlyList<string> Texts(string member) =>
        Any(member) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)] : [];

    /// <summary>Refuses JSON in which a member is there twice: nobody could say which of them is meant, or give it back.</summary>
    /// <exception cref="DashboardException">There is one; the message says where.</exception>
    public static void RefuseRepeated(JsonElement element, string path = "")
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            var i = 0;
            foreach (var item in element.EnumerateArray()) RefuseRepeated(item, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}[{i++}]"));
        }
        if (element.ValueKind != JsonValueKind.Object) return;
        var names = new HashSet<string>();
        foreach (var member in element.EnumerateObject())
        {
            var place = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
            if (!names.Add(member.Name)) throw new DashboardException($"The member {place} is there twice. Write it once.");
            RefuseRepeated(member.Value, place);
        }
    }

    /// <summary>Marks members as known, though nothing is done with them.</summary>
    public void Know(params ReadOnlySpan<string> members)
    {
        foreach (var member in members) _read.Add(member);
    }

    /// <summary>Places of the members that nobody has read, in this object and in those read from it; null ones say nothing and are left out.</summary>
    public IEnumerable<string> Unread()
    {
        if (Element.ValueKind == JsonValueKind.Object)
            foreach (var member in Element.EnumerateObject())
                if (!_read.Contains(member.Name) && member.Value.ValueKind != JsonValueKind.Null) yield return PathOf(member.Name);
        foreach (var inner in _inner)
            foreach (var unread in inner.Unread()) yield return unread;
    }

    BoardFields Inner(JsonElement value, string path)
    {
        var inner = new BoardFields(value, path);
        _inner.Add(inner);
        return inner;
    }
}
