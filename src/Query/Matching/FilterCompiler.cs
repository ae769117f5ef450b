using System.Text;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Query.Filters;

namespace Apm.Query.Matching;

/// <summary>Makes a filter ready for batches: finds its texts among each batch's strings, and asks the cheap questions first.</summary>
static class FilterCompiler
{
    public static BatchTest Compile(FilterNode node, SpanBatch batch) => node switch
    {
        AllOf all => All(all, batch),
        AnyOf any => Any(any, batch),
        Negation negation => Not(Compile(negation.Child, batch)),
        TextCondition text => Text(text, batch),
        NumberCondition number => Number(number.Field, number.Key, batch, value => NumberTest.Holds(value, number.Comparison, number.Value)),
        RegexCondition regex => Regex(regex, batch),
        RangeCondition range => Number(range.Field, range.Key, batch, range.Holds),
        _ => throw new InvalidOperationException($"No test is known for {node.GetType().Name}."),
    };

    static BatchTest All(AllOf all, SpanBatch batch)
    {
        var parts = new List<BatchTest>();
        foreach (var child in all.Children.OrderBy(Cost))
        {
            var part = Compile(child, batch);
            if (part == ConstantTest.Never) return part;
            if (part != ConstantTest.Always) parts.Add(part);
        }
        return parts.Count switch { 0 => ConstantTest.Always, 1 => parts[0], _ => new AllTest([.. parts]) };
    }

    static BatchTest Any(AnyOf any, SpanBatch batch)
    {
        var parts = new List<BatchTest>();
        foreach (var child in any.Children.OrderBy(Cost))
        {
            var part = Compile(child, batch);
            if (part == ConstantTest.Always) return part;
            if (part != ConstantTest.Never) parts.Add(part);
        }
        return parts.Count switch { 0 => ConstantTest.Never, 1 => parts[0], _ => new AnyTest([.. parts]) };
    }

    static BatchTest Not(BatchTest inner) =>
        inner == ConstantTest.Always ? ConstantTest.Never : inner == ConstantTest.Never ? ConstantTest.Always : new NotTest(inner);

    /// <summary>Columns before tags, tags before free text.</summary>
    static int Cost(FilterNode node) => node switch
    {
        TextCondition { Field: FilterField.Tag or FilterField.Version or FilterField.Host } or NumberCondition { Field: FilterField.Tag } or RangeCondition { Field: FilterField.Tag } => 2,
        TextCondition { Field: FilterField.Text } => 4,
        TextCondition { Pattern.ExactText: null } => 1,
        RegexCondition => 3,
        Negation negation => Cost(negation.Child),
        AllOf all => all.Children.Select(Cost).DefaultIfEmpty().Max() + 1,
        AnyOf any => any.Children.Select(Cost).DefaultIfEmpty().Max() + 1,
        _ => 0,
    };

    static BatchTest Text(TextCondition condition, SpanBatch batch) => FieldReader.TextColumn(condition.Field, batch) is { } column ? Column(batch, column, condition.Pattern) : condition.Field switch
    {
        FilterField.Status => new FlagsTest(batch.Flags, SpanFlags.Error, condition.Pattern.ExactText == "error"),
        FilterField.Kind => new KindTest(batch.Kinds, Enum.Parse<SpanKind>(condition.Pattern.PlainText, ignoreCase: true)),
        FilterField.TraceId => TraceId.TryParse(condition.Pattern.PlainText, out var id) ? new TraceIdTest(batch, id) : ConstantTest.Never,
        FilterField.SpanId => new IdTest(batch.SpanIds, IdOf(condition.Pattern)),
        FilterField.ParentId => new IdTest(batch.ParentIds, IdOf(condition.Pattern)),
        FilterField.Kept => new KeptTest(batch.Flags, condition.Pattern.PlainText),
        FilterField.Is => Fact(batch, condition.Pattern.PlainText),
        FilterField.Version => Tag(batch, TagNames.Version, condition.Pattern),
        FilterField.Host => FieldReader.HostTags.Select((_, i) => Host(batch, i, condition.Pattern)).Aggregate(Or),
        FilterField.Tag => Tag(batch, condition.Key, condition.Pattern),
        FilterField.Text => new AnyTextTest(batch, new StringMemo(batch.Strings, Contains(condition.Pattern.PlainText))),
        _ => ConstantTest.Never,
    };

