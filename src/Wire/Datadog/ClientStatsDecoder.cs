using System.Text;
using Apm.Core;
using Apm.Core.Stats;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// Decodes the body of <c>PUT /v0.6/stats</c> (trace-intake §3.10):
/// <code>
/// map { Hostname, Env, Version, Lang, …, Stats }
///   Stats   array of map { Start, Duration, AgentTimeShift, Stats }
///     Stats   array of map { Service, Name, Resource, …, Hits, Errors, Duration, OkSummary, ErrorSummary }
///       summaries   protobuf DDSketch in a bin
/// </code>
/// Keys we do not know are skipped.
/// </summary>
public static class ClientStatsDecoder
{
    const string Protocol = "Datadog v0.6 stats";

    /// <summary>Language whose sketches count each index one too high (trace-intake §3.9).</summary>
    const string LanguageWithCeiledIndexes = "javascript";

    /// <exception cref="PayloadException">The bytes are not such a body; the message says where.</exception>
    public static ClientStatsPayload Decode(ReadOnlySpan<byte> body)
    {
        var place = DecodePlace.Start;
        try
        {
            // The sketches can only be read when the language is known, and it may stand behind them.
            return ReadPayload(new MsgPackReader(body), ref place);
        }
        catch (MsgPackException problem)
        {
            throw place.Explain(Protocol, body, problem);
        }
    }

