using System.Buffers.Binary;
using Apm.Core.Stats;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// Reads a protobuf DDSketch of any client into ours (trace-intake §3.9):
/// <code>
/// DDSketch      1 mapping, 2 positive values, 3 negative values, 4 zero count (double)
/// IndexMapping  1 gamma (double), 2 index offset (double), 3 interpolation (0 none, 1 linear, 2 quadratic, 3 cubic)
/// Store         1 map sint32 → double, 2 packed doubles, 3 index of the first of them (sint32)
/// </code>
/// Clients divide the values differently, so bins are not added up: the value each stands for is entered anew.
/// Negative values count as zero, as durations cannot be negative.
/// </summary>
ref struct SketchReader
{
    /// <summary>Values above are entered as this: 292 years in nanoseconds.</summary>
    const double MaxValue = long.MaxValue;

    const long MaxCount = DatadogLimits.MaxStatsCount;

    readonly ReadOnlySpan<byte> _bytes;
    readonly int _bodyOffset;
    readonly int _indexShift;

    SketchReader(ReadOnlySpan<byte> bytes, int bodyOffset, int indexShift)
    {
        _bytes = bytes;
        _bodyOffset = bodyOffset;
        _indexShift = indexShift;
    }

    /// <param name="bytes">The sketch; empty for one without values.</param>
    /// <param name="bodyOffset">Where the bytes stand in the body, for messages.</param>
    /// <param name="indexShift">Added to each bin's index; Node's library counts one too high, so -1 there.</param>
    public static DDSketch Read(ReadOnlySpan<byte> bytes, int bodyOffset, int indexShift)
    {
        var sketch = new DDSketch();
        if (!bytes.IsEmpty) new SketchReader(bytes, bodyOffset, indexShift).ReadSketch(sketch);
        return sketch;
    }

    readonly void ReadSketch(DDSketch sketch)
    {
        var mapping = new SketchMapping(DDSketch.Gamma, 0, 0);
        Range positive = default, negative = default;
        var zeros = 0.0;
        for (var at = 0; at < _bytes.Length;)
        {
            switch (ReadTag(ref at))
            {
                case (1, WireType.Bytes): mapping = ReadMapping(ReadBytes(ref at)); break;
                case (2, WireType.Bytes): positive = ReadBytes(ref at); break;
                case (3, WireType.Bytes): negative = ReadBytes(ref at); break;
                case (4, WireType.Fixed64): zeros = ReadCount(ref at); break;
                case var (_, type): SkipValue(ref at, type); break;
            }
        }
        sketch.AddZeros(zeros);
        ReadStore(positive, sketch, mapping);
        ReadStore(negative, sketch, null);
    }

    readonly SketchMapping ReadMapping(Range range)
    {
        var (gamma, offset, interpolation) = (0.0, 0.0, 0ul);
        var (at, end) = (range.Start.Value, range.End.Value);
        while (at < end)
        {
            switch (ReadTag(ref at))
            {
                case (1, WireType.Fixed64): gamma = ReadDouble(ref at); break;
                case (2, WireType.Fixed64): offset = ReadDouble(ref at); break;
                case (3, WireType.Varint): interpolation = ReadVarint(ref at); break;
                case var (_, type): SkipValue(ref at, type); break;
            }
        }
        if (!(gamma > 1) || !double.IsFinite(gamma) || !double.IsFinite(offset))
            throw Wrong(at, $"the mapping has gamma {gamma} and offset {offset}. Gamma must be above 1; report it to the tracer's authors.");
        return new SketchMapping(gamma, offset, (int)Math.Min(interpolation, 3));
    }

    /// <summary>Enters a store's bins; as zeros when there is no mapping.</summary>
    readonly void ReadStore(Range range, DDSketch sketch, SketchMapping? mapping)
    {
        var (at, end) = (range.Start.Value, range.End.Value);
        Range contiguous = default;
        long first = 0;
        while (at < end)
        {
            switch (ReadTag(ref at))
            {
                case (1, WireType.Bytes): ReadBin(ReadBytes(ref at), sketch, mapping); break;
                case (2, WireType.Bytes): contiguous = ReadBytes(ref at); break;
                case (3, WireType.Varint): first = ReadZigzag(ref at); break;
                case var (_, type): SkipValue(ref at, type); break;
            }
        }
        (at, end) = (contiguous.Start.Value, contiguous.End.Value);
        for (var index = first; at < end; index++) Enter(sketch, mapping, index, ReadCount(ref at));
    }

    readonly void ReadBin(Range range, DDSketch sketch, SketchMapping? mapping)
    {
        var (at, end) = (range.Start.Value, range.End.Value);
        long index = 0;
        var count = 0.0;
        while (at < end)
        {
            switch (ReadTag(ref at))
            {
                case (1, WireType.Varint): index = ReadZigzag(ref at); break;
                case (2, WireType.Fixed64): count = ReadCount(ref at); break;
                case var (_, type): SkipValue(ref at, type); break;
            }
        }
        Enter(sketch, mapping, index, count);
    }

    readonly void Enter(DDSketch sketch, SketchMapping? mapping, long index, double count)
    {
        if (count == 0) return;
        if (mapping is { } map) sketch.Add(Math.Min(map.ValueOf(index + _indexShift), MaxValue), count);
        else sketch.AddZeros(count);
    }

    readonly double ReadCount(ref int at)
    {
        var start = at;
        var count = ReadDouble(ref at);
        if (count is >= 0 and <= MaxCount) return count;
        throw Wrong(start, $"a bin counts {count}. Counts lie between 0 and {MaxCount}; report it to the tracer's authors.");
    }

    readonly (ulong Field, WireType Type) ReadTag(ref int at)
    {
        var tag = ReadVarint(ref at);
        return (tag >> 3, (WireType)(tag & 7));
    }

    readonly ulong ReadVarint(ref int at)
    {
        var value = 0ul;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= _bytes.Length) throw EndsEarly(at);
            var part = _bytes[at++];
            value |= (part & 0x7ful) << shift;
            if (part < 0x80) return value;
        }
        throw Wrong(at, "an integer takes more than 64 bits. The body was damaged on its way.");
    }

    /// <summary>A sint32; wider ones are cut to their lower 32 bits, as protobuf does.</summary>
    readonly long ReadZigzag(ref int at)
    {
        var bits = unchecked((uint)ReadVarint(ref at));
        return unchecked((int)(bits >> 1) ^ -(int)(bits & 1));
    }

    readonly double ReadDouble(ref int at)
    {
        if (_bytes.Length - at < 8) throw EndsEarly(at);
        var value = BinaryPrimitives.ReadDoubleLittleEndian(_bytes[at..]);
        at += 8;
        return value;
    }

    readonly Range ReadBytes(ref int at)
    {
        var length = ReadVarint(ref at);
        if (length > (ulong)(_bytes.Length - at)) throw EndsEarly(at);
        var start = at;
        at += (int)length;
        return start..at;
    }

    readonly void SkipValue(ref int at, WireType type)
    {
        switch (type)
        {
            case WireType.Varint: ReadVarint(ref at); break;
            case WireType.Fixed64: ReadDouble(ref at); break;
            case WireType.Bytes: ReadBytes(ref at); break;
            case WireType.Fixed32 when _bytes.Length - at >= 4: at += 4; break;
            default: throw Wrong(at, $"wire type {(int)type} cannot be read here. The body was damaged on its way.");
        }
    }

    readonly MsgPackException EndsEarly(int at) => Wrong(at, "it ends in the middle of a value. The body was damaged on its way.");

    readonly MsgPackException Wrong(int at, string problem) => new(_bodyOffset + at, "in the protobuf sketch, " + problem);

    enum WireType
    {
        Varint = 0,
        Fixed64 = 1,
        Bytes = 2,
        Fixed32 = 5,
    }
}
