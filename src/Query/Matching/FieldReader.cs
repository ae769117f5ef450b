using System.Globalization;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Query.Filters;

namespace Apm.Query.Matching;

/// <summary>Reads one field of a batch's spans, as a code that is the same for the same value within the batch, as text, or as a number.</summary>
/// <remarks>Made for one batch; not thread-safe.</remarks>
abstract class FieldReader
{
    /// <summary>No value.</summary>
    public const long None = -1;

    /// <summary>Tags that may name the host, the first that is there.</summary>
    public static readonly string[] HostTags = [TagNames.Hostname, "host.name", "host"];

    /// <summary>The column of a field that every span has as a text; null for other fields.</summary>
    public static int[]? TextColumn(FilterField field, SpanBatch batch) => field switch
    {
        FilterField.Service => batch.Services,
        FilterField.Env => batch.Envs,
        FilterField.Operation => batch.Names,
        FilterField.Resource => batch.Resources,
        FilterField.Type => batch.Types,
        _ => null,
    };

    /// <summary>The reader of a field of a span.</summary>
    public static FieldReader Of(SpanField field, SpanBatch batch) => TextColumn(field.Field, batch) is { } column ? new ColumnReader(batch, column) : field.Field switch
    {
        FilterField.Kind => new WordReader(span => (int)batch.Kinds[span], code => FilterWords.Kinds[(int)Math.Min(code, FilterWords.Kinds.Count - 1)]),
        FilterField.Status => new WordReader(span => (batch.Flags[span] & SpanFlags.Error) != 0 ? 0 : 1, code => FilterWords.Statuses[(int)code]),
        FilterField.Kept => new WordReader(span => (int)batch.Flags[span].Verdict(), code => ((SampleVerdict)code).Word()),
        FilterField.Is => new WordReader(span => batch.ParentIds[span] == 0 ? 0 : (batch.Flags[span] & SpanFlags.TopLevel) != 0 ? 1 : None, code => FilterWords.Facts[(int)code]),
        FilterField.TraceId => new WordReader(span => span, code => batch.TraceIdOf((int)code).ToString()),
        FilterField.SpanId => new WordReader(span => span, code => new SpanId(batch.SpanIds[code]).ToString()),
        FilterField.ParentId => new WordReader(span => batch.ParentIds[span] == 0 ? None : span, code => new SpanId(batch.ParentIds[code]).ToString()),
        FilterField.Duration => new DurationReader(batch.DurationNanos),
        FilterField.Version => new TagReader(batch, TagNames.Version),
        FilterField.Host => new TagReader(batch, HostTags),
        FilterField.Tag => new TagReader(batch, field.Key),
        _ => new WordReader(_ => None, _ => ""),
    };

    /// <summary>Equal for equal values of this batch; <see cref="None"/> without one. Ids have a code per span.</summary>
    public abstract long CodeAt(int span);

    /// <summary>The value of a code.</summary>
    public abstract string TextOf(long code);

    /// <summary>The value as a number; a text that is one counts as one.</summary>
    public abstract bool TryNumber(int span, out double number);

    /// <summary>A tag as a number.</summary>
    public static bool TryNumber(SpanBatch batch, TagAccess tag, int span, out double number)
    {
        if (tag.TryNumber(span, out number)) return true;
        return tag.TryText(span, out var text)
            && System.Buffers.Text.Utf8Parser.TryParse(batch.Strings.Utf8(text), out number, out var used)
            && used == batch.Strings.Utf8(text).Length;
    }

    sealed class ColumnReader(SpanBatch batch, int[] column) : FieldReader
    {
        public override long CodeAt(int span) => column[span] == 0 ? None : column[span];
        public override string TextOf(long code) => batch.Strings.Text((int)code);

        public override bool TryNumber(int span, out double number)
        {
            number = 0;
            return false;
        }
    }

    sealed class WordReader(Func<int, long> codeAt, Func<long, string> textOf) : FieldReader
    {
        public override long CodeAt(int span) => codeAt(span);
        public override string TextOf(long code) => textOf(code);

        public override bool TryNumber(int span, out double number)
        {
            number = 0;
            return false;
        }
    }

    sealed class DurationReader(long[] column) : FieldReader
    {
        public override long CodeAt(int span) => Math.Max(0, column[span]);
        public override string TextOf(long code) => code.ToString(CultureInfo.InvariantCulture);

        public override bool TryNumber(int span, out double number)
        {
            number = column[span];
            return true;
        }
    }

    /// <summary>The first of some tags that a span has.</summary>
    sealed class TagReader(SpanBatch batch, params string[] keys) : FieldReader
    {
        /// <summary>Codes of texts are their indexes; those of numbers begin here.</summary>
        const long FirstNumberCode = 1L << 32;

        readonly TagAccess[] _tags = [.. keys.Select(batch.Strings.FindName).Where(key => key >= 0).Select(key => new TagAccess(batch, key))];
        readonly Dictionary<double, long> _codes = [];
        readonly List<double> _numbers = [];

        public override long CodeAt(int span)
        {
            foreach (var tag in _tags)
            {
                if (tag.TryText(span, out var text)) return text;
                if (!tag.TryNumber(span, out var number)) continue;
                if (_codes.TryGetValue(number, out var code)) return code;
                _codes.Add(number, code = FirstNumberCode + _numbers.Count);
                _numbers.Add(number);
                return code;
            }
            return None;
        }

        public override string TextOf(long code) =>
            code < FirstNumberCode ? batch.Strings.Text((int)code) : _numbers[(int)(code - FirstNumberCode)].ToString("R", CultureInfo.InvariantCulture);

        public override bool TryNumber(int span, out double number)
        {
            foreach (var tag in _tags) if (FieldReader.TryNumber(batch, tag, span, out number)) return true;
            number = 0;
            return false;
        }
    }
}
