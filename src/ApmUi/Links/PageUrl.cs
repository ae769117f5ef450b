using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Apm.ApmUi.Links;

/// <summary>
/// An address of ours: a path and its parameters in order. Immutable. Parameters that nobody knows are kept;
/// one without a value is left out rather than written empty.
/// </summary>
public sealed class PageUrl
{
    /// <summary>What goes along from page to page: where and when one looks.</summary>
    public static IReadOnlyList<string> Travelling { get; } = ["env", "from", "to"];

    readonly KeyValuePair<string, string>[] _parameters;

    public PageUrl(string path, IEnumerable<KeyValuePair<string, string>> parameters)
    {
        Path = path;
        _parameters = [.. parameters.Where(parameter => parameter.Value.Length > 0)];
    }

    /// <summary>Whether a text that came with a request is a path on this server, and nothing that a browser could take for another one.</summary>
    public static bool IsOurs(string text) => text.StartsWith('/') && !text.StartsWith("//", StringComparison.Ordinal) && !text.Contains('\\', StringComparison.Ordinal) && !text.Any(char.IsControl);

    /// <summary>The address of a request.</summary>
    public static PageUrl Of(HttpRequest request) => Parse(request.Path + request.QueryString.Value);

    /// <summary>Reads path and query, as <see cref="ToString"/> writes them.</summary>
    public static PageUrl Parse(string text)
    {
        var question = text.IndexOf('?', StringComparison.Ordinal);
        if (question < 0) return new PageUrl(text, []);
        var parameters = new List<KeyValuePair<string, string>>();
        foreach (var pair in new QueryStringEnumerable(text.AsMemory(question)))
            parameters.Add(new(pair.DecodeName().ToString(), pair.DecodeValue().ToString()));
        return new PageUrl(text[..question], parameters);
    }

    public string Path { get; }
    public IReadOnlyList<KeyValuePair<string, string>> Parameters => _parameters;

    /// <summary>The first value of a parameter; null when it is absent.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var parameter in _parameters) if (parameter.Key == name) return parameter.Value;
            return null;
        }
    }

    /// <summary>The same address with a parameter set in its place, or at the end; null or "" removes it.</summary>
    public PageUrl With(string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) return new PageUrl(Path, _parameters.Where(parameter => parameter.Key != name));
        var index = Array.FindIndex(_parameters, parameter => parameter.Key == name);
        var kept = _parameters.Where((parameter, i) => parameter.Key != name || i == index).ToList();
        var at = kept.FindIndex(parameter => parameter.Key == name);
        if (at < 0) kept.Add(new(name, value));
        else kept[at] = new(name, value);
        return new PageUrl(Path, kept);
    }

    public PageUrl Without(params string[] names) => new(Path, _parameters.Where(parameter => !names.Contains(parameter.Key)));

    /// <summary>Another path with the same parameters.</summary>
    public PageUrl At(string path) => new(path, _parameters);

    /// <summary>Another path with only what travels.</summary>
    public PageUrl To(string path) => new(path, _parameters.Where(parameter => Travelling.Contains(parameter.Key)));

    public override string ToString()
    {
        if (_parameters.Length == 0) return Path;
        var text = new StringBuilder(Path);
        var separator = '?';
        foreach (var (name, value) in _parameters)
        {
            text.Append(separator).Append(Escape(name)).Append('=').Append(Escape(value));
            separator = '&';
        }
        return text.ToString();
    }

    /// <summary>One segment of a path.</summary>
    public static string Segment(string text) => Uri.EscapeDataString(text);

    /// <summary>Escapes what has to be, and leaves what reads better as it is: <c>q=service:web /user</c>.</summary>
    static string Escape(string text) => Uri.EscapeDataString(text)
        .Replace("%3A", ":", StringComparison.Ordinal).Replace("%2F", "/", StringComparison.Ordinal)
        .Replace("%20", "+", StringComparison.Ordinal).Replace("%40", "@", StringComparison.Ordinal).Replace("%2C", ",", StringComparison.Ordinal);
}
