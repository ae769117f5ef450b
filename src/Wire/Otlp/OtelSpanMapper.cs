using System.Buffers.Text;
using System.Runtime.CompilerServices;
using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>
/// OpenTelemetry's spans as Datadog's: the one place for trace-intake §7.5–7.9, whichever bytes the spans came in.
/// <code>
/// per resource:  fill Resources.Resource, Resources.MapResource()
/// per scope:     fill Resources.Scope, Resources.MapScope(name, version)
/// per span:      Span.Clear(), fill Span, AddSpan()
/// at the end:    Finish()
/// </code>
/// </summary>
/// <remarks>
/// Where it leaves the reference, and why: a span's own <c>service.name</c> is its service, because Datadog tracers that speak OTLP put the
/// integration's service there; <c>otel.trace_id</c> is not written, the columns hold the whole id; a number that a double cannot hold
/// exactly, and NaN and infinities, become text tags. Name, service, environment and lengths are left to normalisation.
/// </remarks>
internal sealed class OtelSpanMapper
{
    /// <summary>OTLP spans come sampled; without another wish they are kept (trace-intake §7.5).</summary>
    const int AutoKeep = 1;

    /// <summary>OTLP's span flags: it is known whether the parent is of another process, and it is.</summary>
    const uint HasAndIsRemote = 0x300;

    readonly SpanBatch _batch;
    readonly OtelTexts _texts;
    readonly OtelSpanRules _rules;
    readonly TraceGroups _groups;
    long _tags;
    int _accepted;
    int _rejected;
    string _firstReason = "";

    public OtelSpanMapper(SpanBatch batch, Payload template, OtlpPath path)
    {
        _batch = batch;
        Path = path;
        _texts = new OtelTexts(batch.Strings);
        _rules = new OtelSpanRules(_texts);
        _groups = new TraceGroups(batch);
        Keys = new OtelKeyTable(batch.Strings);
        Resources = new OtelResourceMapper(batch, template, Keys, _texts);
        Span = new OtelSpanDraft(batch.Strings, _texts);
    }

    public OtelKeyTable Keys { get; }
    public OtelResourceMapper Resources { get; }
    public OtelSpanDraft Span { get; }
    public OtelTexts Texts => _texts;
    public OtlpPath Path { get; }

    /// <summary>Puts the draft into the batch, or counts it as rejected when its ids are not valid.</summary>
    /// <param name="offset">Where it ends in the body, for the one error that can happen here.</param>
    /// <returns>Whether it was accepted.</returns>
    public bool AddSpan(int offset)
    {
        var span = Span;
        if (span.Reason is null && (span.TraceIdHigh | span.TraceIdLow) == 0) span.Reason = "the trace id is missing or zero";
        if (span.Reason is null && span.SpanId == 0) span.Reason = "the span id is missing or zero";
        if (span.Reason is not null)
        {
            if (_rejected++ == 0) _firstReason = $"{Path}: {span.Reason}";
            return false;
        }

        _accepted++;
        var resources = Resources;
        _tags += resources.TagKeys.Length + span.Attributes.Count;
        if (_tags > OtlpLimits.MaxTagsPerRequest)
            throw new DecodeFault(offset, $"the request's spans have more than {OtlpLimits.MaxTagsPerRequest} tags, resource attributes counted for each span");

        var i = _batch.AddSpan();
        _batch.SetFirstTags(resources.TagKeys, resources.TagValues);
        _batch.TraceIdHigh[i] = span.TraceIdHigh;
        _batch.TraceIdLow[i] = span.TraceIdLow;
        _batch.SpanIds[i] = span.SpanId;
        _batch.ParentIds[i] = span.ParentId;
        var start = (long)Math.Min(span.Start, long.MaxValue);
        _batch.StartUnixNanos[i] = start;
        _batch.DurationNanos[i] = (long)Math.Min(span.End, long.MaxValue) - start;
        CopyAttributes(span.Attributes);
        SetFields(i, span);
        SetErrors(i, span);
        SetLists(span);
        SetPriority(resources.Payload, span);
        return true;
    }

    /// <summary>Puts the traces together and declares the chunks.</summary>
    public OtlpDecodeResult Finish()
    {
        _groups.Finish(AutoKeep);
        return new OtlpDecodeResult(_accepted, _rejected, _firstReason);
    }

