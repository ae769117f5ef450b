using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>
/// Reads what stands between pipes:
/// <code>
/// stage = "{" … "}" | count() > 2 | avg(field) > 1s | by(field) | select(field, …) | coalesce()
///       | rate() [ by(…) ] | quantile_over_time(field, 0.9) [ by(…) ] | topk(5)
/// </code>
/// </summary>
sealed class TraceQlStageParser(TraceQlCursor cursor, TraceQlOperands operands, TraceQlConditionParser conditions)
{
    static readonly string[] Aggregates = ["count", "avg", "min", "max", "sum"];
    static readonly string[] StageWords = [.. Aggregates, "by", "select", "coalesce", .. TraceQlMetric.Functions, "topk", "bottomk"];

    /// <summary>The next stage.</summary>
    /// <param name="before">Those before it: some stages may only follow others.</param>
    public TraceQlStage Stage(List<TraceQlStage> before)
    {
        cursor.Count();
        if (cursor.IsSign("{"))
        {
            var spans = conditions.Spans();
            return new TraceQlKeep(spans, spans.At);
        }
        var word = cursor.Next;
        if (word.Kind != TraceQlTokenKind.Word) throw cursor.Unexpected("a stage, such as count() > 2 or select(span.http.url)");
        if (word.Text == "compare")
            throw new QueryTextException($"{word.Text} at column {word.At.Column} is not answered yet. There are: {string.Join(", ", TraceQlMetric.Functions)}.", word.At, "quantile_over_time");
        if (!StageWords.Contains(word.Text))
        {
            var nearest = NearestWord.Find(word.Text, StageWords);
            throw new QueryTextException($"Unknown stage \"{word.Text}\" at column {word.At.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", StageWords)}.", word.At, nearest);
        }
        cursor.Take();
        cursor.Expect("(", $"\"(\" after {word.Text}");
        var isSeries = before.Any(stage => stage is TraceQlMetric);
        if ((word.Text is "topk" or "bottomk") != isSeries)
            throw new QueryTextException(isSeries ? $"After series only topk and bottomk can stand, not \"{word.Text}\" at column {word.At.Column}." : $"{word.Text} at column {word.At.Column} needs series before it, such as | rate() by(resource.service.name).", word.At);
        return word.Text switch
        {
            "by" => By(word),
            "select" => new TraceQlSelect(operands.SelectedFields(), Closed(word)),
            "coalesce" => new TraceQlCoalesce(Closed(word)),
            "topk" or "bottomk" => Top(word),
            _ when Aggregates.Contains(word.Text) => Aggregate(word),
            _ => Metric(word),
        };
    }

    TraceQlBy By(TraceQlToken word)
    {
        var field = operands.RequiredField();
        return new TraceQlBy(field, Closed(word));
    }

    TraceQlAggregate Aggregate(TraceQlToken word)
    {
        TraceQlField? field = word.Text == "count" ? null : operands.RequiredField();
        Closed(word);
        if (operands.ComparisonOf() is not { } comparison || comparison is TraceQlComparison.Like or TraceQlComparison.NotLike) throw cursor.Unexpected($"a comparison after {word.Text}(…), such as > 2");
        cursor.Take();
        var (value, at) = operands.TakeValue();
        if (value.Kind is not (TraceQlValueKind.Number or TraceQlValueKind.Duration)) throw new QueryTextException($"{value} at column {at.Column} is not a number; {word.Text} compares with one.", at);
        return new TraceQlAggregate(word.Text, field, comparison, value, TextRange.Join(word.At, at));
    }

    TraceQlMetric Metric(TraceQlToken word)
    {
        TraceQlField? field = word.Text is "rate" or "count_over_time" ? null : operands.RequiredField();
        var quantiles = new List<double>();
        while (word.Text == "quantile_over_time" && cursor.TakeSign(","))
        {
            if (cursor.Next.Kind != TraceQlTokenKind.Number || cursor.Next.Number is < 0 or > 1) throw cursor.Unexpected("a quantile between 0 and 1, such as 0.99");
            quantiles.Add(cursor.Take().Number);
        }
        if (word.Text == "quantile_over_time" && quantiles.Count == 0) throw cursor.Unexpected("a comma and a quantile between 0 and 1, such as 0.99");
        var at = Closed(word);
        if (cursor.Next is not { Kind: TraceQlTokenKind.Word, Text: "by" }) return new TraceQlMetric(word.Text, field, quantiles, [], at);
        cursor.Take();
        cursor.Expect("(", "\"(\" after by");
        var by = operands.Fields();
        return new TraceQlMetric(word.Text, field, quantiles, by, Closed(word));
    }

    TraceQlTop Top(TraceQlToken word)
    {
        if (cursor.Next.Kind != TraceQlTokenKind.Number || cursor.Next.Number is < 1 or > 10_000 || cursor.Next.Number != Math.Floor(cursor.Next.Number)) throw cursor.Unexpected("how many series to keep, such as 5");
        var count = (int)cursor.Take().Number;
        return new TraceQlTop(word.Text == "topk", count, Closed(word));
    }

    TextRange Closed(TraceQlToken word)
    {
        if (!cursor.IsSign(")")) throw cursor.Unexpected($"\")\" after {word.Text}(…");
        return TextRange.Join(word.At, cursor.Take().At);
    }
}
