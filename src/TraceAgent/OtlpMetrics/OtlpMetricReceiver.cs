using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.TraceAgent.Intake;
using Apm.Wire.Otlp;

namespace Apm.TraceAgent.OtlpMetrics;

/// <summary>Takes a metrics request of OTLP, however it came: decodes, makes series of it, hands them on, and says what had to be left out.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class OtlpMetricReceiver(IMetricIntake intake, MemoryBudget memory, Counters counters, RecentProblems problems, TimeProvider clock) : IOtlpMetricIntake
{
    /// <summary>Memory to reserve for decoding, for each byte of a body: points as objects take several times what they take in protobuf.</summary>
    const int DecodedBytesPerBodyByte = 8;

    readonly OtlpMetricMapper _mapper = new(new CumulativePoints(memory, counters, clock.NowUnixNanos()));
    readonly MemoryAccount _decoded = memory.OpenWork("otlp_decoded");

    /// <inheritdoc/>
    public async Task<byte[]> Take(ReadOnlyMemory<byte> body, bool isJson)
    {
        var reserved = (long)body.Length * DecodedBytesPerBodyByte;
        if (!_decoded.TryReserve(reserved)) throw OverloadedException.OutOfMemory(memory);
        try
        {
            var came = isJson ? OtlpJsonMetricsDecoder.Decode(body.Span) : OtlpProtobufMetricsDecoder.Decode(body.Span);
            counters.Add("payloads_received", isJson ? "otlp metrics json" : "otlp metrics");
            counters.Add("bytes_received", isJson ? "otlp metrics json" : "otlp metrics", body.Length);
            counters.Add("otlp_points_received", count: came.Points.Count + came.RejectedCount);
            await Hand(came.Points);
            if (came.RejectedCount == 0) return OtlpAnswers.Success(isJson);
            counters.Add("otlp_points_rejected", count: came.RejectedCount);
            var sentence = string.Create(CultureInfo.InvariantCulture, $"{came.RejectedCount} data points were not stored. The first: {came.FirstReason}.");
            problems.Add("OTLP metrics", sentence, clock.NowUnixNanos());
            return OtlpAnswers.PartialSuccess(OtlpSignal.Metrics, came.RejectedCount, sentence, isJson);
        }
        finally
        {
            _decoded.Release(reserved);
        }
    }

    async Task Hand(IReadOnlyList<OtlpMetricPoint> points)
    {
        var undo = new CumulativeUndo();
        var series = _mapper.Map(points, undo);
        if (series.Count == 0) return;
        try
        {
            await intake.TakeAsync(series, CancellationToken.None);
        }
        catch
        {
            _mapper.Undo(undo); // The same points come again, and must then tell the same.
            throw;
        }
    }
}
