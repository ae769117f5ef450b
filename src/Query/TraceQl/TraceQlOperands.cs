using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>Reads what conditions and stages are made of: fields, values, comparisons.</summary>
sealed class TraceQlOperands(TraceQlCursor cursor)
{
    static readonly string[] KeyWords = ["error", "ok", "unset", "unspecified", "internal", "server", "client", "producer", "consumer"];

    public List<TraceQlField> Fields()
    {
        var fields = new List<TraceQlField> { RequiredField() };
        while (cursor.TakeSign(",")) fields.Add(RequiredField());
        return fields;
    }

    /// <summary>As <see cref="Fields"/>; also what can only be selected.</summary>
    public List<TraceQlField> SelectedFields()
    {
        var fields = new List<TraceQlField> { SelectedField() };
        while (cursor.TakeSign(",")) fields.Add(SelectedField());
        return fields;
    }

    TraceQlField SelectedField() => cursor.Next switch
    {
        { Kind: TraceQlTokenKind.Attribute, Field: { Scope: TraceQlScope.Event } field } when cursor.Take() is var _ => field,
        { Kind: TraceQlTokenKind.Word, Text: var name } when TraceQlField.Selectable.Contains(name) && cursor.Take() is var _ => new TraceQlField(TraceQlScope.Intrinsic, name),
        _ => RequiredField(),
    };

    public TraceQlField RequiredField()
    {
        if (!IsField()) throw cursor.Unexpected("a field, such as duration or span.http.status_code");
        return TakeField().Field;
    }

    public bool IsField() => cursor.Next.Kind == TraceQlTokenKind.Attribute
        || (cursor.Next.Kind == TraceQlTokenKind.Word && cursor.Next.Text is not ("true" or "false" or "nil") && !KeyWords.Contains(cursor.Next.Text));

    public (TraceQlField Field, TextRange At) TakeField()
    {
        var token = cursor.Next;
        if (token.Kind == TraceQlTokenKind.Attribute)
        {
            if (token.Field.Scope is not (TraceQlScope.Any or TraceQlScope.Span or TraceQlScope.Resource))
                throw new QueryTextException($"\"{token.Text}\" at column {token.At.Column}: only attributes of spans (span.) and of resources (resource.) can be asked for, or both (.).", token.At, "span." + token.Field.Name);
            cursor.Take();
            return (token.Field, token.At);
        }
        if (!TraceQlField.Intrinsics.Contains(token.Text))
        {
            var nearest = NearestWord.Find(token.Text, TraceQlField.Intrinsics);
            throw new QueryTextException(
                $"Unknown field \"{token.Text}\" at column {token.At.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?")
                + $" Attributes are written span.{token.Text} or resource.{token.Text}; intrinsics are: {string.Join(", ", TraceQlField.Intrinsics)}.",
                token.At, nearest ?? "." + token.Text);
        }
        cursor.Take();
        return (new TraceQlField(TraceQlScope.Intrinsic, token.Text), token.At);
    }

    public (TraceQlValue Value, TextRange At) TakeValue()
    {
        var minus = cursor.IsSign("-") ? cursor.Take() : default;
        var token = cursor.Next;
        if (minus.Text is not null && token.Kind is not (TraceQlTokenKind.Number or TraceQlTokenKind.Duration)) throw cursor.Unexpected("a number after the minus");
        var value = token switch
        {
            { Kind: TraceQlTokenKind.Text } => TraceQlValue.OfText(token.Text),
            { Kind: TraceQlTokenKind.Number } => new TraceQlValue(TraceQlValueKind.Number, "", minus.Text is null ? token.Number : -token.Number),
            { Kind: TraceQlTokenKind.Duration } => new TraceQlValue(TraceQlValueKind.Duration, "", minus.Text is null ? token.Number : -token.Number),
            { Kind: TraceQlTokenKind.Word, Text: "true" or "false" } => TraceQlValue.OfTruth(token.Text == "true"),
            { Kind: TraceQlTokenKind.Word, Text: "nil" } => new TraceQlValue(TraceQlValueKind.Nil, "", 0),
            { Kind: TraceQlTokenKind.Word } when KeyWords.Contains(token.Text) => new TraceQlValue(TraceQlValueKind.Word, token.Text, 0),
            _ => throw cursor.Unexpected("a value: a text in quotes, a number, a duration, true, false, nil, a status or a kind"),
        };
        cursor.Take();
        return (value, minus.Text is null ? token.At : TextRange.Join(minus.At, token.At));
    }

    public TraceQlComparison? ComparisonOf() => cursor.Next.Kind != TraceQlTokenKind.Sign ? null : cursor.Next.Text switch
    {
        "=" => TraceQlComparison.Equal,
        "!=" => TraceQlComparison.NotEqual,
        "<" => TraceQlComparison.Less,
        "<=" => TraceQlComparison.LessOrEqual,
        ">" => TraceQlComparison.Greater,
        ">=" => TraceQlComparison.GreaterOrEqual,
        "=~" => TraceQlComparison.Like,
        "!~" => TraceQlComparison.NotLike,
        _ => null,
    };

    public void RefuseArithmetic()
    {
        if (cursor.Next is { Kind: TraceQlTokenKind.Sign, Text: "+" or "-" or "*" or "/" or "%" or "^" })
            throw new QueryTextException($"\"{cursor.Next.Text}\" at column {cursor.Next.At.Column}: arithmetic is not answered. Write the result, such as duration > 1.5s.", cursor.Next.At);
    }
}
