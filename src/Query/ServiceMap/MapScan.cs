using System.Runtime.InteropServices;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Query.Services;

namespace Apm.Query.ServiceMap;

/// <summary>The spans of a map's range, as little of each as parentage needs, joined over batches.</summary>
/// <remarks>Not thread-safe.</remarks>
sealed class MapScan
{
    /// <summary>Most different nodes; default 1000. Calls to what would be more are not drawn.</summary>
    public const int MaxNodes = 1000;

    /// <summary>Most different resources that unpaired spans can be named by; default 20,000. Later ones are named "".</summary>
    public const int MaxResources = 20_000;

    /// <summary>Entry spans of a service that are asked for its team and namespace; default 50.</summary>
    const int MaxAskedSpans = 50;

    struct MapSpan
    {
        public ulong TraceHigh;
        public ulong TraceLow;
        public ulong SpanId;
        public ulong ParentId;
        public long StartUnixNanos;
        public long DurationNanos;
        public int Service;
        public int Resource;    // -1: of a kind of span that is never named in an answer, or beyond the limit
        public int Peer;        // -1: none
        public SpanKind Kind;
        public bool IsError;
        public bool IsCall;     // leaves the process
        public bool HasRemoteChild;
    }

    readonly List<MapSpan> _spans = [];
    readonly Dictionary<(ulong TraceLow, ulong SpanId), int> _byId = [];
    readonly List<string> _services = [];
    readonly Dictionary<string, int> _serviceIndex = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> _serviceTypes = new(StringComparer.Ordinal);
    readonly List<Peer> _peers = [];
    readonly Dictionary<Peer, int> _peerIndex = [];
    readonly Dictionary<(string From, string To), EdgeSum> _edges = [];
    readonly List<string> _resources = [];
    readonly Dictionary<string, int> _resourceIndex = new(StringComparer.Ordinal);
    readonly Dictionary<int, ServiceTags> _tags = [];

    /// <summary>Calls without their other side, when all spans are joined.</summary>
    public UnpairedSpans Unpaired { get; } = new();

    public int SpanCount => _spans.Count;
    public bool IsOverNodeLimit { get; private set; }
    public IReadOnlyList<string> Services => _services;
    public IReadOnlyDictionary<(string From, string To), EdgeSum> Edges => _edges;

    /// <summary>Inferred nodes that an edge leads to or from.</summary>
    public Dictionary<string, Peer> InferredNodes { get; } = new(StringComparer.Ordinal);

    public string TypeOf(string service) => _serviceTypes.GetValueOrDefault(service, "");

    /// <summary>The team of a service by its spans' tags; "" when they name none.</summary>
    public string TeamOf(string service) => _serviceIndex.TryGetValue(service, out var index) && _tags.TryGetValue(index, out var tags) ? tags.Team : "";

    /// <summary>As <see cref="TeamOf"/>, the namespace.</summary>
    public string NamespaceOf(string service) => _serviceIndex.TryGetValue(service, out var index) && _tags.TryGetValue(index, out var tags) ? tags.Namespace : "";

    /// <summary>Enters spans of a batch; all must be new.</summary>
    public void Add(SpanBatch batch, ReadOnlySpan<int> spans)
    {
        foreach (var span in spans)
        {
            var type = batch.Strings.Text(batch.Types[span]);
            var kind = batch.Kinds[span];
            var isCall = kind is SpanKind.Client or SpanKind.Producer || (kind is SpanKind.Unspecified && ServiceKinds.IsCall(type));
            var service = ServiceOf(batch.Strings.Text(batch.Services[span]));
            if (service < 0) continue;
            if (type.Length > 0 && (batch.Flags[span] & SpanFlags.TopLevel) != 0) _serviceTypes.TryAdd(_services[service], type);
            var isEntry = (batch.Flags[span] & SpanFlags.TopLevel) != 0;
            if (isEntry && !isCall) AskTags(service, batch, span);
            var peer = isCall || kind == SpanKind.Consumer ? PeerOf(batch, span) : -1;
            _byId.TryAdd((batch.TraceIdLow[span], batch.SpanIds[span]), _spans.Count);
            _spans.Add(new MapSpan
            {
                TraceHigh = batch.TraceIdHigh[span],
                TraceLow = batch.TraceIdLow[span],
                SpanId = batch.SpanIds[span],
                ParentId = batch.ParentIds[span],
                StartUnixNanos = batch.StartUnixNanos[span],
                Resource = isCall || isEntry || kind is SpanKind.Server or SpanKind.Consumer ? ResourceOf(batch.Strings.Text(batch.Resources[span])) : -1,
                DurationNanos = batch.DurationNanos[span],
                Service = service,
                Peer = peer,
                Kind = kind,
                IsError = (batch.Flags[span] & SpanFlags.Error) != 0,
                IsCall = isCall,
            });
        }
    }

