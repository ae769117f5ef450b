namespace Apm.Monitors.Messages;

/// <summary>
/// A message's text, read (metrics-monitors §7.1):
/// <code>
/// {{name}}  {{{name}}}  {{#block "a" "b"}} … {{else}} … {{/block}}  {{^block}} … {{/block}}
/// {{eval "…"}}  {{local_time 'name' 'zone'}}  {{override_priority 'P1'}}  {{!-- comment --}}  {{{{raw}}}} … {{{{/raw}}}}
/// </code>
/// </summary>
/// <remarks>Reading never fails: what is wrong becomes a warning with its place, and the rest means what it says. Immutable; any thread.</remarks>
public sealed class MessageTemplate
{
    /// <summary>Longest message read, in characters. The rest is left out, with a warning.</summary>
    public const int MaxChars = 50_000;

    /// <summary>Deepest nesting of blocks. Deeper ones are text, with a warning.</summary>
    public const int MaxDepth = 30;

    MessageTemplate(string text, IReadOnlyList<TemplateNode> nodes, IReadOnlyList<TemplateWarning> warnings) => (Text, Nodes, Warnings) = (text, nodes, warnings);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    internal IReadOnlyList<TemplateNode> Nodes { get; }

    /// <summary>What is wrong with it, in the order of the text.</summary>
    public IReadOnlyList<TemplateWarning> Warnings { get; }

    /// <summary>Reads a message.</summary>
    /// <param name="vocabulary">The variables that there are; null to look at none.</param>
    public static MessageTemplate Parse(string text, TemplateVocabulary? vocabulary = null)
    {
        var warnings = new List<TemplateWarning>();
        var read = text.Length <= MaxChars ? text : text[..MaxChars];
        var nodes = new TemplateParser(read, vocabulary, warnings).ParseAll();
        if (read.Length < text.Length) warnings.Add(new TemplateWarning(new TemplatePlace(MaxChars, text.Length - MaxChars, 1 + read.Count(c => c == '\n'), 1), $"The message has {text.Length} characters; {MaxChars} are read, the rest is left out."));
        return new MessageTemplate(text, nodes, [.. warnings.OrderBy(warning => warning.At.Start)]);
    }
}