    static BatchTest Column(SpanBatch batch, int[] column, TextPattern pattern)
    {
        if (pattern.ExactText is not { } exact) return pattern.IsAnything ? new NotTest(new ColumnIs(column, 0)) : new ColumnIn(column, new StringMemo(batch.Strings, pattern.Matches));
        var index = batch.Strings.FindName(exact);
        return index < 0 ? ConstantTest.Never : new ColumnIs(column, index);
    }

    static BatchTest Regex(RegexCondition condition, SpanBatch batch)
    {
        if (FieldReader.TextColumn(condition.Field, batch) is { } column) return new ColumnIn(column, new StringMemo(batch.Strings, condition.Matches));
        return new ReadTextTest(FieldReader.Of(new SpanField(condition.Field, condition.Key), batch), condition.Matches);
    }

    static BatchTest Tag(SpanBatch batch, string key, TextPattern pattern)
    {
        var index = batch.Strings.FindName(key);
        return index < 0 ? ConstantTest.Never : new TagTest(batch, index, pattern, new StringMemo(batch.Strings, pattern.Matches));
    }

    /// <summary>One of the tags that may name the host, when those before it are not there.</summary>
    static BatchTest Host(SpanBatch batch, int tag, TextPattern pattern)
    {
        var test = Tag(batch, FieldReader.HostTags[tag], pattern);
        for (var before = 0; before < tag && test != ConstantTest.Never; before++)
            if (Not(Tag(batch, FieldReader.HostTags[before], TextPattern.Anything)) is var absent && absent != ConstantTest.Always) test = new AllTest([test, absent]);
        return test;
    }

    static BatchTest Or(BatchTest left, BatchTest right) =>
        left == ConstantTest.Never ? right : right == ConstantTest.Never ? left : new AnyTest([left, right]);

    static ulong IdOf(TextPattern pattern) => ulong.Parse(pattern.PlainText, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture);

    static BatchTest Fact(SpanBatch batch, string fact) => fact switch
    {
        "root" => new IdTest(batch.ParentIds, 0),
        "entry" => new FlagsTest(batch.Flags, SpanFlags.TopLevel, true),
        "measured" => new FlagsTest(batch.Flags, SpanFlags.Measured, true),
        _ => new FlagsTest(batch.Flags, SpanFlags.Partial, true),
    };

    static BatchTest Number(FilterField field, string key, SpanBatch batch, Predicate<double> holds)
    {
        if (field == FilterField.Duration) return new DurationTest(batch.DurationNanos, holds);
        var index = batch.Strings.FindName(key);
        return index < 0 ? ConstantTest.Never : new NumberTest(batch, index, holds);
    }

    /// <summary>Looks for a text without regard to case. Text in ASCII is found in the bytes; other text needs decoding.</summary>
    static StringMemo.Question Contains(string wanted)
    {
        if (wanted.Length == 0) return _ => true;
        if (!Ascii.IsValid(wanted)) return utf8 => Encoding.UTF8.GetString(utf8).Contains(wanted, StringComparison.OrdinalIgnoreCase);
        var lower = Encoding.ASCII.GetBytes(wanted.ToLowerInvariant());
        var first = System.Buffers.SearchValues.Create([lower[0], (byte)char.ToUpperInvariant((char)lower[0])]);
        return utf8 =>
        {
            while (utf8.Length >= lower.Length)
            {
                var at = utf8[..(utf8.Length - lower.Length + 1)].IndexOfAny(first);
                if (at < 0) return false;
                if (Ascii.EqualsIgnoreCase(utf8.Slice(at, lower.Length), lower)) return true;
                utf8 = utf8[(at + 1)..];
            }
            return false;
        };
    }
}