    /// <summary>Works out the edges, when all spans are in.</summary>
    public void Join()
    {
        JoinParents();
        JoinPeers();
    }

    void JoinParents()
    {
        var spans = CollectionsMarshal.AsSpan(_spans);
        for (var i = 0; i < spans.Length; i++)
        {
            ref var span = ref spans[i];
            if (span.ParentId == 0) continue;
            if (!_byId.TryGetValue((span.TraceLow, span.ParentId), out var parentAt))
            {
                if (span.Kind == SpanKind.Server) Unpaired.Add(new("", _services[span.Service], UnpairedReason.CallerNotStored), TraceIdOf(span), "", ResourceText(span));
                continue;
            }
            if (parentAt == i) continue;
            ref var parent = ref spans[parentAt];
            if (parent.Service == span.Service && span.Kind is not (SpanKind.Server or SpanKind.Consumer)) continue;
            // Over a queue the message is what connects: producer → queue → consumer is clearer than a direct call.
            parent.HasRemoteChild = true;
            if (parent.Service != span.Service) Edge(_services[parent.Service], _services[span.Service], span, EdgeSight.Both);
        }
    }

    /// <summary>Calls that no span answers: of those to a service that sends spans, the ones whose callee began a trace of its own are found by time.</summary>
    void JoinPeers()
    {
        var spans = CollectionsMarshal.AsSpan(_spans);
        var toServices = new List<int>();
        for (var i = 0; i < spans.Length; i++)
        {
            ref var span = ref spans[i];
            if (span.Peer < 0 || span.HasRemoteChild) continue;
            var isStandIn = span.IsCall && span.ParentId != 0 && _byId.TryGetValue((span.TraceLow, span.ParentId), out var at) && spans[at].Service != span.Service;
            if (isStandIn) continue; // An own service name for a database's client spans is the node already.
            var peer = _peers[span.Peer];
            // A peer named as a service that we see is that service.
            var isService = _serviceIndex.ContainsKey(peer.Name);
            if (isService && peer.Name == _services[span.Service]) continue;
            if (span.Kind == SpanKind.Consumer)
            {
                if (_byId.ContainsKey((span.TraceLow, span.ParentId))) continue;
                if (isService) Edge(peer.Name, _services[span.Service], span, EdgeSight.ClientOnly);
                else if (IsDrawn(peer)) Edge(peer.Id, _services[span.Service], span, EdgeSight.ClientOnly);
            }
            else if (isService && span.IsCall) toServices.Add(i);
            else if (isService) Edge(_services[span.Service], peer.Name, span, EdgeSight.ClientOnly);
            else if (IsDrawn(peer))
            {
                Edge(_services[span.Service], peer.Id, span, EdgeSight.ClientOnly);
                // Databases, caches and queues never send spans; of anything else one may wonder.
                if (peer.Kind == ServiceKind.External) Unpaired.Add(new(_services[span.Service], peer.Id, UnpairedReason.NotTraced), TraceIdOf(span), ResourceText(span), "");
            }
        }

        var pairs = LostHeaders.Pair(
            [.. toServices.Select(i => CallOf(_spans[i], _serviceIndex[_peers[_spans[i].Peer].Name]))],
            RootsOf([.. toServices.Select(i => _serviceIndex[_peers[_spans[i].Peer].Name])]));
        for (var at = 0; at < toServices.Count; at++)
        {
            var call = _spans[toServices[at]];
            var (from, to) = (_services[call.Service], _peers[call.Peer].Name);
            var root = pairs[at];
            Edge(from, to, call, root < 0 ? EdgeSight.ClientOnly : EdgeSight.HeaderLost);
            Unpaired.Add(new(from, to, root < 0 ? UnpairedReason.CalleeNotStored : UnpairedReason.HeaderLost), TraceIdOf(call), ResourceText(call), root < 0 ? "" : ResourceText(_spans[root]), root < 0 ? null : TraceIdOf(_spans[root]));
        }
    }

