using System.Runtime.InteropServices;
using Apm.Core.Endpoints;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Normalize;

/// <summary>
/// Gives the web spans of one batch whose resource is a path or address as called their endpoint's template, and keeps the
/// raw path where no tag has it. Spans that know their route are left alone.
/// </summary>
/// <remarks>
/// One thread, one batch. All names are learnt before the first is given out, so that what is learnt from a batch holds for all of it.
/// </remarks>
sealed class EndpointRun
{
    /// <summary>Tag that holds the path as it was called, where the tracer sent none.</summary>
    public const string RawPath = "http.path_raw";

    readonly SpanBatch _batch;
    readonly EndpointNames _names;
    readonly int _web;
    readonly int _http;
    readonly int _route;
    readonly int[] _pathKeys;
    readonly Dictionary<int, ServiceEndpoints> _services = [];
    readonly Dictionary<ServiceEndpoints, int> _versions = []; // before this batch
    readonly Dictionary<(int Service, int Resource), byte[]?> _found = [];
    readonly List<int> _spans = [];
    readonly sbyte[] _looks; // by a resource's index: 0 not yet known, 1 a path, -1 none

    EndpointRun(SpanBatch batch, EndpointNames names)
    {
        _batch = batch;
        _names = names;
        _web = batch.Strings.Find("web");
        _http = batch.Strings.Find("http");
        _route = batch.Strings.Find(TagNames.HttpRoute);
        _pathKeys = [.. new[] { TagNames.HttpUrl, "http.target", "url.path", "url.full", "http.path", RawPath }.Select(batch.Strings.Find).Where(key => key >= 0)];
        _looks = new sbyte[batch.Strings.Count];
    }

    /// <summary>Names the spans of a normalised batch.</summary>
    public static void Apply(SpanBatch batch, EndpointNames names)
    {
        var run = new EndpointRun(batch, names);
        run.Collect();
        if (run._spans.Count > 0) run.Name();
    }

    void Collect()
    {
        for (var i = 0; i < _batch.SpanCount; i++)
        {
            var resource = _batch.Resources[i];
            if ((uint)resource >= (uint)_looks.Length || _looks[resource] < 0) continue;
            if (_looks[resource] == 0 && (_looks[resource] = RawName.Looks(_batch.Strings.Utf8(resource)) ? (sbyte)1 : (sbyte)-1) < 0) continue;
            if (IsWeb(i) && !(_route >= 0 && _batch.Tags.TryGet(i, _route, out var route) && route != 0)) _spans.Add(i);
        }
    }

    /// <summary>By its type; or a call of unknown type whose resource begins with a method or an address.</summary>
    bool IsWeb(int span)
    {
        var type = _batch.Types[span];
        if (type > 0 && (type == _web || type == _http)) return true;
        return _batch.Kinds[span] is SpanKind.Server or SpanKind.Client && _batch.Strings.Utf8(_batch.Resources[span])[0] != '/';
    }

    void Name()
    {
        foreach (var span in _spans) Find(span);
        if (_services.Values.Any(known => known.Version != _versions[known]))
        {
            _found.Clear(); // A place was folded on the way: what was found before it may be named differently now.
            foreach (var span in _spans) Find(span);
        }
        var rawKey = -1;
        var (service, resource, template, made) = (-1, -1, (byte[]?)null, 0);
        foreach (var span in _spans)
        {
            if (_batch.Services[span] != service || _batch.Resources[span] != resource)
            {
                (service, resource) = (_batch.Services[span], _batch.Resources[span]);
                template = _found[(service, resource)];
                made = template is null ? 0 : _batch.Strings.Intern(template);
            }
            if (template is null) continue;
            if (!HasPath(span))
            {
                if (rawKey < 0) rawKey = _batch.Strings.Intern(RawPath);
                _batch.Tags.Set(span, rawKey, _batch.Strings.Intern(RawName.WithoutMethod(_batch.Strings.Utf8(_batch.Resources[span])).ToArray()));
            }
            _batch.Resources[span] = made;
        }
    }

    void Find(int span)
    {
        var (service, resource) = (_batch.Services[span], _batch.Resources[span]);
        ref var found = ref CollectionsMarshal.GetValueRefOrAddDefault(_found, (service, resource), out var isKnown);
        if (isKnown) return;
        if (!_services.TryGetValue(service, out var endpoints))
        {
            _services.Add(service, endpoints = _names.Of(_batch.Strings.Text(service)));
            _versions.Add(endpoints, endpoints.Version);
        }
        found = _names.TemplateOf(endpoints, _batch.Strings.Utf8(resource));
    }

    bool HasPath(int span)
    {
        foreach (var key in _pathKeys) if (_batch.Tags.TryGet(span, key, out var value) && value != 0) return true;
        return false;
    }
}
