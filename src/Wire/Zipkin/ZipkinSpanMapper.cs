using System.Runtime.InteropServices;
using Apm.Core.Spans;
using Apm.Wire.Otlp;

namespace Apm.Wire.Zipkin;

/// <summary>Service and address of one side of a call; texts are indexes, 0 when absent.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct ZipkinEndpoint
{
    public int Service;
    public int Ip;
    public int Port;
}

/// <summary>
/// One Zipkin span being read, and its way into the batch: as OpenTelemetry's collector translates it (trace-intake §8.3), then by
/// <see cref="OtelSpanMapper"/>. Used by both encodings; fields may come in any order.
/// </summary>
internal sealed class ZipkinSpanMapper
{
    readonly SpanBatch _batch;
    readonly Payload _template;
    readonly OtelSpanMapper _otel;
    readonly ZipkinTagRoles _roles;
    readonly List<int> _sharedHalves = [];
    readonly int _firstSpan;
    int _withoutStart;

    // the span being read
    public ulong TraceIdHigh;
    public ulong TraceIdLow;
    public ulong Id;
    public ulong ParentId;
    public SpanKind Kind;
    public int Name;
    public long TimestampMicros;
    public long DurationMicros;
    public ZipkinEndpoint Local;
    public ZipkinEndpoint Remote;
    public bool Debug;
    public bool Shared;
    int _status;
    int _statusDescription;
    int _error;
    bool _hasError;
    int _scopeName;
    int _scopeVersion;
    int _serviceSource;

    public ZipkinSpanMapper(SpanBatch batch, Payload template, OtlpPath path)
    {
        _batch = batch;
        _template = template;
        _firstSpan = batch.SpanCount;
        _otel = new OtelSpanMapper(batch, template, path);
        _otel.Resources.SharePayloads = true;
        _otel.Resources.NoService = OtelWords.UnknownService;
        _roles = new ZipkinTagRoles(batch.Strings);
    }

    public OtelSpanMapper Otel => _otel;

    public void Begin()
    {
        _otel.Path.Span++;
        _otel.Keys.BeginList();
        _otel.Span.Clear();
        _otel.Resources.Resource.Clear();
        TraceIdHigh = TraceIdLow = Id = ParentId = 0;
        Kind = SpanKind.Unspecified;
        Name = 0;
        TimestampMicros = DurationMicros = 0;
        Local = Remote = default;
        Debug = Shared = false;
        _status = _statusDescription = _error = _scopeName = _scopeVersion = _serviceSource = 0;
        _hasError = false;
    }

    /// <summary>Takes a tag of the span.</summary>
    /// <param name="key">From <see cref="OtelKeyTable.Key"/>.</param>
    public void AddTag(int key, ReadOnlySpan<byte> utf8)
    {
        var role = _roles.Of(key);
        if (role == ZipkinTagRole.Link && ZipkinTextParts.TryAddLink(utf8, _otel)) return;
        var value = _otel.Keys.Value(key, utf8);
        switch (role)
        {
            case ZipkinTagRole.Resource: Add(_otel.Resources.Resource, key, OtelValueKind.Text, value); break;
            case ZipkinTagRole.Status: _status = value; break;
            case ZipkinTagRole.StatusDescription: _statusDescription = value; break;
            case ZipkinTagRole.Error:
                _hasError = true;
                _error = value;
                break;
            case ZipkinTagRole.TraceState: _otel.Span.TraceState = value; break;
            case ZipkinTagRole.ScopeName: _scopeName = value; break;
            case ZipkinTagRole.ScopeVersion: _scopeVersion = value; break;
            case ZipkinTagRole.ServiceSource: _serviceSource = value; break;
            case ZipkinTagRole.SpanKind when Is(value, "internal"u8): _otel.Span.Kind = SpanKind.Internal; break;
            default: Add(_otel.Span.Attributes, key, OtelValueKind.Text, value); break;
        }
    }

    /// <summary>Takes an annotation as an event.</summary>
    public void AddAnnotation(long timestampMicros, ReadOnlySpan<byte> value) =>
        ZipkinTextParts.AddEvent((ulong)NanosOf(timestampMicros), value, _otel);

    /// <summary>Puts the span into the batch.</summary>
    /// <param name="offset">Where it ends in the body.</param>
    public void AddSpan(int offset)
    {
        var span = _otel.Span;
        var attributes = span.Attributes;
        var isServerHalf = Shared && Kind != SpanKind.Client;
        span.TraceIdHigh = TraceIdHigh;
        span.TraceIdLow = TraceIdLow;
        span.SpanId = isServerHalf ? SharedSpanId.Derive(Id) : Id;
        span.ParentId = isServerHalf ? Id : ParentId == Id ? 0 : ParentId;
        span.Name = Name;
        if (Kind != SpanKind.Unspecified) span.Kind = Kind;
        SetTimes(span);
        SetStatus(span);
        AddEndpoints(attributes);
        if (NameTellsMoreThanMethod(attributes)) Add(attributes, "resource.name"u8, OtelValueKind.Text, Name);
        if (Debug) Add(attributes, "sampling.priority"u8, OtelValueKind.Int, 2);
        if (isServerHalf) Add(attributes, "zipkin.shared"u8, OtelValueKind.Bool, 1);

        if (Local.Service != 0)
        {
            Add(_otel.Resources.Resource, "service.name"u8, OtelValueKind.Text, Local.Service);
            if (_serviceSource != 0 && !Is(_serviceSource, "service.name"u8))
                Add(_otel.Resources.Resource, _batch.Strings.Utf8(_serviceSource), OtelValueKind.Text, Local.Service);
        }
        _otel.Resources.MapResource();
        _otel.Resources.MapScope(_scopeName, _scopeVersion);
        if (isServerHalf) _sharedHalves.Add(_batch.SpanCount);
        _otel.AddSpan(offset);
    }

