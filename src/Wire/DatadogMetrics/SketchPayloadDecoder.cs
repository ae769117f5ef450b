using Apm.Core;
using Apm.Core.Metrics;
using Apm.Wire.Protobuf;

namespace Apm.Wire.DatadogMetrics;

/// <summary>
/// Decodes the body of <c>POST /api/beta/sketches</c>, the distributions of Datadog's agents (metrics-monitors §4.3, §2.7):
/// <code>
/// SketchPayload { 1: Sketch*, 2: metadata }
///   Sketch { 1: metric, 2: host, 3: distributions (an old form, not read), 4: tag*, 7: Dogsketch*, 8: metadata }
///     Dogsketch { 1: time, 2: count, 3: min, 4: max, 5: avg, 6: sum, 7: bin key (sint32)*, 8: bin count (uint32)* }
/// </code>
/// Repeated numbers come packed or one by one. A sketch that contradicts itself is left out with its series.
/// </summary>
public static class SketchPayloadDecoder
{
    const string Cure = "Send one whole SketchPayload, as Datadog's agent does; values as JSON go to /api/v1/distribution_points.";
    const uint Varint = 0, Fixed64 = 1, Bytes = 2;

    /// <summary>How long an agent's sketch lasts.</summary>
    const int IntervalSeconds = 10;

    /// <param name="body">The message, not compressed. May be empty: no sketches.</param>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where.</exception>
    public static SubmittedSeries Decode(ReadOnlySpan<byte> body)
    {
        var reading = new SeriesReading("sketches body", Cure);
        try
        {
            var bins = new Bins();
            var message = new ProtoReader(body);
            while (message.TryReadTag(out var tag))
            {
                if (tag == (1 << 3 | Bytes)) ReadSeries(message.ReadMessage(), reading, bins);
                else message.Skip(tag);
            }
            return reading.Result();
        }
        catch (DecodeFault fault)
        {
            throw reading.Explain(fault);
        }
    }

    static void ReadSeries(ProtoReader message, SeriesReading reading, Bins bins)
    {
        reading.NextSeries();
        var draft = reading.Draft;
        draft.IntervalSeconds = IntervalSeconds;
        string? wrong = null;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: draft.Metric = reading.Text(message.ReadBytes()); break;
                case 2 << 3 | Bytes: draft.Host = reading.Text(message.ReadBytes()); break;
                case 3 << 3 | Bytes:
                    message.ReadBytes();
                    wrong ??= "it has distributions of the old form (field 3), which is not read; agents since 6.0 send dogsketches (field 7)";
                    break;
                case 4 << 3 | Bytes: reading.AddTag(reading.Text(message.ReadBytes())); break;
                case 7 << 3 | Bytes: wrong = ReadSketch(message.ReadMessage(), reading, bins) ?? wrong; break;
                default: message.Skip(tag); break;
            }
        }
        try
        {
            if (wrong is not null) throw new DecodeFault(message.Offset, wrong);
            reading.Finish(MetricType.Distribution);
        }
        catch (DecodeFault fault)
        {
            reading.Drop(fault.Message);
        }
    }

    /// <returns>What is wrong with it; null when nothing is.</returns>
    static string? ReadSketch(ProtoReader message, SeriesReading reading, Bins bins)
    {
        bins.Keys.Clear();
        bins.Counts.Clear();
        long time = 0, count = 0;
        double min = 0, max = 0, sum = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Varint: time = unchecked((long)message.ReadVarint()); break;
                case 2 << 3 | Varint: count = unchecked((long)message.ReadVarint()); break;
                case 3 << 3 | Fixed64: min = BitConverter.UInt64BitsToDouble(message.ReadFixed64()); break;
                case 4 << 3 | Fixed64: max = BitConverter.UInt64BitsToDouble(message.ReadFixed64()); break;
                case 6 << 3 | Fixed64: sum = BitConverter.UInt64BitsToDouble(message.ReadFixed64()); break;
                case 7 << 3 | Varint: bins.AddKey(message.ReadVarint()); break;
                case 7 << 3 | Bytes: for (var packed = message.ReadMessage(); !packed.AtEnd;) bins.AddKey(packed.ReadVarint()); break;
                case 8 << 3 | Varint: bins.AddCount(message.ReadVarint()); break;
                case 8 << 3 | Bytes: for (var packed = message.ReadMessage(); !packed.AtEnd;) bins.AddCount(packed.ReadVarint()); break;
                default: message.Skip(tag); break;
            }
        }
        reading.Draft.HasPoints = true;
        if (count == 0 && bins.Keys.Count == 0) return null;
        if (bins.Wrong(count, min, max, sum) is { } wrong) return $"the sketch at {time} {wrong}";
        reading.AddSketch(time, DistributionSketch.From(count, sum, min, max, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bins.Keys), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bins.Counts)));
        return null;
    }

    /// <summary>The bins of one sketch while they are read.</summary>
    sealed class Bins
    {
        public List<int> Keys { get; } = [];
        public List<double> Counts { get; } = [];

        /// <summary>A zigzag number of 32 bits.</summary>
        public void AddKey(ulong raw)
        {
            if (Keys.Count > SubmissionLimits.MaxBins) return; // More is too many already.
            var low = unchecked((uint)raw);
            Keys.Add(unchecked((int)(low >> 1) ^ -(int)(low & 1)));
        }

        public void AddCount(ulong raw)
        {
            if (Counts.Count <= SubmissionLimits.MaxBins) Counts.Add(unchecked((uint)raw));
        }

        public string? Wrong(long count, double min, double max, double sum)
        {
            if (Keys.Count != Counts.Count) return $"has {Keys.Count} bin keys and {Counts.Count} bin counts";
            if (Keys.Count > SubmissionLimits.MaxBins) return $"has more than {SubmissionLimits.MaxBins} bins";
            if (Keys.Exists(key => key is < -SubmissionLimits.MaxBinKey or > SubmissionLimits.MaxBinKey)) return $"has a bin key beyond ±{SubmissionLimits.MaxBinKey}";
            if (!double.IsFinite(min) || !double.IsFinite(max) || !double.IsFinite(sum) || min > max) return "has a least, greatest or sum that cannot be";
            var held = Counts.Sum();
            return held == count ? null : $"says that it has {count} values, but its bins hold {held}";
        }
    }
}
