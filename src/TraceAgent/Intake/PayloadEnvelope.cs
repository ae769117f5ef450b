using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Apm.Core;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Intake;

/// <summary>
/// What is needed to read a payload's bytes again after a restart: the format, and what the request's headers said.
/// It is the first part of a log record; the body follows as it came (docs/formats/payload-log.md).
/// It also says what sampling decided for each chunk, so that a replay does not decide again.
/// </summary>
/// <param name="Format">How to read the body.</param>
/// <param name="Payload">What the headers said; the decoder completes it from the body.</param>
public sealed record PayloadEnvelope(PayloadFormat Format, Payload Payload)
{
    const byte Version = 2;

    /// <summary>What sampling decided; null when it keeps everything, and in records of version 1, which were written when it always did.</summary>
    public VerdictRuns? Verdicts { get; init; }

    [Flags]
    enum Bits : byte
    {
        None = 0,
        ClientComputedTopLevel = 1,
        ClientComputedStats = 2,
        ClientObfuscatedStats = 4,
        Verdicts = 8,
        ClientDrops = 16,
    }

    /// <summary>Writes the envelope: version, format, flags, time of receipt, texts with a 16-bit length, counts, verdicts, all little-endian.</summary>
    public byte[] ToBytes()
    {
        var writer = new ArrayBufferWriter<byte>(128);
        var head = writer.GetSpan(13);
        head[2] = Version;
        head[3] = (byte)Format;
        head[4] = (byte)((Payload.ClientComputedTopLevel ? Bits.ClientComputedTopLevel : 0)
            | (Payload.ClientComputedStats ? Bits.ClientComputedStats : 0)
            | (Payload.ClientObfuscatedStats ? Bits.ClientObfuscatedStats : 0)
            | (Verdicts is null ? 0 : Bits.Verdicts)
            | (HasClientDrops ? Bits.ClientDrops : 0));
        BinaryPrimitives.WriteInt64LittleEndian(head[5..], Payload.ReceivedUnixNanos);
        writer.Advance(13);
        foreach (var text in TextsOf(Payload)) WriteText(writer, text);
        if (HasClientDrops)
        {
            var drops = writer.GetSpan(16);
            BinaryPrimitives.WriteInt64LittleEndian(drops, Payload.ClientDroppedTraceCount);
            BinaryPrimitives.WriteInt64LittleEndian(drops[8..], Payload.ClientDroppedSpanCount);
            writer.Advance(16);
        }
        var length = checked((ushort)writer.WrittenCount); // First, so that the body's start is known. Verdicts may need more room than it can say.
        Verdicts?.Write(writer);
        var bytes = writer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, length);
        return bytes;
    }

    bool HasClientDrops => Payload.ClientDroppedTraceCount != 0 || Payload.ClientDroppedSpanCount != 0;

    /// <summary>Reads an envelope from the front of a log record.</summary>
    /// <exception cref="PayloadException">The record is of a version this build does not know, or not an envelope.</exception>
    public static PayloadEnvelope Read(ReadOnlyMemory<byte> record, out ReadOnlyMemory<byte> body)
    {
        var bytes = record.Span;
        if (bytes.Length < 13 || bytes[2] is < 1 or > Version)
            throw new PayloadException($"Log record of version {(bytes.Length > 2 ? bytes[2] : 0)}: this build reads versions 1 to {Version}. Start the version of Apm that wrote it once, so that it empties its log.");
        var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        if (length < 13 || length > bytes.Length) throw new PayloadException("Log record: the envelope is longer than the record.");
        var bits = (Bits)bytes[4];
        var at = 13;
        var payload = new Payload
        {
            ReceivedUnixNanos = BinaryPrimitives.ReadInt64LittleEndian(bytes[5..]),
            ClientComputedTopLevel = bits.HasFlag(Bits.ClientComputedTopLevel),
            ClientComputedStats = bits.HasFlag(Bits.ClientComputedStats),
            ClientObfuscatedStats = bits.HasFlag(Bits.ClientObfuscatedStats),
            Protocol = ReadText(bytes[..length], ref at),
            Language = ReadText(bytes[..length], ref at),
            LanguageVersion = ReadText(bytes[..length], ref at),
            TracerVersion = ReadText(bytes[..length], ref at),
            Env = ReadText(bytes[..length], ref at),
            Hostname = ReadText(bytes[..length], ref at),
            AppVersion = ReadText(bytes[..length], ref at),
            ContainerId = ReadText(bytes[..length], ref at),
            RuntimeId = ReadText(bytes[..length], ref at),
        };
        if (bits.HasFlag(Bits.ClientDrops))
        {
            if (at + 16 > length) throw new PayloadException("Log record: the envelope ends within the tracer's drop counts.");
            payload = payload with
            {
                ClientDroppedTraceCount = BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]),
                ClientDroppedSpanCount = BinaryPrimitives.ReadInt64LittleEndian(bytes[(at + 8)..]),
            };
        }
        var end = (int)length;
        var verdicts = bits.HasFlag(Bits.Verdicts) ? VerdictRuns.Read(bytes, ref end) : null;
        body = record[end..];
        return new PayloadEnvelope((PayloadFormat)bytes[3], payload) { Verdicts = verdicts };
    }

    static string[] TextsOf(Payload payload) =>
    [
        payload.Protocol, payload.Language, payload.LanguageVersion, payload.TracerVersion, payload.Env, payload.Hostname,
        payload.AppVersion, payload.ContainerId, payload.RuntimeId,
    ];

    /// <summary>Longest header text kept; longer ones are cut. No client sends near as much.</summary>
    const int MaxTextBytes = 512;

    static void WriteText(ArrayBufferWriter<byte> writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text).AsSpan();
        bytes = bytes[..Math.Min(bytes.Length, MaxTextBytes)];
        var target = writer.GetSpan(2 + bytes.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)bytes.Length);
        bytes.CopyTo(target[2..]);
        writer.Advance(2 + bytes.Length);
    }

    static string ReadText(ReadOnlySpan<byte> bytes, ref int at)
    {
        if (at + 2 > bytes.Length) throw new PayloadException("Log record: the envelope ends within a text.");
        var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
        if (at + 2 + length > bytes.Length) throw new PayloadException("Log record: the envelope ends within a text.");
        var text = Encoding.UTF8.GetString(bytes.Slice(at + 2, length));
        at += 2 + length;
        return text;
    }
}
