using System.Globalization;

namespace Apm.Benchmarks;

/// <summary>What stands behind a benchmark's name: values in order, and options <c>--name value</c> anywhere between.</summary>
sealed class Arguments
{
    readonly List<string> _values = [];
    readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">An option is none of <paramref name="known"/>, or has no value.</exception>
    public Arguments(string[] arguments, params string[] known)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                _values.Add(arguments[i]);
                continue;
            }
            var name = arguments[i][2..];
            if (!known.Contains(name)) throw new ArgumentException($"\"--{name}\" is none of {string.Join(", ", known.Select(option => "--" + option))}.");
            if (i + 1 == arguments.Length) throw new ArgumentException($"\"--{name}\" needs a value behind it.");
            _options[name] = arguments[++i];
        }
    }

    public string Text(int at, string otherwise) => at < _values.Count ? _values[at] : otherwise;

    public int Number(int at, int otherwise) => at < _values.Count ? int.Parse(_values[at], CultureInfo.InvariantCulture) : otherwise;

    public int Number(string option, int otherwise) => _options.TryGetValue(option, out var value) ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    public string? Option(string name) => _options.GetValueOrDefault(name);
}
