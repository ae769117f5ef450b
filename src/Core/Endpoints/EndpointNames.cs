using System.Text;
using Apm.Core.Counting;
using Apm.Core.Ports;

namespace Apm.Core.Endpoints;

/// <summary>
/// Gives names with paths in them their template, so that a hundred thousand addresses are a few dozen endpoints: <c>GET /users/42?x=1</c>
/// is <c>GET /users/{id}</c>. What was learnt, and what people decided, is kept as a document per service.
/// </summary>
/// <remarks>
/// Thread-safe. A name known already costs one look-up without a lock or an allocation. What it learns depends on the order in which
/// names come; what was learnt is kept, so that a restart does not change names.
/// </remarks>
public sealed class EndpointNames
{
    const string Collection = "endpoint-templates";

    /// <summary>Counts and examples alone are written with every third <see cref="Save"/>: they change with each new name.</summary>
    const int SavesBetweenNews = 3;

    static readonly Dictionary<string, string> NoNames = [];

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly Counters _counters;
    readonly Dictionary<string, ServiceEndpoints> _services;
    int _nodeCount;
    int _memoCount;
    int _saveCount;

    /// <summary>Reads what was learnt.</summary>
    /// <exception cref="StoreUnavailableException">The documents cannot be read.</exception>
    public EndpointNames(IDocumentStore documents, Counters counters)
    {
        _documents = documents;
        _counters = counters;
        _services = documents.FindAll<EndpointDocument>(Collection).ToDictionary(document => document.Service, document => new ServiceEndpoints(document), StringComparer.Ordinal);
        _nodeCount = _services.Values.Sum(service => service.NodeCount);
    }

    /// <summary>Places learnt of all services.</summary>
    public int NodeCount => Volatile.Read(ref _nodeCount);

    /// <summary>The names of one service, to ask many of them. Cheap to get once per batch and service, not once per span.</summary>
    public ServiceEndpoints Of(string service)
    {
        lock (_lock)
        {
            if (_services.TryGetValue(service, out var known)) return known;
            var isKept = _services.Count < TemplateLimits.MaxServices;
            known = new ServiceEndpoints(new EndpointDocument { Service = service }, isKept);
            if (isKept) _services.Add(service, known);
            else _counters.Add("endpoint_services_over_limit"); // What it learns is forgotten with the batch.
            return known;
        }
    }

    /// <summary>The template of a name that <see cref="RawName.Looks"/>; null when it stays as it is. Learns it when it is new, and counts the visit.</summary>
    public byte[]? TemplateOf(ServiceEndpoints service, ReadOnlySpan<byte> raw)
    {
        if (service.TryKnown(raw, out var template)) return template;
        if (Interlocked.Increment(ref _memoCount) > TemplateLimits.MaxMemo) ForgetAll();
        return service.Learn(raw, TemplateLimits.MaxNodes, ref _nodeCount, _counters);
    }

    /// <summary>As the other, for a text; the name itself when it stays.</summary>
    public string TemplateOf(string service, string raw)
    {
        var utf8 = Encoding.UTF8.GetBytes(raw);
        return RawName.Looks(utf8) && TemplateOf(Of(service), utf8) is { } template ? Encoding.UTF8.GetString(template) : raw;
    }

    /// <summary>The templates of a service, those that stand for most names first.</summary>
    public IReadOnlyList<EndpointTemplate> Templates(string service) => Known(service)?.Templates() ?? [];

    /// <summary>One template; null when the name is none.</summary>
    public EndpointTemplate? Template(string service, string name) => Known(service)?.Template(name);

    /// <summary>Names of a service that were given out before a place of theirs was folded, with the template that they fall under now. A snapshot.</summary>
    public IReadOnlyDictionary<string, string> FoldedLater(string service) => Known(service)?.FoldedLater ?? NoNames;

    /// <summary>What people decided about a service.</summary>
    public IReadOnlyList<TemplateOverride> Overrides(string service) => Known(service)?.Overrides() ?? [];

    /// <summary>Services of which something was learnt or decided, by name.</summary>
    public IReadOnlyList<string> Services()
    {
        lock (_lock) return [.. _services.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>Decides about a place; holds for spans that come from now on, and is on disk when the call returns.</summary>
    /// <exception cref="TemplateOverrideException">The path is none, or there are too many decisions already.</exception>
    /// <exception cref="StoreUnavailableException">It holds, but could not be written yet; <see cref="Save"/> tries again.</exception>
    public void Decide(string service, TemplateOverride decision)
    {
        var path = decision.Path;
        if (!path.StartsWith('/') || path.Length < 2 || path.EndsWith('/'))
            throw new TemplateOverrideException($"The path \"{path}\" names no place. Write it as the template shows it, without method, up to the segment that is meant: /users/{{id}}.");
        if (decision.Decision == TemplateDecision.Fold && !path.EndsWith($"/{PathNode.Value}", StringComparison.Ordinal))
            throw new TemplateOverrideException($"To give all that stands at one place one name, end the path in {PathNode.Value}: {path[..path.LastIndexOf('/')]}/{PathNode.Value}.");
        if (Known(service) is not { } known) throw new TemplateOverrideException($"No service {service} with paths in its resources has been seen. Names are those of GET /api/endpoints/templates.");
        known.Decide(decision);
        Save();
    }

    /// <summary>Writes what changed since the last call. Quick when nothing did.</summary>
    /// <exception cref="StoreUnavailableException">Some was not written; the next call tries again.</exception>
    /// <param name="everything">Counts and examples as well; for the end.</param>
    public void Save(bool everything = false)
    {
        var includingNews = everything || Interlocked.Increment(ref _saveCount) % SavesBetweenNews == 0;
        ServiceEndpoints[] services;
        lock (_lock) services = [.. _services.Values];
        foreach (var service in services)
        {
            if (service.TakeChanged(includingNews) is not { } document) continue;
            try
            {
                _documents.Store(Collection, document.Service, document);
            }
            catch
            {
                service.MarkChanged();
                throw;
            }
        }
    }

    ServiceEndpoints? Known(string service)
    {
        lock (_lock) return _services.GetValueOrDefault(service);
    }

    void ForgetAll()
    {
        lock (_lock)
        {
            if (_memoCount <= TemplateLimits.MaxMemo) return;
            foreach (var service in _services.Values) service.Forget();
            _memoCount = 0;
        }
    }
}
