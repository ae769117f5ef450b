using System.Globalization;
using System.Text;
using Apm.Core;

namespace Apm.Wire.OpenMetrics;

/// <summary>
/// Reads the text that a program exposes its metrics as: the Prometheus text format 0.0.4, and OpenMetrics 1.0.
/// <code>
/// # HELP http_requests_total Requests that were answered.
/// # TYPE http_requests_total counter
/// http_requests_total{method="get",code="200"} 1027 1395066363000
/// # EOF                                    (OpenMetrics only, and there it must be)
/// </code>
/// Times of samples and exemplars are checked and left out. A text that breaks the rules is refused as a whole, with the line, the column and the cure: half a
/// scrape would look like a drop.
/// </summary>
public static class ExpositionParser
{
    /// <summary>Most samples of one text; a text with more is refused, and the sentence names the family that has the most.</summary>
    public const int MaxSamples = 100_000;

    /// <summary>Most labels of one sample.</summary>
    public const int MaxLabels = 128;

    /// <param name="body">UTF-8.</param>
    /// <param name="isOpenMetrics">Whether the answer's content type says <c>application/openmetrics-text</c>.</param>
    /// <param name="keeps">Lines for which it says no are passed over unread; null keeps all.</param>
    /// <returns>The families in the order in which they first appear, those without samples as well.</returns>
    /// <exception cref="PayloadException">The text breaks the rules.</exception>
    public static IReadOnlyList<ExpositionFamily> Parse(ReadOnlySpan<byte> body, bool isOpenMetrics, Func<string, bool>? keeps = null)
    {
        var families = new Families(isOpenMetrics);
        var number = 0;
        foreach (var range in body.Split((byte)'\n'))
        {
            number++;
            var line = Text(body[range], number).TrimEnd('\r');
            if (line.AsSpan().Trim(" \t").IsEmpty) continue;
            if (families.Ended) throw new PayloadException($"Metrics text, line {number}: there is more after `# EOF`. Nothing may follow it.");
            if (keeps is null || keeps(line)) new Line(line, number, families).Read();
        }
        if (isOpenMetrics && !families.Ended)
            throw new PayloadException($"Metrics text, line {number}: it ends without `# EOF`, so a part may be missing. The program, or a proxy before it, cut the answer off.");
        return families.All();
    }

    static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    static string Text(ReadOnlySpan<byte> line, int number)
    {
        try
        {
            return Strict.GetString(line);
        }
        catch (DecoderFallbackException fault)
        {
            throw new PayloadException($"Metrics text, line {number}, byte {fault.Index + 1}: it is not UTF-8. Have the program escape or drop such values.");
        }
    }

    /// <summary>The families so far, and which of them a sample belongs to.</summary>
    sealed class Families(bool isOpenMetrics)
    {
        readonly Dictionary<string, Draft> _byName = new(StringComparer.Ordinal);
        readonly List<Draft> _inOrder = [];
        int _samples;

        public bool IsOpenMetrics { get; } = isOpenMetrics;

        public bool Ended { get; set; }

        public Draft Of(string name)
        {
            if (_byName.TryGetValue(name, out var draft)) return draft;
            _byName[name] = draft = new Draft(name);
            _inOrder.Add(draft);
            return draft;
        }

        public void Add(ExpositionSample sample)
        {
            Owner(sample.Name).Samples.Add(sample);
            if (++_samples <= MaxSamples) return;
            var largest = _inOrder.MaxBy(draft => draft.Samples.Count)!;
            throw new PayloadException($"The metrics text has more than {MaxSamples:N0} samples; `{largest.Name}` alone has {largest.Samples.Count:N0} so far. A label of it has too many values: have the program drop that label.");
        }

        Draft Owner(string sample)
        {
            if (_byName.TryGetValue(sample, out var exact)) return exact;
            foreach (var suffix in Suffixes)
                if (sample.EndsWith(suffix, StringComparison.Ordinal) && _byName.TryGetValue(sample[..^suffix.Length], out var family) && Fits(family.Type, suffix)) return family;
            return Of(sample);
        }

        static readonly string[] Suffixes = ["_total", "_bucket", "_count", "_sum", "_created", "_info", "_gcount", "_gsum"];

