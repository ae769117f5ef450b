using System.Text.Json;
using Apm.Core.Json;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// A JSON:API body, read member by member: what is there with the wrong type is refused with its path; what is not there is absent.
/// </summary>
readonly struct DatadogBody
{
    /// <summary>Longest body, in bytes; default 1 MiB. A longer one is answered 413.</summary>
    public const int MaxBytes = 1 << 20;

    readonly JsonElement _element;
    readonly string _path;

    DatadogBody(JsonElement element, string path)
    {
        _element = element;
        _path = path;
    }

    /// <summary>The attributes of <c>{"data":{"attributes":{…},"type":"…"}}</c>.</summary>
    /// <exception cref="RefusedException">The body is no such JSON.</exception>
    public static async Task<DatadogBody> ReadAttributes(HttpContext http, string type)
    {
        var root = await ReadRoot(http);
        if (root._element.ValueKind == JsonValueKind.Undefined) return new DatadogBody(default, "data.attributes");
        var data = root.Object("data");
        if (data.Text("type") is { } said && said != type) throw new RefusedException($"data.type is \"{said}\"; expected \"{type}\".");
        return data.Object("attributes");
    }

    /// <summary>As <see cref="ReadAttributes"/>, for searches: a member that is not read would let them answer more than was asked for, and is refused.</summary>
    /// <exception cref="RefusedException">The body is no such JSON, or has something beside it.</exception>
    public static async Task<DatadogBody> ReadSearch(HttpContext http, string type, params IReadOnlyList<string> members)
    {
        var root = await ReadRoot(http);
        foreach (var name in root.MemberNames)
            if (name is not ("data" or "meta")) throw new RefusedException($"\"{name}\" stands outside of data.attributes, where nothing reads it. Send {{\"data\":{{\"type\":\"{type}\",\"attributes\":{{…}}}}}}.");
        var data = root.Object("data").Only("type", "attributes", "id");
        if (data.Text("type") is { } said && said != type) throw new RefusedException($"data.type is \"{said}\"; expected \"{type}\".");
        return data.Object("attributes").Only(members);
    }

    /// <summary>The same, when it has no other members than these.</summary>
    /// <exception cref="RefusedException">It has another.</exception>
    public DatadogBody Only(params IReadOnlyList<string> members)
    {
        foreach (var name in MemberNames)
        {
            if (members.Contains(name)) continue;
            var nearest = Apm.Query.Text.NearestWord.Find(name, members);
            throw new RefusedException($"{PathOf(name)} is not known." + (nearest is null ? "" : $" Did you mean {nearest}?") + $" There are: {string.Join(", ", members)}.");
        }
        return this;
    }

    /// <summary>The whole body, an object; as if it had no members when there is no body.</summary>
    /// <exception cref="RefusedException">The body is no JSON object.</exception>
    public static async Task<DatadogBody> ReadRoot(HttpContext http)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            if (bytes.Length + read > MaxBytes) throw new RefusedException($"The body is longer than {MaxBytes} bytes. Ask for less at once.", StatusCodes.Status413PayloadTooLarge);
            bytes.Write(buffer, 0, read);
        }
        if (bytes.Length == 0) return new DatadogBody(default, "");
        try
        {
            using var json = StrictJson.Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
            if (json.RootElement.ValueKind == JsonValueKind.Array && json.RootElement.GetArrayLength() == 0) return new DatadogBody(default, ""); // An object without members, as PHP writes it.
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw new RefusedException($"The body is {KindOf(json.RootElement)}; send a JSON object, {{\"name\": value, …}}.");
            return new DatadogBody(json.RootElement.Clone(), "");
        }
        catch (JsonException wrong)
        {
            throw new RefusedException($"The body is not JSON: {wrong.Message}");
        }
    }

    /// <summary>The whole body, an object, where nothing can be done without one.</summary>
    /// <exception cref="RefusedException">There is none, or it is no JSON object.</exception>
    public static async Task<DatadogBody> ReadNeeded(HttpContext http) => await ReadRoot(http) is { Exists: true } body ? body : throw new RefusedException("The body is empty; send a JSON object, {\"name\": value, …}.");

    static string KindOf(JsonElement element) => element.ValueKind switch { JsonValueKind.Array => "a list", JsonValueKind.String => "a text", JsonValueKind.Number => "a number", JsonValueKind.True => "true", JsonValueKind.False => "false", _ => "null" };

    /// <summary>JSON that is at hand already.</summary>
    public static DatadogBody Of(JsonElement root) => new(root, "");

    /// <summary>The whole of it; of no kind when it is absent.</summary>
    public JsonElement Element => _element;

    /// <summary>Whether a member is there, if only as null.</summary>
    public bool Names(string member) => _element.ValueKind == JsonValueKind.Object && _element.TryGetProperty(member, out _);

    /// <summary>Its members as they are; none when it is not there.</summary>
    public IEnumerable<JsonProperty> Members() => _element.ValueKind == JsonValueKind.Object ? _element.EnumerateObject() : [];

    public bool? Truth(string member)
    {
        if (_element.ValueKind != JsonValueKind.Object || !_element.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw new RefusedException($"{PathOf(member)} must be true or false.");
    }

    /// <summary>A list of texts; null when it is not there.</summary>
    public IReadOnlyList<string>? Texts(string member)
    {
        if (Member(member, JsonValueKind.Array, "a list of texts") is not { } element) return null;
        var texts = new List<string>();
        foreach (var item in element.EnumerateArray()) texts.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw new RefusedException($"{PathOf(member)} must be a list of texts."));
        return texts;
    }

    /// <summary>The names of its members; none when it is not there.</summary>
    public IReadOnlyList<string> MemberNames => _element.ValueKind == JsonValueKind.Object ? [.. _element.EnumerateObject().Select(member => member.Name)] : [];

    /// <summary>Whether it is there.</summary>
    public bool Exists => _element.ValueKind != JsonValueKind.Undefined;

    /// <summary>A list of texts, or a text with commas between; null when it is not there.</summary>
    public IReadOnlyList<string>? TextOrTexts(string member) =>
        _element.ValueKind == JsonValueKind.Object && _element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : Texts(member);

    /// <summary>Where it stands, such as <c>data.attributes.group_by[0]</c>.</summary>
    public string Path => _path;

    public DatadogBody Object(string member) => Member(member, JsonValueKind.Object, "an object") is { } element ? new DatadogBody(element, PathOf(member)) : new DatadogBody(default, PathOf(member));

    public IReadOnlyList<DatadogBody> Objects(string member)
    {
        if (Member(member, JsonValueKind.Array, "a list") is not { } element) return [];
        var path = PathOf(member);
        var items = element.EnumerateArray().Select((item, i) => new DatadogBody(item, $"{path}[{i}]")).ToList();
        foreach (var item in items) if (item._element.ValueKind != JsonValueKind.Object) throw new RefusedException($"{item._path} must be an object.");
        return items;
    }

    public string? Text(string member) => Member(member, JsonValueKind.String, "a text")?.GetString();

    public double? Number(string member) => Member(member, JsonValueKind.Number, "a number")?.GetDouble();

    /// <summary>A text, number or truth, as text; null when it is not there.</summary>
    public string? Scalar(string member)
    {
        if (_element.ValueKind != JsonValueKind.Object || !_element.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => throw new RefusedException($"{PathOf(member)} must be a text, a number, true or false."),
        };
    }

    /// <summary>One of some words.</summary>
    public string? Word(string member, IReadOnlyList<string> words)
    {
        if (Text(member) is not { } word) return null;
        return words.Contains(word) ? word : throw new RefusedException($"{PathOf(member)} \"{word}\" is not known. There are: {string.Join(", ", words)}.");
    }

    JsonElement? Member(string member, JsonValueKind kind, string what)
    {
        if (_element.ValueKind != JsonValueKind.Object || !_element.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == kind ? value : throw new RefusedException($"{PathOf(member)} must be {what}.");
    }

    string PathOf(string member) => _path.Length == 0 ? member : $"{_path}.{member}";
}
