using System.Text;
using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.TraceAgent.Filter;
using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Normalize;

/// <summary>One normalisation of one batch: the tables that make it a look-up per span instead of a rule per span.</summary>
/// <remarks>One thread, one batch.</remarks>
sealed class NormalizeRun
{
    readonly SpanBatch _batch;
    readonly NormalizeSettings _settings;
    readonly TagRoles _roles;
    readonly bool _hasLongStrings;
    readonly ObfuscateRun _obfuscate;
    readonly ReplaceRun? _replace;
    readonly ChunkFilter _filter;
    readonly Dictionary<string, int> _repairs = [];

    // What a string became under a rule: index + 1, by its index; 0 is not yet known. Strings made by a rule are not looked up again.
    readonly int[] _services;
    readonly int[] _names;
    readonly int[] _values;
    readonly int _defaultEnv;
    readonly int _component; // -1 when it is no operation name.
    int _cutCount;

    public NormalizeRun(SpanBatch batch, NormalizeSettings settings, Obfuscator obfuscator, ChunkFilter filter)
    {
        _batch = batch;
        _settings = settings;
        _filter = filter;
        var strings = batch.Strings;
        _roles = new TagRoles(strings);
        _hasLongStrings = strings.ByteCount > Math.Min(settings.MaxTagKeyBytes, NameRules.MaxNameBytes) && HasLongString(strings, settings);
        _services = new int[strings.Count];
        _names = new int[strings.Count];
        _values = new int[strings.Count];
        _defaultEnv = strings.Intern(settings.DefaultEnv);
        _component = settings.ComponentIsName ? strings.Find(TagNames.Component) : -1;
        _obfuscate = obfuscator.Begin(batch);
        _replace = obfuscator.BeginReplace(batch);
    }

    /// <summary>The reason to drop a whole chunk (rules 1–4); null to keep it.</summary>
    public string? WhyDropped(Chunk chunk)
    {
        if (chunk.SpanCount == 0) return "empty_trace";
        var first = chunk.FirstSpan;
        var end = first + chunk.SpanCount;
        for (var i = first; i < end; i++)
        {
            if (_batch.TraceIdLow[i] == 0 && _batch.TraceIdHigh[i] == 0) return "trace_id_zero";
            if (_batch.SpanIds[i] == 0) return "span_id_zero";
            if (_batch.TraceIdLow[i] != _batch.TraceIdLow[first]) return "foreign_span";
        }
        return null;
    }

    /// <summary>Repairs a chunk.</summary>
    /// <returns>Null; or why the settings leave the chunk out, in which case there are no facts.</returns>
    public string? TryNormalizeChunk(int chunkIndex, out ChunkFacts facts)
    {
        facts = default;
        var chunk = _batch.Chunks[chunkIndex];
        var payload = _batch.Payloads[chunk.Payload];
        var found = new Found();
        var end = chunk.FirstSpan + chunk.SpanCount;
        for (var i = chunk.FirstSpan; i < end; i++)
        {
            NormalizeFields(i, payload);
            ReadTags(i, ref found);
        }
        if (found.TraceIdHigh != 0)
            for (var i = chunk.FirstSpan; i < end; i++) if (_batch.TraceIdHigh[i] == 0) _batch.TraceIdHigh[i] = found.TraceIdHigh;

        if (RepeatedIds.Count(_batch, chunk) is > 0 and var repeated) Repaired("duplicate_span_id", repeated);
        var root = ChunkRoots.Find(_batch, chunk);
        if (_filter.WhyRejected(_batch, root) is { } reason) return reason;
        HideAndCut(chunk, ref found);
        var rootTags = new Found();
        ReadTags(root, ref rootTags);
        var env = FirstSet( // What the payload says holds for all of it (trace-intake §2.1, step 11).
            TagValueOf(payload.Env), rootTags.Env, found.Env, _defaultEnv);
        for (var i = chunk.FirstSpan; i < end; i++) _batch.Envs[i] = env;

        if (chunk.Priority == Chunk.NoPriority) chunk.Priority = rootTags.Priority ?? found.Priority ?? Chunk.NoPriority;
        if (chunk.Origin == 0) chunk.Origin = rootTags.Origin;
        _batch.Chunks[chunkIndex] = chunk;
        ChunkRoots.MarkTopLevel(_batch, chunk, payload);

        facts = new ChunkFacts(
            root, env,
            FirstSet(Intern(payload.AppVersion), rootTags.Version, found.Version),
            FirstSet(Intern(payload.Hostname), rootTags.Hostname),
            FirstSet(Intern(payload.RuntimeId), rootTags.RuntimeId, found.RuntimeId),
            chunk.Priority,
            found.ProcessId);
        return null;
    }