    static ClientStatsPayload ReadPayload(MsgPackReader reader, ref DecodePlace place)
    {
        var payload = new ClientStatsPayload();
        var bucketsOffset = -1;
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            place.KeyOffset = reader.Offset;
            var key = reader.ReadString();
            if (key.SequenceEqual("Hostname"u8)) payload = payload with { Hostname = ReadText(ref reader) };
            else if (key.SequenceEqual("Env"u8)) payload = payload with { Env = ReadText(ref reader) };
            else if (key.SequenceEqual("Version"u8)) payload = payload with { Version = ReadText(ref reader) };
            else if (key.SequenceEqual("Lang"u8)) payload = payload with { Language = ReadText(ref reader) };
            else if (key.SequenceEqual("TracerVersion"u8)) payload = payload with { TracerVersion = ReadText(ref reader) };
            else if (key.SequenceEqual("RuntimeID"u8)) payload = payload with { RuntimeId = ReadText(ref reader) };
            else if (key.SequenceEqual("Sequence"u8)) payload = payload with { Sequence = reader.ReadId() };
            else if (key.SequenceEqual("Service"u8)) payload = payload with { Service = ReadText(ref reader) };
            else if (key.SequenceEqual("ContainerID"u8)) payload = payload with { ContainerId = ReadText(ref reader) };
            else if (key.SequenceEqual("ProcessTags"u8)) payload = payload with { ProcessTags = ReadText(ref reader) };
            else
            {
                if (key.SequenceEqual("Stats"u8)) bucketsOffset = reader.Offset;
                reader.Skip();
            }
        }
        place.KeyOffset = -1;
        if (bucketsOffset < 0) return payload;
        var indexShift = payload.Language == LanguageWithCeiledIndexes ? -1 : 0;
        return payload with { Buckets = ReadBuckets(reader.From(bucketsOffset), indexShift, ref place) };
    }

    static List<ClientStatsBucket> ReadBuckets(MsgPackReader reader, int indexShift, ref DecodePlace place)
    {
        var buckets = new List<ClientStatsBucket>();
        if (reader.TryReadNil()) return buckets;
        for (var left = reader.ReadArrayLength(); left > 0; left--)
        {
            var (start, duration, shift) = (0L, StatsBucket.CountedWidthNanos, 0L);
            List<ClientStatsGroup> groups = [];
            for (var keys = reader.ReadMapLength(); keys > 0; keys--)
            {
                place.KeyOffset = reader.Offset;
                var key = reader.ReadString();
                if (key.SequenceEqual("Start"u8)) start = reader.ReadInt64();
                else if (key.SequenceEqual("Duration"u8)) duration = reader.ReadInt64();
                else if (key.SequenceEqual("AgentTimeShift"u8)) shift = reader.ReadInt64();
                else if (key.SequenceEqual("Stats"u8)) groups = ReadGroups(ref reader, indexShift, ref place);
                else reader.Skip();
            }
            if (groups.Count > 0) buckets.Add(new ClientStatsBucket(start, duration, shift, groups));
        }
        return buckets;
    }

    static List<ClientStatsGroup> ReadGroups(ref MsgPackReader reader, int indexShift, ref DecodePlace place)
    {
        var groups = new List<ClientStatsGroup>();
        if (reader.TryReadNil()) return groups;
        for (var left = reader.ReadArrayLength(); left > 0; left--)
        {
            if (groups.Count >= DatadogLimits.MaxStatsGroups)
                throw new MsgPackException(reader.Offset, $"more than {DatadogLimits.MaxStatsGroups} groups in one bucket. Let the tracer cut its resources down.");
            groups.Add(ReadGroup(ref reader, indexShift, ref place));
        }
        return groups;
    }

    static long ReadCount(ref MsgPackReader reader, long max)
    {
        var start = reader.Offset;
        var count = reader.ReadInt64();
        if (count >= 0 && count <= max) return count;
        throw new MsgPackException(start, $"{count} is no count of spans or nanoseconds: those lie between 0 and {max}. Report it to the tracer's authors.");
    }

    static ClientStatsGroup ReadGroup(ref MsgPackReader reader, int indexShift, ref DecodePlace place)
    {
        string service = "", name = "", resource = "", type = "", kind = "", grpc = "", method = "", endpoint = "", peers = "";
        var (httpStatus, root, synthetics) = (0, false, false);
        double hits = 0, topLevelHits = 0, errors = 0, duration = 0;
        DDSketch ok = new(), failed = new();
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            place.InnerKeyOffset = reader.Offset;
            var key = reader.ReadString();
            if (key.SequenceEqual("Service"u8)) service = ReadText(ref reader);
            else if (key.SequenceEqual("Name"u8)) name = ReadText(ref reader);
            else if (key.SequenceEqual("Resource"u8)) resource = ReadText(ref reader);
            else if (key.SequenceEqual("HTTPStatusCode"u8)) httpStatus = reader.ReadInt32();
            else if (key.SequenceEqual("Type"u8)) type = ReadText(ref reader);
            else if (key.SequenceEqual("Hits"u8)) hits = ReadCount(ref reader, DatadogLimits.MaxStatsCount);
            else if (key.SequenceEqual("Errors"u8)) errors = ReadCount(ref reader, DatadogLimits.MaxStatsCount);
            else if (key.SequenceEqual("Duration"u8)) duration = ReadCount(ref reader, long.MaxValue);
            else if (key.SequenceEqual("OkSummary"u8)) ok = ReadSketch(ref reader, indexShift);
            else if (key.SequenceEqual("ErrorSummary"u8)) failed = ReadSketch(ref reader, indexShift);
            else if (key.SequenceEqual("Synthetics"u8)) synthetics = reader.ReadBool();
            else if (key.SequenceEqual("TopLevelHits"u8)) topLevelHits = ReadCount(ref reader, DatadogLimits.MaxStatsCount);
            else if (key.SequenceEqual("SpanKind"u8)) kind = ReadText(ref reader);
            else if (key.SequenceEqual("PeerTags"u8)) peers = ReadPeerTags(ref reader);
            else if (key.SequenceEqual("IsTraceRoot"u8)) root = reader.ReadInt32() == 1;
            else if (key.SequenceEqual("GRPCStatusCode"u8)) grpc = ReadText(ref reader);
            else if (key.SequenceEqual("HTTPMethod"u8)) method = ReadText(ref reader);
            else if (key.SequenceEqual("HTTPEndpoint"u8)) endpoint = ReadText(ref reader);
            else reader.Skip();
        }
        place.InnerKeyOffset = -1;
        var stats = new StatsKey
        {
            Service = service,
            Name = name,
            Resource = resource,
            Type = type,
            Kind = kind,
            HttpStatusCode = httpStatus,
            GrpcStatusCode = grpc,
            IsTraceRoot = root,
            IsSynthetics = synthetics,
            PeerTags = peers,
            HttpMethod = method,
            HttpEndpoint = endpoint,
        };
        return new ClientStatsGroup(stats, new StatsCell
        {
            HitCount = hits,
            TopLevelHitCount = topLevelHits,
            ErrorCount = errors,
            DurationNanos = duration,
            OkNanos = ok,
            ErrorNanos = failed,
        });
    }

    static DDSketch ReadSketch(ref MsgPackReader reader, int indexShift)
    {
        var bytes = reader.ReadString();
        return SketchReader.Read(bytes, reader.Offset - bytes.Length, indexShift);
    }

    static string ReadPeerTags(ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return "";
        var tags = new List<string>();
        for (var left = reader.ReadArrayLength(); left > 0; left--) tags.Add(ReadText(ref reader));
        tags.Sort(StringComparer.Ordinal);
        return string.Join('\0', tags);
    }

    static string ReadText(ref MsgPackReader reader) => Encoding.UTF8.GetString(reader.ReadString());
}