    void SetFields(int i, OtelSpanDraft span)
    {
        var attributes = span.Attributes;
        var service = FirstOf(attributes, OtelKey.DatadogService, OtelKey.ServiceName);
        _batch.Services[i] = service != 0 ? service : Resources.Service;

        var name = FirstOf(attributes, OtelKey.DatadogName);
        if (name == 0 && Resources.NamesOperations && !attributes.Has(OtelKey.OperationName)) name = span.Name;
        _batch.Names[i] = name != 0 ? name : _rules.OperationOf(span.Kind, attributes);

        var resource = FirstOf(attributes, OtelKey.DatadogResource);
        _batch.Resources[i] = resource != 0 ? resource : _rules.ResourceOf(span.Kind, attributes, span.Name);

        var type = FirstOf(attributes, OtelKey.DatadogType);
        _batch.Types[i] = type != 0 ? type : _rules.TypeOf(span.Kind, attributes);

        _batch.Kinds[i] = span.Kind;
        if ((span.Flags & HasAndIsRemote) == HasAndIsRemote) _batch.Flags[i] |= SpanFlags.TopLevel;
        var kind = FirstOf(attributes, OtelKey.DatadogSpanKind);
        SetTag(OtelWords.SpanKind, kind != 0 ? kind : _texts.Of(WordOf(span.Kind)));

        SetTagIfAny(OtelWords.Env, FirstOf(attributes, OtelKey.DatadogEnv));
        SetTagIfAny(OtelWords.Version, FirstOf(attributes, OtelKey.DatadogVersion));
        SetTag(OtelWords.StatusCode, _texts.Of(span.Status switch
        {
            OtelStatus.Error => OtelWords.StatusError,
            OtelStatus.Ok => OtelWords.StatusOk,
            _ => OtelWords.StatusUnset,
        }));
        SetTagIfAny(OtelWords.StatusDescription, span.StatusMessage);
        SetTagIfAny(OtelWords.TraceState, span.TraceState);
        if (attributes.TryGet(OtelKey.Measured, out var measured) && NumberOf(measured) == 1) _batch.Flags[i] |= SpanFlags.Measured;
        if (attributes.TryGet(OtelKey.AnalyticsEvent, out var isEvent)) SetNumber(OtelWords.EventRate, IsTrue(isEvent) ? 1 : 0);
        if (!attributes.Has(OtelKey.HttpUrl) && !attributes.Has(OtelKey.UrlFull) && attributes.Has(OtelKey.UrlPath)) SetUrl(span);
    }

    /// <summary>Servers say their address in parts (§7.9): scheme, address, path, query.</summary>
    void SetUrl(OtelSpanDraft span)
    {
        var attributes = span.Attributes;
        var scheme = FirstOf(attributes, OtelKey.UrlScheme);
        var address = FirstOf(attributes, OtelKey.ServerAddress);
        if (scheme == 0 || address == 0) return;
        _texts.Begin().Add(scheme).Add("://"u8).Add(address);
        if (attributes.TryGet(OtelKey.ServerPort, out var port) && port.Kind == OtelValueKind.Int)
        {
            Span<byte> digits = stackalloc byte[20];
            Utf8Formatter.TryFormat(port.Bits, digits, out var length);
            _texts.Add(":"u8).Add(digits[..length]);
        }
        if (attributes.TryGet(OtelKey.UrlPath, out var path) && path.Kind == OtelValueKind.Text) _texts.Add((int)path.Bits);
        if (attributes.TryGet(OtelKey.UrlQuery, out var query) && query.Kind == OtelValueKind.Text && query.Bits != 0)
        {
            var text = _batch.Strings.Utf8((int)query.Bits);
            if (text[0] != '?') _texts.Add("?"u8);
            _texts.Add(text);
        }
        SetTag(OtelWords.HttpUrl, _texts.End());
    }

