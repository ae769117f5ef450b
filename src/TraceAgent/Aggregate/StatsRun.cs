using System.Buffers.Text;
using System.Runtime.InteropServices;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Aggregate;

/// <summary>
/// One batch on its way into the buckets. Spans that share a key within the batch find their cell by comparing numbers;
/// the key of texts is made once per distinct key.
/// </summary>
/// <remarks>One thread, one batch.</remarks>
/// <param name="batch">Normalised.</param>
/// <param name="settings">Which spans are counted, and by what.</param>
/// <param name="openStart">Gives the start of the open bucket for a span's own bucket start, and counts a late or future span of that service.</param>
/// <param name="cellAt">Gives the cell of a key in the open bucket of that start.</param>
sealed class StatsRun(SpanBatch batch, CountSettings settings, Func<long, int, long> openStart, Func<StatsKey, long, StatsCell> cellAt)
{
    /// <summary>Most spans that one span may stand for. A smaller sample rate is no tracer's, and one over it would be infinite.</summary>
    const double MaxWeight = 1_000_000;

    readonly TagRoles _roles = new(batch.Strings, settings.PeerTags);
    readonly Dictionary<LocalKey, StatsCell> _cells = [];
    readonly List<long> _peerTags = [];

    public void AddChunk(Chunk chunk, ChunkFacts facts)
    {
        var weight = WeightOf(facts.RootSpan);
        var isSynthetics = batch.Strings.Utf8(chunk.Origin).StartsWith("synthetics"u8);
        var end = chunk.FirstSpan + chunk.SpanCount;
        for (var i = chunk.FirstSpan; i < end; i++)
            if (IsEligible(i)) AddSpan(i, facts, isSynthetics, weight);
    }

    /// <summary>Top-level, measured, or one side of a call; never a snapshot of a running span (trace-intake §3.3).</summary>
    bool IsEligible(int i) =>
        (batch.Flags[i] & SpanFlags.Partial) == 0
        && ((batch.Flags[i] & (SpanFlags.TopLevel | SpanFlags.Measured)) != 0
            || (settings.CountsBySpanKind && batch.Kinds[i] is SpanKind.Server or SpanKind.Client or SpanKind.Producer or SpanKind.Consumer));

    void AddSpan(int i, ChunkFacts facts, bool isSynthetics, double weight)
    {
        var key = ReadKey(i, facts, isSynthetics);
        var cell = CellOf(key, i);
        var flags = batch.Flags[i];
        cell.HitCount += weight;
        if ((flags & SpanFlags.TopLevel) != 0) cell.TopLevelHitCount += weight;
        var durationNanos = batch.DurationNanos[i];
        cell.DurationNanos += durationNanos * weight;
        if ((flags & SpanFlags.Error) != 0)
        {
            cell.ErrorCount += weight;
            cell.ErrorNanos.Add(Truncated(durationNanos));
        }
        else cell.OkNanos.Add(Truncated(durationNanos));
    }

    StatsCell CellOf(in LocalKey key, int i)
    {
        ref var cell = ref CollectionsMarshal.GetValueRefOrAddDefault(_cells, key, out var isKnown);
        return isKnown ? cell! : cell = cellAt(MakeKey(key, i), key.BucketStart);
    }

    LocalKey ReadKey(int i, ChunkFacts facts, bool isSynthetics)
    {
        var key = new LocalKey
        {
            BucketStart = openStart(UnixTime.Floor(batch.EndUnixNanosOf(i), StatsBucket.CountedWidthNanos), batch.Services[i]),
            Service = batch.Services[i],
            Name = batch.Names[i],
            Resource = batch.Resources[i],
            Type = batch.Types[i],
            Env = facts.Env,
            Version = facts.Version,
            Hostname = facts.Hostname,
            IsTraceRoot = batch.ParentIds[i] == 0,
            IsSynthetics = isSynthetics,
        };
        var tags = batch.Tags;
        var statusFromTag = 0;
        var grpcRole = TagRole.None;
        var route = 0;
        var baseService = 0;
        _peerTags.Clear();
        var takesPeerTags = batch.Kinds[i] is SpanKind.Client or SpanKind.Producer or SpanKind.Consumer;
        for (var t = tags.Starts[i]; t < tags.Starts[i] + tags.Counts[i]; t++)
        {
            var value = tags.Values[t];
            var role = _roles[tags.Keys[t]];
            switch (role)
            {
                case TagRole.None: continue;
                case TagRole.SpanKind: key.Kind = value; break;
                case TagRole.HttpStatusCode: statusFromTag = StatusOf(batch.Strings.Utf8(value)); break;
                case TagRole.HttpResponseStatusCode: if (statusFromTag == 0) statusFromTag = StatusOf(batch.Strings.Utf8(value)); break;
                case TagRole.HttpMethod: key.HttpMethod = value; break;
                case TagRole.HttpEndpoint: key.HttpEndpoint = value; break;
                case TagRole.HttpRoute: route = value; break;
                case TagRole.BaseService: baseService = value; break;
                case >= TagRole.GrpcStatus0 and <= TagRole.GrpcStatus3 when value != 0 && (grpcRole == TagRole.None || role < grpcRole):
                    grpcRole = role;
                    key.GrpcTag = value;
                    break;
            }
            if (takesPeerTags && value != 0 && role is TagRole.PeerTag or TagRole.PeerService) _peerTags.Add(((long)tags.Keys[t] << 32) | (uint)value);
        }
        if (key.HttpEndpoint == 0) key.HttpEndpoint = route;
        if (!takesPeerTags && baseService != 0 && batch.Kinds[i] is SpanKind.Unspecified or SpanKind.Internal) key.BaseService = baseService;
        foreach (var pair in _peerTags) key.PeerHash = unchecked((key.PeerHash * 31) + (pair * -7046029254386353131L));

        var numbers = batch.Numbers;
        for (var t = numbers.Starts[i]; t < numbers.Starts[i] + numbers.Counts[i]; t++)
        {
            switch (_roles[numbers.Keys[t]])
            {
                case TagRole.HttpStatusCode: key.HttpStatus = Status(numbers.Values[t]); break;
                case TagRole.HttpResponseStatusCode: if (statusFromTag == 0) statusFromTag = Status(numbers.Values[t]); break;
                case >= TagRole.GrpcStatus0 and <= TagRole.GrpcStatus3 when key.GrpcTag == 0 && key.GrpcNumber < 0: key.GrpcNumber = Status(numbers.Values[t]); break;
            }
        }
        if (key.HttpStatus == 0) key.HttpStatus = statusFromTag;
        return key;
    }