    /// <summary>Adds up what was repaired, once per batch.</summary>
    public void ReportRepairs(Counters counters)
    {
        foreach (var (reason, count) in _repairs) counters.Add("spans_repaired", reason, count);
        _obfuscate.ReportRepairs(counters);
    }

    /// <summary>Hides values, then cuts what is too long, then applies the rules of replacement (trace-intake §2.1, steps 8 and 9).</summary>
    void HideAndCut(Chunk chunk, ref Found found)
    {
        if (_obfuscate.IsIdle && !_hasLongStrings && _replace is null) return;
        var end = chunk.FirstSpan + chunk.SpanCount;
        var cutBefore = _cutCount;
        for (var i = chunk.FirstSpan; i < end; i++)
        {
            _obfuscate.Apply(i);
            if (_hasLongStrings) CutLong(i);
            _replace?.Apply(i);
        }
        if (_cutCount == cutBefore && _replace is null) return; // No tag that speaks for the chunk has changed.
        found = new Found { TraceIdHigh = found.TraceIdHigh };
        for (var i = chunk.FirstSpan; i < end; i++) ReadTags(i, ref found);
    }

    void NormalizeFields(int i, Payload payload)
    {
        var batch = _batch;
        batch.Services[i] = ServiceOf(batch.Services[i], payload.Language);
        if (_component >= 0 && batch.Tags.TryGet(i, _component, out var component) && component != 0) batch.Names[i] = component;
        batch.Names[i] = NameOf(batch.Names[i]);
        if (batch.Resources[i] == 0)
        {
            batch.Resources[i] = batch.Names[i];
            Repaired("resource_empty");
        }
        if (batch.ParentIds[i] == batch.SpanIds[i] && batch.ParentIds[i] == batch.TraceIdLow[i]) batch.ParentIds[i] = 0;
        if (batch.DurationNanos[i] < 0 || batch.DurationNanos[i] > long.MaxValue - Math.Max(0, batch.StartUnixNanos[i]))
        {
            batch.DurationNanos[i] = 0;
            Repaired("invalid_duration");
        }
        if (batch.StartUnixNanos[i] < SpanNormalizer.EarliestStartUnixNanos)
        {
            var now = payload.ReceivedUnixNanos;
            batch.StartUnixNanos[i] = now - batch.DurationNanos[i] is var start and >= 0 ? start : now;
            Repaired("invalid_start_date");
        }
    }

    /// <summary>One pass over a span's tags: repairs those that have a rule, and notes those that speak for the chunk.</summary>
    void ReadTags(int i, ref Found found)
    {
        var tags = _batch.Tags;
        var start = tags.Starts[i];
        var invalidStatus = -1;
        for (var t = start; t < start + tags.Counts[i]; t++)
        {
            switch (_roles[tags.Keys[t]])
            {
                case TagRole.None or TagRole.PeerTag: break;
                case TagRole.Env:
                    tags.Values[t] = ValueOf(tags.Values[t]);
                    if (found.Env == 0) found.Env = tags.Values[t];
                    break;
                case TagRole.PeerService: tags.Values[t] = PeerServiceOf(tags.Values[t], "peer_service_truncate", "peer_service_invalid"); break;
                case TagRole.BaseService: tags.Values[t] = PeerServiceOf(tags.Values[t], "base_service_truncate", "base_service_invalid"); break;
                case TagRole.SpanLinks: tags.Values[t] = LinksOf(tags.Values[t]); break;
                case TagRole.Version: if (found.Version == 0) found.Version = tags.Values[t]; break;
                case TagRole.Hostname: if (found.Hostname == 0) found.Hostname = tags.Values[t]; break;
                case TagRole.Origin: if (found.Origin == 0) found.Origin = tags.Values[t]; break;
                case TagRole.RuntimeId: if (found.RuntimeId == 0) found.RuntimeId = tags.Values[t]; break;
                case TagRole.TraceIdHigh: if (found.TraceIdHigh == 0) found.TraceIdHigh = HighHalf(tags.Values[t]); break;
                case TagRole.OtelTraceId: if (found.TraceIdHigh == 0) found.TraceIdHigh = HighHalfOfOtel(tags.Values[t], i); break;
                case TagRole.SpanKind: if (_batch.Kinds[i] == SpanKind.Unspecified) _batch.Kinds[i] = SpanKinds.Parse(_batch.Strings.Utf8(tags.Values[t])); break;
                case TagRole.HttpStatusCode: if (!IsHttpStatus(_batch.Strings.Utf8(tags.Values[t]))) invalidStatus = tags.Keys[t]; break;
            }
        }
        if (invalidStatus >= 0)
        {
            tags.Remove(i, invalidStatus);
            Repaired("invalid_http_status_code");
        }
        var numbers = _batch.Numbers;
        start = numbers.Starts[i];
        for (var t = start; t < start + numbers.Counts[i]; t++)
        {
            switch (_roles[numbers.Keys[t]])
            {
                case TagRole.SamplingPriority: found.Priority ??= ToInt(numbers.Values[t]); break;
                case TagRole.ProcessId: found.ProcessId = ToInt(numbers.Values[t]); break;
                case TagRole.Measured: if (numbers.Values[t] == 1) _batch.Flags[i] |= SpanFlags.Measured; break;
                case TagRole.PartialVersion: if (numbers.Values[t] >= 0) _batch.Flags[i] |= SpanFlags.Partial; break;
                case TagRole.TopLevelByTracer: if (numbers.Values[t] == 1) _batch.Flags[i] |= SpanFlags.TopLevel; break;
            }
        }
    }

