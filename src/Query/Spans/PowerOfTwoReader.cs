using System.Globalization;
using Apm.Query.Matching;
using Apm.Query.Traces;

namespace Apm.Query.Spans;

/// <summary>Reads the number of a field as the least power of two that it does not exceed, as Tempo's histograms have it. Numbers below 2 are as none.</summary>
sealed class PowerOfTwoReader(FieldReader field) : FieldReader
{
    public override long CodeAt(int span) =>
        field.TryNumber(span, out var number) && number >= 2 && double.IsFinite(number) ? (long)Math.Ceiling(Math.Log2(number)) : None;

    public override string TextOf(long code) => Math.Pow(2, code).ToString("R", CultureInfo.InvariantCulture);

    public override bool TryNumber(int span, out double number) => field.TryNumber(span, out number);
}
