namespace Apm.TraceAgent.Filter;

/// <summary>One entry of <c>filter_tags</c> or <c>filter_tags_regex</c>: a key, and what its value must be.</summary>
sealed class TagCondition
{
    readonly string _value = "";
    readonly UserPattern? _pattern;

    /// <param name="setting">Name of the setting, for the message.</param>
    /// <param name="entry"><c>key</c> or <c>key:value</c>; blanks around both do not count.</param>
    /// <param name="isPattern">The value is a regular expression.</param>
    /// <exception cref="ArgumentException">There is no key, or the pattern cannot be used.</exception>
    public TagCondition(string setting, string entry, bool isPattern)
    {
        var colon = entry.IndexOf(':', StringComparison.Ordinal);
        Key = (colon < 0 ? entry : entry[..colon]).Trim();
        if (Key.Length == 0) throw new ArgumentException($"{setting}: the entry \"{entry}\" names no tag. Write key or key:value.", nameof(entry));
        var value = colon < 0 ? "" : entry[(colon + 1)..].Trim();
        if (isPattern && value.Length > 0) _pattern = new UserPattern(setting, value);
        else _value = value;
    }

    public string Key { get; }

    /// <summary>Whether a tag of this key fits. Without a value or pattern any does.</summary>
    public bool FitsValue(string value) => _pattern?.IsFoundIn(value) ?? (_value.Length == 0 || value == _value);
}