    int ServiceOf(int service, string language)
    {
        if ((uint)service >= (uint)_services.Length) return service; // Made by a rule, in this run.
        if (service == 0)
        {
            Repaired("service_empty");
            return _batch.Strings.Intern(NameRules.FallbackService(language)); // Depends on the payload: not remembered.
        }
        if (_services[service] is var known and not 0) return known - 1;
        var utf8 = _batch.Strings.Utf8(service);
        var result = service;
        if (utf8.Length > NameRules.MaxNameBytes || !NameRules.IsPlainValue(utf8))
        {
            if (utf8.Length > NameRules.MaxNameBytes) Repaired("service_truncate");
            var normal = NameRules.Service(utf8);
            if (normal.Length == 0) Repaired("service_invalid");
            result = normal.Length == 0 ? _batch.Strings.Intern(NameRules.FallbackService(language)) : _batch.Strings.Intern(normal);
        }
        _services[service] = result + 1;
        return result;
    }

    int NameOf(int name)
    {
        if ((uint)name >= (uint)_names.Length) return name;
        if (_names[name] is var known and not 0) return known - 1;
        var utf8 = _batch.Strings.Utf8(name);
        if (utf8.Length == 0) Repaired("span_name_empty");
        else if (utf8.Length > NameRules.MaxNameBytes) Repaired("span_name_truncate");
        var result = _batch.Strings.Intern(NameRules.OperationName(utf8));
        if (result != name && utf8.Length is > 0 and <= NameRules.MaxNameBytes) Repaired("span_name_invalid");
        _names[name] = result + 1;
        return result;
    }

    int PeerServiceOf(int value, string truncated, string invalid)
    {
        if (value == 0) return 0;
        var utf8 = _batch.Strings.Utf8(value);
        var result = value;
        if (utf8.Length <= NameRules.MaxNameBytes) result = ValueOf(value);
        else
        {
            _cutCount++;
            Repaired(truncated);
            result = _batch.Strings.Intern(NameRules.Service(utf8));
        }
        if (result == 0) Repaired(invalid);
        return result;
    }

    int LinksOf(int links)
    {
        if (LinkNames.Normalize(_batch.Strings.Utf8(links)) is not { } normal) return links;
        Repaired("link_name_invalid");
        return _batch.Strings.Intern(normal);
    }

    int ValueOf(int value)
    {
        if ((uint)value >= (uint)_values.Length) return value;
        if (_values[value] is var known and not 0) return known - 1;
        var utf8 = _batch.Strings.Utf8(value);
        var result = NameRules.IsPlainValue(utf8) ? value : _batch.Strings.Intern(NameRules.TagValue(utf8));
        _values[value] = result + 1;
        return result;
    }

    int TagValueOf(string text) => text.Length == 0 ? 0 : _batch.Strings.Intern(NameRules.TagValue(Encoding.UTF8.GetBytes(text)));

    int Intern(string text) => text.Length == 0 ? 0 : _batch.Strings.Intern(text);