    public ZipkinDecodeResult Finish()
    {
        if (_sharedHalves.Count > 0) HangChildrenBelowServerHalves();
        var result = _otel.Finish();
        return new ZipkinDecodeResult(result.AcceptedSpans, _sharedHalves.Count, _withoutStart);
    }

    /// <summary>
    /// Zipkin's libraries put the route into the span's name (<c>get /user/{id}</c>) and nowhere else; by §7.7 all of a service's
    /// endpoints would be called <c>GET</c>.
    /// </summary>
    bool NameTellsMoreThanMethod(OtelAttributes attributes) =>
        (attributes.Has(OtelKey.HttpMethod) || attributes.Has(OtelKey.HttpRequestMethod)) && !attributes.Has(OtelKey.HttpRoute) && _batch.Strings.Utf8(Name).Contains((byte)' ');

    void SetTimes(OtelSpanDraft span)
    {
        var duration = NanosOf(DurationMicros);
        var start = NanosOf(TimestampMicros);
        if (start == 0)
        {
            _withoutStart++;
            start = Math.Max(0, _template.ReceivedUnixNanos - duration);
            Add(span.Attributes, "otel.zipkin.absentField.startTime"u8, OtelValueKind.Bool, 1);
        }
        span.Start = (ulong)start;
        span.End = (ulong)start + (ulong)duration;
    }

    /// <summary>OpenTelemetry says a status; Zipkin itself says that a tag <c>error</c> means failure, whatever its value.</summary>
    void SetStatus(OtelSpanDraft span)
    {
        if (Is(_status, "ERROR"u8) || Is(_status, "STATUS_CODE_ERROR"u8) || Is(_status, "Error"u8)) span.Status = OtelStatus.Error;
        else if (Is(_status, "OK"u8) || Is(_status, "STATUS_CODE_OK"u8) || Is(_status, "Ok"u8)) span.Status = OtelStatus.Ok;
        if (_status != 0) span.StatusMessage = _statusDescription;
        if (!_hasError) return;
        if (Is(_error, "false"u8) || span.Status == OtelStatus.Ok)
        {
            Add(span.Attributes, "error"u8, OtelValueKind.Text, _error); // Said, but not meant as one: kept as it is.
            return;
        }
        span.Status = OtelStatus.Error;
        if (span.StatusMessage == 0 && !Is(_error, "true"u8)) span.StatusMessage = _error;
    }

    void AddEndpoints(OtelAttributes attributes)
    {
        if (Local.Ip != 0) Add(attributes, "net.host.ip"u8, OtelValueKind.Text, Local.Ip);
        if (Local.Port != 0) Add(attributes, "net.host.port"u8, OtelValueKind.Int, Local.Port);
        if (Remote.Service != 0) Add(attributes, "peer.service"u8, OtelValueKind.Text, Remote.Service);
        if (Remote.Ip != 0) Add(attributes, "net.peer.ip"u8, OtelValueKind.Text, Remote.Ip);
        if (Remote.Port != 0) Add(attributes, "net.peer.port"u8, OtelValueKind.Int, Remote.Port);
    }

    /// <summary>See <see cref="SharedSpanId"/>.</summary>
    void HangChildrenBelowServerHalves()
    {
        var halves = new Dictionary<(ulong High, ulong Low, ulong Id), int>(_sharedHalves.Count);
        foreach (var half in _sharedHalves) halves[(_batch.TraceIdHigh[half], _batch.TraceIdLow[half], _batch.ParentIds[half])] = half;
        var unnamed = _otel.Texts.Of(OtelWords.UnknownService);
        for (var i = _firstSpan; i < _batch.SpanCount; i++)
        {
            if (!halves.TryGetValue((_batch.TraceIdHigh[i], _batch.TraceIdLow[i], _batch.ParentIds[i]), out var half)) continue;
            var isHalf = _batch.SpanIds[i] == SharedSpanId.Derive(_batch.ParentIds[i]);
            var isItsService = _batch.Services[i] == _batch.Services[half] || _batch.Services[i] == unnamed;
            if (!isHalf && isItsService) _batch.ParentIds[i] = _batch.SpanIds[half];
        }
    }

    void Add(OtelAttributes attributes, ReadOnlySpan<byte> key, OtelValueKind kind, long bits) => Add(attributes, _otel.Keys.Key(key), kind, bits);

    void Add(OtelAttributes attributes, int key, OtelValueKind kind, long bits) => attributes.Add(key, _otel.Keys.KnownOf(key), kind, bits);

    bool Is(int text, ReadOnlySpan<byte> utf8) => text != 0 && _batch.Strings.Utf8(text).SequenceEqual(utf8);

    /// <summary>Negative is 0, "unknown"; what overflows is the largest time there is.</summary>
    static long NanosOf(long micros) => micros <= 0 ? 0 : micros > long.MaxValue / 1000 ? long.MaxValue : micros * 1000;
}
