using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Ports;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>What could stand where the caret is in a query that is being typed: keys first, then real values with their counts.</summary>
/// <param name="Title">What they are; "" when there is nothing to offer.</param>
/// <param name="Lines">Best first.</param>
/// <param name="Note">How many there are besides, and what the counts are of; "" when nothing is to be said.</param>
public sealed record SuggestionsView(string Title, IReadOnlyList<Suggestion> Lines, string Note)
{
    /// <summary>Most lines offered; default 9. The number of all is told.</summary>
    public const int MaxLines = 9;

    /// <summary>The words that most searches begin with; the others are offered once a letter of them is typed.</summary>
    static readonly string[] First = ["service", "resource", "operation", "status", "env", "duration", "kind", "type", "trace_id"];

    static readonly string[] Durations = [">100ms", ">500ms", ">1s", "[10ms TO 100ms]"];

    /// <summary>Completes the word of <c>q</c> that <c>caret</c> stands in, the last one without a caret.</summary>
    public static SuggestionsView Of(PageState state, ITraceReader reader, TimeProvider clock, CancellationToken cancel)
    {
        var word = TypedWord.At(state.Url["q"] ?? "", int.TryParse(state.Url["caret"], NumberStyles.None, CultureInfo.InvariantCulture, out var caret) ? caret : null);
        var known = KnownOf(state, reader, clock, word);
        if (word.ListKey is { } listKey) return ValuesOf(state, known, word, listKey.TrimStart('-', '!'), word.Text, prefix: null, cancel);
        var colon = word.Text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return KeysOf(state, known, word, cancel);
        var sign = word.Text.StartsWith('-') ? "-" : "";
        return ValuesOf(state, known, word, word.Text[sign.Length..colon], word.Text[(colon + 1)..], sign, cancel);
    }

    /// <summary>Keys and values of the spans that the rest of the query finds; of all spans while the rest cannot be read.</summary>
    static KeysAndValues KnownOf(PageState state, ITraceReader reader, TimeProvider clock, TypedWord word)
    {
        foreach (var rest in new[] { word.Rest, word.Before })
        {
            try
            {
                var filter = Shared.TraceQuery.Complete(TraceFilterParser.Parse(rest), state.Url);
                if (!filter.IsOfTrace) return new KeysAndValues(reader, clock) { Filter = filter }; // Whole traces take too long while somebody types.
            }
            catch (QueryTextException)
            {
                // Not finished: what stands before the word may be.
            }
        }
        return new KeysAndValues(reader, clock);
    }

    static SuggestionsView KeysOf(PageState state, KeysAndValues known, TypedWord word, CancellationToken cancel)
    {
        var negation = word.Text.StartsWith('-') ? "-" : "";
        var begun = word.Text[negation.Length..];
        var words = begun.Length == 0 ? First : begun.StartsWith('@') ? [] : FilterWords.Keys.Where(key => key.StartsWith(begun, StringComparison.OrdinalIgnoreCase)).ToArray();
        var tags = begun.Length == 0 ? new KnownValues([], 0, 0, false) : known.CompleteKeys(state.Window.Range, begun.TrimStart('@'), MaxLines, cancel);
        var lines = words.Select(key => (Key: key, Note: Meaning(key))).Concat(tags.Values.Select(key => (Key: "@" + Quoted(key.Value), Note: Figure.Count(key.SpanCount) + " spans"))).Take(MaxLines)
            .Select(key => Line(state, word, key.Key + ":", key.Note, negation + key.Key + ":", isWhole: false)).ToList();
        return lines.Count == 0 ? Nothing : new SuggestionsView(word.Text.Length == 0 ? "Narrow by" : "Keys", lines, NoteOf(lines.Count, words.Length + tags.TotalCount, tags));
    }

    /// <param name="prefix">What stands before the key; null when the word is a value of a list.</param>
    static SuggestionsView ValuesOf(PageState state, KeysAndValues known, TypedWord word, string key, string typed, string? prefix, CancellationToken cancel)
    {
        if (FilterWords.FieldOf(key) is FilterField.Duration or FilterField.TraceDuration)
        {
            var examples = Durations.Where(example => example.StartsWith(typed, StringComparison.Ordinal)).Select(example => Line(state, word, example, "", $"{prefix}{key}:{example}", isWhole: prefix is not null)).ToList();
            return prefix is null || examples.Count == 0 ? Nothing : new SuggestionsView(key, examples, "");
        }
        var values = known.Complete(state.Window.Range, key, typed.Trim('"'), MaxLines, cancel);
        var lines = new List<Suggestion>();
        foreach (var value in values.Values)
        {
            try
            {
                var condition = TraceFilter.Empty.With(key, value.Value).ToString();
                var written = prefix is null ? condition[(condition.IndexOf(':', StringComparison.Ordinal) + 1)..] : prefix + condition;
                lines.Add(Line(state, word, value.Value, Figure.Count(value.SpanCount) + " spans", written, isWhole: prefix is not null));
            }
            catch (QueryTextException)
            {
                return Nothing; // No such key; the page says so once the query is sent.
            }
        }
        return lines.Count == 0 ? Nothing : new SuggestionsView(key, lines, NoteOf(lines.Count, values.TotalCount, values));
    }

    /// <param name="isWhole">It is a whole condition, with which the page can be shown.</param>
    static Suggestion Line(PageState state, TypedWord word, string text, string note, string written, bool isWhole)
    {
        var query = word.Before + written + word.After;
        return new Suggestion(text, note, isWhole ? state.Link("/traces", ("q", query), ("view", state.Url["view"])) : null, query, word.Before.Length + written.Length);
    }

    static string NoteOf(int shown, int all, KnownValues counted) => string.Join(" · ", new[]
    {
        all > shown ? $"{shown} of {(counted.IsPart ? "at least " : "")}{Figure.Whole(all)}, type on" : "",
        counted.LookedAtSpanCount > 0 ? $"counts are of {(counted.IsPart ? "the newest " : "")}{Figure.Of(counted.LookedAtSpanCount, "matching span")}" : "",
    }.Where(text => text.Length > 0));

    static string Quoted(string key) => key.Any(c => c is ' ' or ':' or '(' or ')' or '"') ? $"\"{key.Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : key;

    static SuggestionsView Nothing { get; } = new("", [], "");

    static string Meaning(string key) => key switch
    {
        "resource" or "resource_name" or "endpoint" => "endpoint or statement",
        "duration" => "duration:>200ms",
        "status" => "ok or error",
        "kind" => "server, client, internal …",
        "kept" => "why it is stored",
        "is" => "root, entry, measured, running",
        "spans" or "errors" or "services" => "of the whole trace",
        "trace.duration" => "trace.duration:>1s",
        _ => "",
    };
}

/// <summary>One suggestion.</summary>
/// <param name="Text">What is added.</param>
/// <param name="Note">Its count or meaning; "" for none.</param>
/// <param name="Link">The page with it; null when something is still to be typed.</param>
/// <param name="Query">The whole query with it.</param>
/// <param name="Caret">Where in the query one types on.</param>
public sealed record Suggestion(string Text, string Note, string? Link, string Query, int Caret);
