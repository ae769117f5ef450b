using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Ids;
using Apm.Core.Services;
using Apm.Query.Filters;
using Apm.Query.Services;
using Apm.Query.Traces;

namespace Apm.ApmUi.Search;

/// <summary>Where the search box leads: to a trace by its id, a service or an endpoint by name, else to the traces that hold the text.</summary>
public sealed class JumpSearch(ServiceCatalogue catalogue, ServiceQueries queries)
{
    /// <summary>Most targets offered while typing.</summary>
    public const int MaxTargets = 8;

    /// <summary>Where Enter leads.</summary>
    public string Jump(PageState state, string text)
    {
        text = text.Trim();
        if (text.Length == 0) return state.Link("/traces");
        if (IdOf(text) is { } id) return state.TraceLink(id.ToString());
        if (catalogue.Services().FirstOrDefault(service => service.Name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } exact) return state.ServiceLink(exact.Name);
        // A query goes as it is; anything else is text to look for.
        return state.TracesLink(TraceFilterParser.TryParse(text, out _, out _) ? text : TraceFilter.Empty.WithText(text).ToString());
    }

    /// <summary>What the text could mean, best first; the last is always the search in traces. None for no text.</summary>
    public IReadOnlyList<JumpTarget> Targets(PageState state, string text)
    {
        text = text.Trim();
        if (text.Length == 0) return [];
        var targets = new List<JumpTarget>();
        if (IdOf(text) is { } id) targets.Add(new JumpTarget("list-tree", "Trace " + id, "", state.TraceLink(id.ToString()), null));
        var services = catalogue.Services();
        targets.AddRange(services.Where(service => service.Name.Contains(text, StringComparison.OrdinalIgnoreCase))
            .OrderBy(service => service.Name.StartsWith(text, StringComparison.OrdinalIgnoreCase) ? 0 : 1).ThenBy(service => service.Name, StringComparer.OrdinalIgnoreCase)
            .Take(MaxTargets / 2).Select(service => new JumpTarget("layers", service.Name, Shared.ServiceLook.LanguageName(service.Language), state.ServiceLink(service.Name), service.Name)));
        if (text.Length >= 2)
        {
            foreach (var service in services.OrderByDescending(service => service.LastSeenUnixNanos).Take(20))
            {
                targets.AddRange(queries.Endpoints(service.Name, state.Env, state.Window.Range)
                    .Where(endpoint => endpoint.Resource.Contains(text, StringComparison.OrdinalIgnoreCase)).Take(MaxTargets - 1)
                    .Select(endpoint => new JumpTarget("route", endpoint.Resource, service.Name + (endpoint.HitCount > 0 ? ", " + Figure.Rate(endpoint.HitsPerSecond) : ""), state.EndpointLink(service.Name, endpoint.Name, endpoint.Resource), null)));
                if (targets.Count >= MaxTargets - 1) break;
            }
        }
        return [.. targets.Take(MaxTargets - 1), new JumpTarget("search", $"Traces with “{text}”", "Enter", Jump(state, text), null)];
    }

    /// <summary>Only what cannot be a name: 16 or 32 hex digits, or a long decimal.</summary>
    static TraceId? IdOf(string text) =>
        text.Length is 16 or 32 or >= 17 and <= 20 && TraceId.TryParse(text, out var id, allowDecimal: true) ? id : null;
}

/// <summary>One place to go.</summary>
/// <param name="Icon">Name in the sprite.</param>
/// <param name="Text">What it is called.</param>
/// <param name="Note">A word about it; "" for none.</param>
/// <param name="Link">Its address.</param>
/// <param name="Service">Set when it is a service, for its colour.</param>
public sealed record JumpTarget(string Icon, string Text, string Note, string Link, string? Service);