    void CopyAttributes(OtelAttributes attributes)
    {
        // The status comes first: neither generation's attribute may replace what the rule chose.
        if (HttpStatusOf(attributes) is var status and not 0) SetNumber(OtelWords.HttpStatusCode, status);
        foreach (var attribute in attributes.Items)
        {
            var tag = Keys.TagOf(attribute.Key, out var copy);
            if (copy == OtelCopy.Skip) continue;
            if (copy == OtelCopy.IfAbsent && (_batch.Tags.TryGet(_batch.SpanCount - 1, tag, out _) || _batch.Numbers.TryGet(_batch.SpanCount - 1, tag, out _))) continue;
            if (IsExactNumber(attribute, out var number)) _batch.SetNumber(tag, number);
            else _batch.SetTag(tag, _texts.Of(attribute));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool IsExactNumber(OtelAttribute attribute, out double number)
    {
        const long exact = 1L << 53;
        switch (attribute.Kind)
        {
            case OtelValueKind.Int:
                number = attribute.Bits;
                return attribute.Bits is >= -exact and <= exact;
            case OtelValueKind.Double:
                number = attribute.Double;
                return double.IsFinite(number);
            default:
                number = 0;
                return false;
        }
    }

    void SetErrors(int i, OtelSpanDraft span)
    {
        var failed = span.Attributes.TryGet(OtelKey.DatadogError, out var said) ? IsTrue(said) : span.Status == OtelStatus.Error;
        if (failed) _batch.Flags[i] |= SpanFlags.Error;
        if (span.Status != OtelStatus.Error) return;
        var message = span.ExceptionMessage;
        if (message == 0) message = span.StatusMessage;
        if (message == 0) message = HttpStatusText(span.Attributes);
        SetTagIfAny(OtelWords.ErrorMsg, message);
        SetTagIfAny(OtelWords.ErrorType, span.ExceptionType);
        SetTagIfAny(OtelWords.ErrorStack, span.ExceptionStack);
    }

    int HttpStatusText(OtelAttributes attributes)
    {
        var status = FirstOf(attributes, OtelKey.DatadogHttpStatusCode, OtelKey.HttpResponseStatusCode, OtelKey.HttpStatusCode);
        if (status == 0) return 0;
        return FirstOf(attributes, OtelKey.HttpStatusText) is var text and not 0
            ? _texts.Begin().Add(status).Add(" "u8).Add(text).End()
            : status;
    }

    void SetLists(OtelSpanDraft span)
    {
        if (!span.Events.IsEmpty) SetTag(OtelWords.Events, span.Events.Intern());
        if (span.HasException) SetTag(OtelWords.HasException, _texts.Of(OtelWords.True));
        if (!span.Links.IsEmpty) SetTag(OtelWords.Links, span.Links.Intern());
        if (span.Attributes.Dropped > 0) SetNumber(OtelWords.DroppedAttributes, span.Attributes.Dropped);
        if (span.Events.Dropped > 0) SetNumber(OtelWords.DroppedEvents, span.Events.Dropped);
        if (span.Links.Dropped > 0) SetNumber(OtelWords.DroppedLinks, span.Links.Dropped);
    }

    /// <summary>A chunk is kept unless a span of it asks otherwise; who decided stands on its first span, as Datadog's tracers write it.</summary>
    void SetPriority(int payload, OtelSpanDraft span)
    {
        var group = _groups.Add(payload, span.TraceIdHigh, span.TraceIdLow, out var isFirst);
        var asks = span.Attributes.TryGet(OtelKey.SamplingPriority, out var asked);
        if (isFirst)
        {
            SetTag(OtelWords.DecisionMaker, _texts.Of(OtelWords.DecidedByOtlpRate));
            if (!asks) SetTag(OtelWords.OtlpRate, _texts.Of(OtelWords.RateOfAll)); // Nothing is left out here: what samples comes later, and says so itself.
        }
        if (!asks) return;
        var priority = NumberOf(asked);
        if (double.IsNaN(priority)) return;
        _groups.SetPriority(group, (int)Math.Clamp(priority, -100, 100));
        _batch.Tags.Set(_groups.FirstSpanOf(group), _texts.Of(OtelWords.DecisionMaker), _texts.Of(OtelWords.DecidedByUser));
    }

    /// <summary>A number, or as Zipkin and some instrumentations have it a text; 0 when there is none.</summary>
    int HttpStatusOf(OtelAttributes attributes)
    {
        if (!attributes.TryGet(OtelKey.DatadogHttpStatusCode, out var status) &&
            !attributes.TryGet(OtelKey.HttpResponseStatusCode, out status) &&
            !attributes.TryGet(OtelKey.HttpStatusCode, out status)) return 0;
        return NumberOf(status) is > 0 and < 1_000 and var number && number == Math.Floor(number) ? (int)number : 0;
    }

    static int WordOf(SpanKind kind) => kind switch
    {
        SpanKind.Internal => OtelWords.KindInternal,
        SpanKind.Server => OtelWords.KindServer,
        SpanKind.Client => OtelWords.KindClient,
        SpanKind.Producer => OtelWords.KindProducer,
        SpanKind.Consumer => OtelWords.KindConsumer,
        _ => OtelWords.KindUnspecified,
    };

    /// <summary>A number, or a text that is one; NaN for anything else.</summary>
    double NumberOf(OtelAttribute value) => value.Kind switch
    {
        OtelValueKind.Int => value.Bits,
        OtelValueKind.Double => value.Double,
        OtelValueKind.Bool => value.Bits,
        OtelValueKind.Text when Utf8Parser.TryParse(_batch.Strings.Utf8((int)value.Bits), out double number, out var read)
            && read == _batch.Strings.Utf8((int)value.Bits).Length => number,
        _ => double.NaN,
    };

    bool IsTrue(OtelAttribute value) => value.Kind == OtelValueKind.Text && value.Bits == _texts.Of(OtelWords.True) || NumberOf(value) is not (0 or double.NaN);

    int FirstOf(OtelAttributes attributes, OtelKey first, OtelKey second = OtelKey.None, OtelKey third = OtelKey.None)
    {
        if (attributes.TryGet(first, out var value) && _texts.Of(value) is var a and not 0) return a;
        if (attributes.TryGet(second, out value) && _texts.Of(value) is var b and not 0) return b;
        return attributes.TryGet(third, out value) ? _texts.Of(value) : 0;
    }

    void SetTag(int word, int value) => _batch.SetTag(_texts.Of(word), value);

    void SetTagIfAny(int word, int value)
    {
        if (value != 0) SetTag(word, value);
    }

    void SetNumber(int word, double value) => _batch.SetNumber(_texts.Of(word), value);
}
