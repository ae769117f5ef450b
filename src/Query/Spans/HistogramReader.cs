using System.Globalization;
using Apm.Query.Matching;
using Apm.Query.Traces;

namespace Apm.Query.Spans;

/// <summary>Reads the number of a field as the stretch of a histogram that it lies in.</summary>
sealed class HistogramReader(FieldReader field, SpanHistogram histogram) : FieldReader
{
    public override long CodeAt(int span) =>
        field.TryNumber(span, out var number) && number >= histogram.Min && number < histogram.Max ? (long)((number - histogram.Min) / histogram.Interval) : None;

    public override string TextOf(long code) => (histogram.Min + code * histogram.Interval).ToString("R", CultureInfo.InvariantCulture);

    public override bool TryNumber(int span, out double number) => field.TryNumber(span, out number);
}
