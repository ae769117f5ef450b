using Apm.ApmUi.Links;

namespace Apm.ApmUi.Pages.Services;

/// <summary>
/// What narrows the list of services: state, type, language, each by a parameter of its own name. A facet counts what the others leave,
/// so that a number says how many rows its line would show. Immutable.
/// </summary>
public sealed record ServiceFacets(IReadOnlyList<ServiceFacet> Facets)
{
    /// <summary>What stands for an unknown value in the address and the list.</summary>
    public const string Unknown = "unknown";

    static readonly (string Title, string Key, Func<ServiceRow, string> Of)[] Kinds =
    [
        ("State", "state", row => row.StateName),
        ("Type", "type", row => row.Type),
        ("Language", "language", row => row.Language),
    ];

    /// <summary>The rows that all chosen values leave.</summary>
    public static IReadOnlyList<ServiceRow> Apply(PageState state, IReadOnlyList<ServiceRow> rows) => [.. rows.Where(row => Array.TrueForAll(Kinds, kind => Accepts(state, kind.Key, kind.Of(row))))];

    /// <summary>The facets of some rows; one that cannot tell any apart is left out, unless a value of it is chosen.</summary>
    public static ServiceFacets Of(PageState state, IReadOnlyList<ServiceRow> rows)
    {
        var facets = new List<ServiceFacet>();
        foreach (var (title, key, of) in Kinds)
        {
            var chosen = state.Url[key];
            var others = rows.Where(row => Array.TrueForAll(Kinds, kind => kind.Key == key || Accepts(state, kind.Key, kind.Of(row)))).ToList();
            var values = rows.Select(row => Named(of(row))).Concat(chosen is null ? [] : [chosen]).Distinct(StringComparer.Ordinal).ToList();
            if (values.Count < 2 && chosen is null) continue;
            var lines = values.Select(value => new ServiceFacetLine(value, others.Count(row => Named(of(row)) == value), value == chosen, state.Here((key, value == chosen ? null : value))))
                .OrderByDescending(line => line.Count).ThenBy(line => line.Value, StringComparer.OrdinalIgnoreCase);
            facets.Add(new ServiceFacet(title, key, [.. lines]));
        }
        return new ServiceFacets(facets);
    }

    static bool Accepts(PageState state, string key, string value) => state.Url[key] is not { } chosen || Named(value) == chosen;

    static string Named(string value) => value.Length > 0 ? value : Unknown;
}

/// <summary>One facet.</summary>
/// <param name="Key">Parameter of the address.</param>
/// <param name="Lines">The most frequent first.</param>
public sealed record ServiceFacet(string Title, string Key, IReadOnlyList<ServiceFacetLine> Lines);

/// <summary>One value.</summary>
/// <param name="Count">Services that choosing it would show.</param>
/// <param name="Link">Chooses it; a chosen one is let go.</param>
public sealed record ServiceFacetLine(string Value, int Count, bool IsChosen, string Link);