    StatsKey MakeKey(in LocalKey key, int i)
    {
        var strings = batch.Strings;
        return new StatsKey
        {
            Service = strings.Text(key.Service),
            Name = strings.Text(key.Name),
            Resource = strings.Text(key.Resource),
            Type = strings.Text(key.Type),
            Env = strings.Text(key.Env),
            Version = strings.Text(key.Version),
            Hostname = strings.Text(key.Hostname),
            Kind = strings.Text(key.Kind),
            HttpStatusCode = key.HttpStatus,
            GrpcStatusCode = key.GrpcTag != 0 ? GrpcStatus.Parse(strings.Text(key.GrpcTag))
                : key.GrpcNumber >= 0 ? key.GrpcNumber.ToString(System.Globalization.CultureInfo.InvariantCulture) : "",
            IsTraceRoot = key.IsTraceRoot,
            IsSynthetics = key.IsSynthetics,
            HttpMethod = strings.Text(key.HttpMethod),
            HttpEndpoint = strings.Text(key.HttpEndpoint),
            PeerTags = key.PeerHash == 0 && key.BaseService == 0 ? "" : PeerTagsOf(key),
        };
    }

    /// <summary>Sorted <c>key:value</c> entries; addresses are not told apart (trace-intake §3.7).</summary>
    string PeerTagsOf(in LocalKey key)
    {
        var strings = batch.Strings;
        if (key.BaseService != 0) return $"{TagNames.BaseService}:{strings.Text(key.BaseService)}";
        var entries = _peerTags.Select(pair => $"{strings.Text((int)(pair >> 32))}:{PeerAddress.Quantize(strings.Text((int)(pair & 0xFFFFFFFF)))}");
        return string.Join('\0', entries.Order(StringComparer.Ordinal));
    }

    double WeightOf(int root)
    {
        var numbers = batch.Numbers;
        for (var t = numbers.Starts[root]; t < numbers.Starts[root] + numbers.Counts[root]; t++)
            if (_roles[numbers.Keys[t]] == TagRole.SampleRate) return numbers.Values[t] is > 0 and <= 1 ? Math.Min(MaxWeight, 1 / numbers.Values[t]) : 1;
        return 1;
    }

    /// <summary>Keeps a 10-bit mantissa, as the Datadog agent does before its sketch (trace-intake §3.8).</summary>
    public static double Truncated(long nanos) => BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(nanos) & 0xFFFFF80000000000);

    static int StatusOf(ReadOnlySpan<byte> text) => Utf8Parser.TryParse(text, out uint status, out var used) && used == text.Length && status <= int.MaxValue ? (int)status : 0;

    static int Status(double value) => value is >= 0 and < 1_000_000 ? (int)value : 0;

    struct LocalKey() : IEquatable<LocalKey>
    {
        public long BucketStart, PeerHash;
        public int Service, Name, Resource, Type, Env, Version, Hostname, Kind, HttpStatus, GrpcTag, GrpcNumber = -1, HttpMethod, HttpEndpoint, BaseService;
        public bool IsTraceRoot, IsSynthetics;

        public readonly bool Equals(LocalKey other) =>
            BucketStart == other.BucketStart && PeerHash == other.PeerHash && Service == other.Service && Name == other.Name && Resource == other.Resource
            && Type == other.Type && Env == other.Env && Version == other.Version && Hostname == other.Hostname && Kind == other.Kind
            && HttpStatus == other.HttpStatus && GrpcTag == other.GrpcTag && GrpcNumber == other.GrpcNumber && HttpMethod == other.HttpMethod
            && HttpEndpoint == other.HttpEndpoint && BaseService == other.BaseService && IsTraceRoot == other.IsTraceRoot && IsSynthetics == other.IsSynthetics;

        public override readonly bool Equals(object? obj) => obj is LocalKey other && Equals(other);

        public override readonly int GetHashCode()
        {
            unchecked
            {
                var hash = ((ulong)(uint)Resource << 32 | (uint)Service) * 0x9E3779B97F4A7C15;
                hash ^= ((ulong)(uint)Name << 32 | (uint)HttpStatus) * 0xC2B2AE3D27D4EB4F;
                hash ^= (ulong)BucketStart * 0x165667B19E3779F9 ^ (ulong)PeerHash ^ (IsTraceRoot ? 0x5BD1E995u : 0);
                return (int)(hash ^ (hash >> 32));
            }
        }
    }
}