    static CallSpan CallOf(in MapSpan span, int service) => new(service, span.TraceLow, span.SpanId, span.StartUnixNanos, span.DurationNanos, Index: -1);

    List<CallSpan> RootsOf(HashSet<int> services)
    {
        var roots = new List<CallSpan>();
        if (services.Count == 0) return roots;
        for (var i = 0; i < _spans.Count; i++)
        {
            var span = _spans[i];
            if (span.ParentId == 0 && !span.IsCall && services.Contains(span.Service)) roots.Add(CallOf(span, span.Service) with { Index = i });
        }
        return roots;
    }

    bool IsDrawn(Peer peer)
    {
        if (InferredNodes.ContainsKey(peer.Id)) return true;
        if (InferredNodes.Count + _services.Count >= MaxNodes)
        {
            IsOverNodeLimit = true;
            return false;
        }
        InferredNodes.Add(peer.Id, peer);
        return true;
    }

    void Edge(string from, string to, in MapSpan span, EdgeSight sight)
    {
        if (!_edges.TryGetValue((from, to), out var edge)) _edges.Add((from, to), edge = new EdgeSum());
        edge.CallCount++;
        if (span.IsError) edge.ErrorCount++;
        if (sight == EdgeSight.Both) edge.PairedCount++;
        if (sight == EdgeSight.HeaderLost) edge.HeaderLostCount++;
        edge.FirstUnixNanos = Math.Min(edge.FirstUnixNanos, span.StartUnixNanos);
        edge.Nanos.Add(span.DurationNanos);
    }

    static TraceId TraceIdOf(in MapSpan span) => new(span.TraceHigh, span.TraceLow);

    string ResourceText(in MapSpan span) => span.Resource < 0 ? "" : _resources[span.Resource];

    int ResourceOf(string text)
    {
        if (_resourceIndex.TryGetValue(text, out var index)) return index;
        if (_resources.Count >= MaxResources) return -1;
        _resourceIndex.Add(text, _resources.Count);
        _resources.Add(text);
        return _resources.Count - 1;
    }

    void AskTags(int service, SpanBatch batch, int span)
    {
        if (!_tags.TryGetValue(service, out var tags)) _tags.Add(service, tags = new ServiceTags());
        if (tags.AskedCount >= MaxAskedSpans || (tags.Team.Length > 0 && tags.Namespace.Length > 0)) return;
        tags.AskedCount++;
        if (tags.Team.Length == 0) tags.Team = batch.TagOf(span, "team") ?? "";
        if (tags.Namespace.Length == 0) tags.Namespace = batch.TagOf(span, "service.namespace") ?? batch.TagOf(span, "kube_namespace") ?? batch.TagOf(span, "k8s.namespace.name") ?? "";
    }

    int ServiceOf(string name)
    {
        if (_serviceIndex.TryGetValue(name, out var index)) return index;
        if (_services.Count >= MaxNodes)
        {
            IsOverNodeLimit = true;
            return -1;
        }
        _serviceIndex.Add(name, _services.Count);
        _services.Add(name);
        return _services.Count - 1;
    }

    int PeerOf(SpanBatch batch, int span)
    {
        if (Peer.Of(batch, span) is not { } peer) return -1;
        if (_peerIndex.TryGetValue(peer, out var index)) return index;
        if (_peers.Count >= MaxNodes * 4) return -1;
        _peerIndex.Add(peer, _peers.Count);
        _peers.Add(peer);
        return _peers.Count - 1;
    }
}

/// <summary>Calls of one edge added up.</summary>
sealed class EdgeSum
{
    public long CallCount;
    public long ErrorCount;
    public long PairedCount;
    public long HeaderLostCount;
    public long FirstUnixNanos = long.MaxValue;
    public DDSketch Nanos { get; } = new();
}

/// <summary>What entry spans tell of the service they belong to.</summary>
sealed class ServiceTags
{
    public int AskedCount;
    public string Team = "";
    public string Namespace = "";
}

/// <summary>Whose span of a call was seen.</summary>
enum EdgeSight { Both, ClientOnly, HeaderLost }
