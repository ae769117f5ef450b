using System.Runtime.InteropServices;
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

    struct MapSpan
    {
        public ulong TraceLow;
        public ulong SpanId;
        public ulong ParentId;
        public long DurationNanos;
        public int Service;
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

    public int SpanCount => _spans.Count;
    public bool IsOverNodeLimit { get; private set; }
    public IReadOnlyList<string> Services => _services;
    public IReadOnlyDictionary<(string From, string To), EdgeSum> Edges => _edges;

    /// <summary>Inferred nodes that an edge leads to or from.</summary>
    public Dictionary<string, Peer> InferredNodes { get; } = new(StringComparer.Ordinal);

    public string TypeOf(string service) => _serviceTypes.GetValueOrDefault(service, "");

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
            var peer = isCall || kind == SpanKind.Consumer ? PeerOf(batch, span) : -1;
            _byId.TryAdd((batch.TraceIdLow[span], batch.SpanIds[span]), _spans.Count);
            _spans.Add(new MapSpan
            {
                TraceLow = batch.TraceIdLow[span],
                SpanId = batch.SpanIds[span],
                ParentId = batch.ParentIds[span],
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
        var spans = CollectionsMarshal.AsSpan(_spans);
        for (var i = 0; i < spans.Length; i++)
        {
            ref var span = ref spans[i];
            if (span.ParentId == 0 || !_byId.TryGetValue((span.TraceLow, span.ParentId), out var parentAt) || parentAt == i) continue;
            ref var parent = ref spans[parentAt];
            if (parent.Service == span.Service && span.Kind is not (SpanKind.Server or SpanKind.Consumer)) continue;
            // Over a queue the message is what connects: producer → queue → consumer is clearer than a direct call.
            parent.HasRemoteChild = true;
            if (parent.Service != span.Service) Edge(_services[parent.Service], _services[span.Service], span.IsError, span.DurationNanos);
        }
        for (var i = 0; i < spans.Length; i++)
        {
            ref var span = ref spans[i];
            if (span.Peer < 0 || span.HasRemoteChild) continue;
            var peer = _peers[span.Peer];
            var isStandIn = span.IsCall && span.ParentId != 0 && _byId.TryGetValue((span.TraceLow, span.ParentId), out var at) && spans[at].Service != span.Service;
            if (isStandIn) continue; // An own service name for a database's client spans is the node already.
            if (span.Kind == SpanKind.Consumer)
            {
                if (!_byId.ContainsKey((span.TraceLow, span.ParentId))) InferredEdge(peer, _services[span.Service], span.IsError, span.DurationNanos, isFromPeer: true);
            }
            else InferredEdge(peer, _services[span.Service], span.IsError, span.DurationNanos, isFromPeer: false);
        }
    }

    void InferredEdge(Peer peer, string service, bool isError, long nanos, bool isFromPeer)
    {
        // A peer named as a service that we see is that service.
        var id = _serviceIndex.ContainsKey(peer.Name) ? peer.Name : peer.Id;
        if (id == service) return;
        if (id == peer.Id && !InferredNodes.ContainsKey(id))
        {
            if (InferredNodes.Count + _services.Count >= MaxNodes)
            {
                IsOverNodeLimit = true;
                return;
            }
            InferredNodes.Add(id, peer);
        }
        if (isFromPeer) Edge(id, service, isError, nanos);
        else Edge(service, id, isError, nanos);
    }

    void Edge(string from, string to, bool isError, long nanos)
    {
        if (!_edges.TryGetValue((from, to), out var edge)) _edges.Add((from, to), edge = new EdgeSum());
        edge.CallCount++;
        if (isError) edge.ErrorCount++;
        edge.Nanos.Add(nanos);
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
    public DDSketch Nanos { get; } = new();
}
