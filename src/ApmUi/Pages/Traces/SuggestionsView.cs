using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Ports;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>What could stand at the end of a query that is being typed: keys first, then real values with their counts.</summary>
/// <param name="Title">What they are; "" when there is nothing to offer.</param>
/// <param name="Lines">Best first.</param>
public sealed record SuggestionsView(string Title, IReadOnlyList<Suggestion> Lines)
{
    /// <summary>Most lines offered.</summary>
    const int MaxLines = 9;

    static readonly string[] Keys = ["service", "resource", "operation", "status", "env", "duration", "kind", "type", "trace_id"];

    /// <summary>Completes the last word of <c>q</c>.</summary>
    public static SuggestionsView Of(PageState state, TraceSearch search, ITraceReader reader, TimeProvider clock, CancellationToken cancel)
    {
        var text = state.Url["q"] ?? "";
        var start = text.LastIndexOf(' ') + 1;
        if (text.Count(c => c == '"') % 2 == 1) start = Math.Max(0, text.LastIndexOf(' ', text.LastIndexOf('"')) + 1);
        var (before, word) = (text[..start], text[start..]);
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        KeysAndValues known;
        try
        {
            known = new KeysAndValues(reader, clock) { Filter = Shared.TraceQuery.Complete(TraceFilterParser.Parse(before), state.Url) };
        }
        catch (QueryTextException)
        {
            known = new KeysAndValues(reader, clock); // The part in front is not finished: keys and values of all spans still help.
        }
        if (colon < 0)
        {
            var negation = word.StartsWith('-') ? "-" : "";
            var begun = word.TrimStart('-');
            var keys = begun.StartsWith('@') ? [] : Keys.Where(key => key.StartsWith(begun, StringComparison.OrdinalIgnoreCase)).Select(key => (Key: key, Note: Meaning(key))).ToList();
            if (begun.Length > 0)
                keys.AddRange(known.Keys(state.Window.Range, "@" + begun.TrimStart('@'), MaxLines, cancel).Select(key => (key.Value, Figure.Count(key.SpanCount) + " spans")));
            var title = word.Length == 0 ? "Narrow by" : "Keys";
            return keys.Count == 0 ? Nothing : new SuggestionsView(title, [.. keys.Take(MaxLines).Select(key => new Suggestion(key.Key + ":", key.Note, state.Link("/traces", ("q", before + negation + key.Key + ":")), before + negation + key.Key + ":"))]);
        }
        var typed = word[(colon + 1)..].Trim('"');
        var name = word[..colon].TrimStart('-');
        var sign = word.StartsWith('-') ? "-" : "";
        IReadOnlyList<FacetValue> values;
        try
        {
            var facets = search.Facets(state.Window.Range, Shared.TraceQuery.Complete(TraceFilterParser.Parse(before), state.Url), cancel);
            values = name switch
            {
                "service" => facets.Services,
                "resource" or "endpoint" => facets.Resources,
                "operation" or "name" => facets.Operations,
                "status" => facets.Statuses,
                "env" => facets.Envs,
                _ when name.StartsWith('@') => known.Values(state.Window.Range, name, typed, MaxLines, cancel),
                "type" or "kind" => known.Values(state.Window.Range, name, typed, MaxLines, cancel),
                _ => [],
            };
        }
        catch (QueryTextException)
        {
            return Nothing; // The part in front is not finished; the page says what is wrong once it is sent.
        }
        var lines = values.Where(value => value.Value.Length > 0 && value.Value.Contains(typed, StringComparison.OrdinalIgnoreCase)).Take(MaxLines).Select(value =>
        {
            var query = before + sign + TraceFilter.Empty.With(name, value.Value);
            return new Suggestion(value.Value, value.SpanCount == 0 ? "" : Figure.Count(value.SpanCount) + " spans", state.Link("/traces", ("q", query)), query);
        }).ToList();
        return lines.Count == 0 ? Nothing : new SuggestionsView(name, lines);
    }

    static SuggestionsView Nothing { get; } = new("", []);

    static string Meaning(string key) => key switch
    {
        "resource" => "endpoint or statement",
        "duration" => "duration:>200ms",
        "status" => "ok or error",
        "kind" => "server, client, internal …",
        _ => "",
    };
}

/// <summary>One suggestion.</summary>
/// <param name="Text">What is added.</param>
/// <param name="Note">Its count or meaning; "" for none.</param>
/// <param name="Link">The page with it.</param>
/// <param name="Query">The whole query with it.</param>
public sealed record Suggestion(string Text, string Note, string Link, string Query);