        static bool Fits(FamilyType type, string suffix) => type switch
        {
            FamilyType.Counter => suffix is "_total" or "_created",
            FamilyType.Histogram => suffix is "_bucket" or "_count" or "_sum" or "_created",
            FamilyType.GaugeHistogram => suffix is "_bucket" or "_gcount" or "_gsum",
            FamilyType.Summary => suffix is "_count" or "_sum" or "_created",
            FamilyType.Info => suffix is "_info",
            _ => false,
        };

        public IReadOnlyList<ExpositionFamily> All() => [.. _inOrder.Select(draft => new ExpositionFamily(draft.Name, draft.Type, draft.Help, draft.Unit, draft.Samples))];
    }

    sealed class Draft(string name)
    {
        public string Name { get; } = name;
        public FamilyType Type { get; set; }
        public bool HasType { get; set; }
        public string Help { get; set; } = "";
        public string Unit { get; set; } = "";
        public List<ExpositionSample> Samples { get; } = [];
    }

    /// <summary>One line, read from left to right.</summary>
    sealed class Line(string text, int number, Families families)
    {
        int _at;

        public void Read()
        {
            SkipBlanks();
            if (text[_at] is '#') ReadComment();
            else ReadSample();
        }

        void ReadComment()
        {
            _at++;
            if (families.IsOpenMetrics && text.AsSpan(_at).Trim(" \t") is "EOF")
            {
                families.Ended = true;
                return;
            }
            if (_at < text.Length && text[_at] is not (' ' or '\t')) return; // Some comment.
            SkipBlanks();
            var word = Word();
            if (word is not ("HELP" or "TYPE" or "UNIT")) return;
            SkipBlanks();
            var family = families.Of(_at < text.Length && text[_at] is '"' ? Quoted("the name of a metric") : Name("the name of a metric", isLabel: false));
            SkipBlanks();
            var rest = text[_at..];
            if (word is "HELP") family.Help = rest;
            else if (word is "UNIT") family.Unit = rest.Trim();
            else SetType(family, rest.Trim());
        }

        void SetType(Draft family, string type)
        {
            if (family.HasType) throw Fault($"`{family.Name}` has a second # TYPE line", "a family has one, before its samples");
            if (family.Samples.Count > 0) throw Fault($"the # TYPE line of `{family.Name}` stands after samples of it", "it must stand before them");
            family.HasType = true;
            family.Type = type switch
            {
                "counter" => FamilyType.Counter,
                "gauge" => FamilyType.Gauge,
                "histogram" => FamilyType.Histogram,
                "summary" => FamilyType.Summary,
                "gaugehistogram" => FamilyType.GaugeHistogram,
                "info" => FamilyType.Info,
                "stateset" => FamilyType.StateSet,
                "untyped" or "unknown" => FamilyType.Unknown,
                _ => throw Fault($"`{Cut(type)}` is no type of a metric", "there are counter, gauge, histogram, summary, gaugehistogram, info, stateset, untyped and unknown"),
            };
        }

        void ReadSample()
        {
            string? name = null;
            var labels = new List<KeyValuePair<string, string>>();
            if (text[_at] is not '{') name = Name("the name of a metric", isLabel: false);
            SkipBlanks();
            if (_at < text.Length && text[_at] is '{') ReadLabels(labels, ref name);
            if (name is null) throw Fault("no name of a metric", "a name that is not made of letters, digits, `_` and `:` stands in quotes, first in the braces");
            SkipBlanks();
            var value = Number("a value");
            SkipBlanks();
            if (_at < text.Length && text[_at] is not '#') _ = Number("a time");
            SkipBlanks();
            if (_at < text.Length && text[_at] is '#' && families.IsOpenMetrics) ReadExemplar();
            if (_at < text.Length) throw Fault($"`{Cut(text[_at..])}` follows the sample", "a sample is: name{label=\"value\"} number, and perhaps a time");
            families.Add(new ExpositionSample(name, labels, value));
        }

        void ReadExemplar()
        {
            _at++;
            SkipBlanks();
            string? none = "";
            if (_at >= text.Length || text[_at] is not '{') throw Fault("an exemplar without labels", "an exemplar is: # {trace_id=\"…\"} number, and perhaps a time");
            ReadLabels([], ref none);
            SkipBlanks();
            _ = Number("the exemplar's value");
            SkipBlanks();
            if (_at < text.Length) _ = Number("the exemplar's time");
            SkipBlanks();
        }

