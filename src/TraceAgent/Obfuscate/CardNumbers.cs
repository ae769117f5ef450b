namespace Apm.TraceAgent.Obfuscate;

/// <summary>Tells numbers of payment cards from other texts (trace-intake §5.6).</summary>
static class CardNumbers
{
    const int MinDigits = 12;
    const int MaxDigits = 16;

    /// <summary>First digits that issuers use, as ranges of numbers of that many digits.</summary>
    static readonly (int Digits, int First, int Last)[] Prefixes =
    [
        (1, 1, 1), (1, 4, 4),
        (2, 34, 39), (2, 51, 55), (2, 62, 62), (2, 65, 65),
        (3, 300, 305), (3, 309, 309), (3, 636, 636), (3, 644, 649),
        (4, 3528, 3589), (4, 5019, 5019), (4, 6011, 6011),
        (6, 222100, 272099), (6, 500000, 509999), (6, 560000, 589999), (6, 600000, 699999),
    ];

    /// <summary>Tags that hold numbers by nature, or are hidden by another rule.</summary>
    public static IReadOnlyList<string> ExemptKeys { get; } =
    [
        "account_id", "aws_account", "env", "error", "error.msg", "error.type", "error.stack", "graphql.field", "graphql.query",
        "graphql.type", "graphql.operation.name", "grpc.code", "grpc.method", "grpc.request", "http.status_code", "http.method",
        "runtime-id", "out.host", "out.port", "sampling.priority", "span.type", "span.name", "service.name", "service", "sql.query", "version",
    ];

    /// <summary>Whether the whole text is a card's number; blanks and dashes do not count.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="luhn">Its last digit must fit the others as well.</param>
    public static bool IsCard(ReadOnlySpan<byte> text, bool luhn)
    {
        if (text.Length < MinDigits || text[0] is not ((byte)' ' or (byte)'-' or (>= (byte)'0' and <= (byte)'9'))) return false;
        Span<byte> digits = stackalloc byte[MaxDigits];
        var count = 0;
        foreach (var b in text)
        {
            if (b is (byte)' ' or (byte)'-') continue;
            if (b is < (byte)'0' or > (byte)'9' || count == MaxDigits) return false;
            digits[count++] = (byte)(b - '0');
        }
        return count >= MinDigits && HasIssuer(digits) && (!luhn || IsLuhn(digits[..count]));
    }

    /// <summary>Whether a longer text may hold such a number: it has so many digits in a row, blanks and dashes aside.</summary>
    public static bool MayContain(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var start = text.IndexOfAnyInRange((byte)'0', (byte)'9');
            if (start < 0) return false;
            text = text[start..];
            var (at, digits) = (0, 0);
            for (; at < text.Length && text[at] is (byte)' ' or (byte)'-' or (>= (byte)'0' and <= (byte)'9'); at++)
                if (text[at] >= '0') digits++;
            if (digits is >= MinDigits and <= MaxDigits) return true;
            text = text[at..];
        }
    }

    static bool HasIssuer(ReadOnlySpan<byte> digits)
    {
        var (number, length) = (0, 0);
        foreach (var prefix in Prefixes)
        {
            while (length < prefix.Digits) number = (number * 10) + digits[length++];
            if (number >= prefix.First && number <= prefix.Last) return true;
        }
        return false;
    }

    static bool IsLuhn(ReadOnlySpan<byte> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = (int)digits[^(i + 1)];
            if (i % 2 == 1) digit *= 2;
            sum += digit > 9 ? digit - 9 : digit;
        }
        return sum % 10 == 0;
    }
}
