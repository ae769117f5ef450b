using Apm.Core.Spans;
using Apm.Query.Filters;

namespace Apm.Query.Matching;

/// <summary>A filter made ready for one batch: its texts are indexes of the batch's strings already.</summary>
abstract class BatchTest
{
    public abstract bool Test(int span);

    /// <summary>Keeps those that pass, in order, at the front.</summary>
    /// <returns>How many were kept.</returns>
    public virtual int Keep(Span<int> spans)
    {
        var kept = 0;
        foreach (var span in spans) if (Test(span)) spans[kept++] = span;
        return kept;
    }
}

/// <summary>The same answer for all spans, known from the batch's strings alone.</summary>
sealed class ConstantTest(bool answer) : BatchTest
{
    public static readonly ConstantTest Always = new(true);
    public static readonly ConstantTest Never = new(false);

    public static ConstantTest Of(bool answer) => answer ? Always : Never;
    public override bool Test(int span) => answer;
    public override int Keep(Span<int> spans) => answer ? spans.Length : 0;
}

/// <summary>A text column holds one string.</summary>
sealed class ColumnIs(int[] column, int index) : BatchTest
{
    public override bool Test(int span) => column[span] == index;

    public override int Keep(Span<int> spans)
    {
        var kept = 0;
        foreach (var span in spans)
        {
            spans[kept] = span;
            if (column[span] == index) kept++;
        }
        return kept;
    }
}

/// <summary>A text column holds one of the strings that a memo accepts.</summary>
sealed class ColumnIn(int[] column, StringMemo accepted) : BatchTest
{
    public override bool Test(int span) => accepted.Accepts(column[span]);
}

sealed class FlagsTest(SpanFlags[] column, SpanFlags flag, bool isSet) : BatchTest
{
    public override bool Test(int span) => (column[span] & flag) != 0 == isSet;
}

sealed class KindTest(SpanKind[] column, SpanKind kind) : BatchTest
{
    public override bool Test(int span) => column[span] == kind;
}

/// <summary>One of the reasons to keep a span.</summary>
sealed class KeptTest(SpanFlags[] column, string word) : BatchTest
{
    readonly SampleVerdict _verdict = Enum.GetValues<SampleVerdict>().First(verdict => verdict.Word() == word);

    public override bool Test(int span) => column[span].Verdict() == _verdict;
}

sealed class IdTest(ulong[] column, ulong id) : BatchTest
{
    public override bool Test(int span) => column[span] == id;
}

sealed class DurationTest(long[] column, Predicate<double> holds) : BatchTest
{
    public override bool Test(int span) => holds(column[span]);
}

/// <summary>A tag's value as a number; a text that is a number counts as one.</summary>
sealed class NumberTest(SpanBatch batch, int key, Predicate<double> holds) : BatchTest
{
    readonly TagAccess _tag = new(batch, key);

    public override bool Test(int span) => FieldReader.TryNumber(batch, _tag, span, out var number) && holds(number);

    public static bool Holds(double value, Comparison comparison, double bound) => comparison switch
    {
        Comparison.Less => value < bound,
        Comparison.LessOrEqual => value <= bound,
        Comparison.Greater => value > bound,
        Comparison.GreaterOrEqual => value >= bound,
        _ => value == bound,
    };
}

/// <summary>A tag's value is like a pattern; a numeric one is compared as it is printed.</summary>
sealed class TagTest(SpanBatch batch, int key, TextPattern pattern, StringMemo accepted) : BatchTest
{
    readonly TagAccess _tag = new(batch, key);

    public override bool Test(int span)
    {
        if (_tag.TryText(span, out var text)) return accepted.Accepts(text);
        if (!_tag.TryNumber(span, out var number)) return false;
        if (pattern.IsAnything) return true;
        Span<byte> printed = stackalloc byte[32];
        return number.TryFormat(printed, out var length, "R", System.Globalization.CultureInfo.InvariantCulture) && pattern.Matches(printed[..length]);
    }
}

/// <summary>A field's text is accepted; each distinct text is looked at once.</summary>
sealed class ReadTextTest(FieldReader reader, StringMemo.Question question) : BatchTest
{
    readonly Dictionary<long, bool> _answers = [];

    public override bool Test(int span)
    {
        var code = reader.CodeAt(span);
        if (code == FieldReader.None) return false;
        if (!_answers.TryGetValue(code, out var answer)) _answers.Add(code, answer = question(System.Text.Encoding.UTF8.GetBytes(reader.TextOf(code))));
        return answer;
    }
}

/// <summary>A piece of text in the service, operation, resource or any text tag's value.</summary>
sealed class AnyTextTest(SpanBatch batch, StringMemo accepted) : BatchTest
{
    public override bool Test(int span)
    {
        if (accepted.Accepts(batch.Services[span]) || accepted.Accepts(batch.Names[span]) || accepted.Accepts(batch.Resources[span])) return true;
        var start = batch.Tags.Starts[span];
        foreach (var value in batch.Tags.Values.AsSpan(start, batch.Tags.Counts[span])) if (accepted.Accepts(value)) return true;
        return false;
    }
}

sealed class TraceIdTest(SpanBatch batch, Core.Ids.TraceId id) : BatchTest
{
    public override bool Test(int span) => batch.TraceIdLow[span] == id.Low && batch.TraceIdOf(span).Matches(id);
}

sealed class NotTest(BatchTest inner) : BatchTest
{
    public override bool Test(int span) => !inner.Test(span);
}

sealed class AllTest(BatchTest[] parts) : BatchTest
{
    public override bool Test(int span)
    {
        foreach (var part in parts) if (!part.Test(span)) return false;
        return true;
    }

    public override int Keep(Span<int> spans)
    {
        foreach (var part in parts) spans = spans[..part.Keep(spans)];
        return spans.Length;
    }
}

sealed class AnyTest(BatchTest[] parts) : BatchTest
{
    public override bool Test(int span)
    {
        foreach (var part in parts) if (part.Test(span)) return true;
        return false;
    }
}

/// <summary>Remembers for each string of a batch whether it is accepted, so that each is looked at once.</summary>
sealed class StringMemo(StringTable strings, StringMemo.Question question)
{
    public delegate bool Question(ReadOnlySpan<byte> utf8);

    const byte No = 1;
    const byte Yes = 2;

    byte[] _answers = new byte[64]; // As long as the highest index asked for: the count of all would make a store read the values of tags.

    public bool Accepts(int index)
    {
        if (index >= _answers.Length) Array.Resize(ref _answers, Math.Max(index + 1, _answers.Length * 4));
        var answer = _answers[index];
        if (answer == 0) _answers[index] = answer = question(strings.Utf8(index)) ? Yes : No;
        return answer == Yes;
    }
}