        void ReadLabels(List<KeyValuePair<string, string>> labels, ref string? name)
        {
            _at++;
            while (true)
            {
                SkipBlanks();
                if (_at >= text.Length) throw Fault("the braces do not close", "labels stand between { and }");
                if (text[_at] is '}') { _at++; return; }
                var isQuoted = text[_at] is '"';
                var label = isQuoted ? Quoted("a name") : Name("the name of a label", isLabel: true);
                SkipBlanks();
                if (_at < text.Length && text[_at] is '=')
                {
                    _at++;
                    SkipBlanks();
                    if (_at >= text.Length || text[_at] is not '"') throw Fault($"the value of `{Cut(label)}` is not in quotes", $"write {Cut(label)}=\"value\"");
                    var value = Quoted($"the value of `{Cut(label)}`");
                    foreach (var (known, _) in labels) if (known == label) throw Fault($"the label `{Cut(label)}` stands twice", "each label may stand once in a sample");
                    if (labels.Count == MaxLabels) throw Fault($"more than {MaxLabels} labels", "have the program drop some");
                    labels.Add(KeyValuePair.Create(label, value));
                }
                else if (isQuoted && name is null) name = label;
                else throw Fault($"`=` is missing after `{Cut(label)}`", "write label=\"value\"");
                SkipBlanks();
                if (_at < text.Length && text[_at] is ',') _at++;
                else if (_at < text.Length && text[_at] is not '}') throw Fault($"`{text[_at]}` between two labels", "labels are set apart by commas");
            }
        }

        string Quoted(string what)
        {
            var start = _at++;
            var value = new StringBuilder();
            while (_at < text.Length)
            {
                var sign = text[_at++];
                if (sign is '"') return value.ToString();
                if (sign is not '\\') { value.Append(sign); continue; }
                var escaped = _at < text.Length ? text[_at++] : ' ';
                value.Append(escaped switch
                {
                    '\\' => '\\',
                    '"' => '"',
                    'n' => '\n',
                    _ => throw Fault($"`\\{escaped}` in {what}", "there are \\\\, \\\" and \\n"),
                });
            }
            _at = start;
            throw Fault($"{what} has no closing quote", "a quote within it is written \\\", a line break \\n");
        }

        string Name(string what, bool isLabel)
        {
            var start = _at;
            while (_at < text.Length && IsOfName(text[_at], isLabel, first: _at == start)) _at++;
            if (_at == start) throw Fault($"{what} is expected, not `{(_at < text.Length ? Cut(text[_at..]) : "the end of the line")}`", "names are of letters, digits (not first), `_`, and `:` in those of metrics");
            return text[start.._at];
        }

        static bool IsOfName(char sign, bool isLabel, bool first) => char.IsAsciiLetter(sign) || sign is '_' || (!isLabel && sign is ':') || (!first && char.IsAsciiDigit(sign));

        double Number(string what)
        {
            var word = Word();
            var digits = word.StartsWith('+') || word.StartsWith('-') ? word[1..] : word;
            if (digits.Equals("inf", StringComparison.OrdinalIgnoreCase) || digits.Equals("infinity", StringComparison.OrdinalIgnoreCase))
                return word[0] is '-' ? double.NegativeInfinity : double.PositiveInfinity;
            if (word.Equals("nan", StringComparison.OrdinalIgnoreCase)) return double.NaN;
            if (digits.Length > 0 && (char.IsAsciiDigit(digits[0]) || digits[0] is '.') && double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return number;
            _at -= word.Length;
            throw Fault(word.Length == 0 ? $"{what} is missing" : $"`{Cut(word)}` is not {what}", "numbers are such as 12, 0.5, 1e9, +Inf and NaN");
        }

        string Word()
        {
            var start = _at;
            while (_at < text.Length && text[_at] is not (' ' or '\t')) _at++;
            return text[start.._at];
        }

        void SkipBlanks()
        {
            while (_at < text.Length && text[_at] is ' ' or '\t') _at++;
        }

        PayloadException Fault(string what, string cure) => new($"Metrics text, line {number}, column {_at + 1}: {what}; {cure}. The line: {Cut(text, 120)}");

        static string Cut(string text, int chars = 40) => text.Length <= chars ? text : string.Concat(text.AsSpan(0, chars - 1), "…");
    }
}