    void CutLong(int i)
    {
        _batch.Types[i] = CutTo(_batch.Types[i], NameRules.MaxNameBytes, "type_truncate");
        _batch.Resources[i] = CutTo(_batch.Resources[i], _settings.MaxResourceBytes, "resource_truncate");
        var tags = _batch.Tags;
        for (var t = tags.Starts[i]; t < tags.Starts[i] + tags.Counts[i]; t++)
        {
            var key = _batch.Strings.Utf8(tags.Keys[t]);
            if (IsExempt(key)) continue;
            if (_batch.Strings.Utf8(tags.Values[t]).Length > _settings.MaxTagValueBytes) tags.Values[t] = CutWithDots(tags.Values[t], _settings.MaxTagValueBytes, "tag_value_truncate");
            if (key.Length > _settings.MaxTagKeyBytes) tags.Keys[t] = CutWithDots(tags.Keys[t], _settings.MaxTagKeyBytes, "tag_key_truncate");
        }
        var numbers = _batch.Numbers;
        for (var t = numbers.Starts[i]; t < numbers.Starts[i] + numbers.Counts[i]; t++)
            if (_batch.Strings.Utf8(numbers.Keys[t]).Length > _settings.MaxTagKeyBytes) numbers.Keys[t] = CutWithDots(numbers.Keys[t], _settings.MaxTagKeyBytes, "tag_key_truncate");
    }

    /// <summary>Structured payloads of products pass whole (trace-intake §2.4).</summary>
    static bool IsExempt(ReadOnlySpan<byte> key) =>
        key.StartsWith("_dd."u8) && (key.EndsWith(".json"u8) || key.EndsWith(".msgpack"u8) || key.EndsWith(".protobuf"u8));

    int CutTo(int text, int maxBytes, string reason)
    {
        var utf8 = _batch.Strings.Utf8(text);
        if (utf8.Length <= maxBytes) return text;
        _cutCount++;
        Repaired(reason);
        return _batch.Strings.Intern(NameRules.Cut(utf8, maxBytes).ToArray());
    }

    int CutWithDots(int text, int maxBytes, string reason)
    {
        _cutCount++;
        Repaired(reason);
        return _batch.Strings.Intern([.. NameRules.Cut(_batch.Strings.Utf8(text), maxBytes), .. "..."u8]);
    }

    ulong HighHalf(int text)
    {
        var utf8 = _batch.Strings.Utf8(text);
        return utf8.Length == 16 && System.Buffers.Text.Utf8Parser.TryParse(utf8, out ulong high, out var used, 'x') && used == 16 ? high : 0;
    }

    /// <summary>The upper half of a whole id (32 hex digits), when its lower half is the span's.</summary>
    ulong HighHalfOfOtel(int text, int span)
    {
        var utf8 = _batch.Strings.Utf8(text);
        return utf8.Length == 32
            && System.Buffers.Text.Utf8Parser.TryParse(utf8[..16], out ulong high, out var used, 'x') && used == 16
            && System.Buffers.Text.Utf8Parser.TryParse(utf8[16..], out ulong low, out used, 'x') && used == 16 && low == _batch.TraceIdLow[span] ? high : 0;
    }

    static bool IsHttpStatus(ReadOnlySpan<byte> text) =>
        System.Buffers.Text.Utf8Parser.TryParse(text, out uint status, out var used) && used == text.Length && status is >= 100 and < 600
        && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    static int ToInt(double value) => value is > int.MinValue and < int.MaxValue ? (int)value : 0;

    static int FirstSet(params ReadOnlySpan<int> indexes)
    {
        foreach (var index in indexes) if (index != 0) return index;
        return 0;
    }

    static bool HasLongString(StringTable strings, NormalizeSettings settings)
    {
        var shortest = Math.Min(settings.MaxTagKeyBytes, NameRules.MaxNameBytes);
        for (var i = 0; i < strings.Count; i++) if (strings.Utf8(i).Length > shortest) return true;
        return false;
    }

    void Repaired(string reason, int count = 1) => _repairs[reason] = _repairs.GetValueOrDefault(reason) + count;

    /// <summary>Tags that speak for more than their span; text indexes, 0 when not found.</summary>
    struct Found
    {
        public int Env, Version, Hostname, Origin, RuntimeId, ProcessId;
        public int? Priority;
        public ulong TraceIdHigh;
    }
}
