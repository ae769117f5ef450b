using System.Text;
using System.Text.RegularExpressions;
using Apm.Query.Text;

namespace Apm.Query.Filters;

/// <summary>The whole of a field's or tag's text is like a regular expression. Written <c>key:~"regex"</c>; a tag that is a number is compared as it is printed.</summary>
/// <remarks>Matched in time that grows with the text alone, whatever the expression; so there are no look-arounds and back-references.</remarks>
public sealed class RegexCondition : FilterNode
{
    /// <summary>Longest expression, in characters; default 1000.</summary>
    public const int MaxRegexLength = 1000;

    readonly Regex _regex;

    /// <param name="field">A text of a span: service, operation, resource, type, environment, version, host, or a tag.</param>
    /// <param name="key">The tag's key; "" for other fields.</param>
    /// <exception cref="QueryTextException">It is no such expression, or the field is no text of a span.</exception>
    public RegexCondition(FilterField field, string key, string regex, TextRange at) : base(at)
    {
        if (field is not (FilterField.Service or FilterField.Operation or FilterField.Resource or FilterField.Type or FilterField.Env or FilterField.Version or FilterField.Host or FilterField.Tag))
            throw new QueryTextException($"At column {at.Column} a regular expression stands for {FilterWords.PrintKey(field, key)}. They are understood for service, env, operation, resource, type, version, host and tags.", at);
        if (regex.Length > MaxRegexLength) throw new QueryTextException($"The regular expression at column {at.Column} has {regex.Length} characters; at most {MaxRegexLength} are read.", at);
        Field = field;
        Key = key;
        Expression = regex;
        try
        {
            _ = new Regex(regex, RegexOptions.NonBacktracking); // Alone first: what is wrong with it is told in its own words, not in those of the anchors.
            _regex = new Regex($@"\A(?:{regex})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw new QueryTextException($"\"{regex}\" at column {at.Column} is not a regular expression that can be searched by: {wrong.Message}", at);
        }
    }

    public FilterField Field { get; }
    public string Key { get; }

    /// <summary>Without the anchors that are always there.</summary>
    public string Expression { get; }
    public override bool IsOfTrace => false;

    internal bool Matches(ReadOnlySpan<byte> utf8) => _regex.IsMatch(Encoding.UTF8.GetString(utf8));

    internal override void Print(StringBuilder to, bool isNested) =>
        to.Append(FilterWords.PrintKey(Field, Key)).Append(":~\"")
            .Append(Expression.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');

    /// <summary>What stands between the quotes, its escapes undone.</summary>
    internal static string Unescape(string written)
    {
        var regex = new StringBuilder(written.Length);
        for (var i = 0; i < written.Length; i++)
        {
            if (written[i] == '\\' && i + 1 < written.Length && written[i + 1] is '\\' or '"') i++;
            regex.Append(written[i]);
        }
        return regex.ToString();
    }
}
