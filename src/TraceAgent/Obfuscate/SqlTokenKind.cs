namespace Apm.TraceAgent.Obfuscate;

/// <summary>What <see cref="SqlLexer"/> tells apart: no more than hiding values needs.</summary>
enum SqlTokenKind
{
    /// <summary>No more text.</summary>
    End,

    /// <summary>The text is no SQL from here on.</summary>
    Invalid,

    /// <summary>A keyword or a name written without quotes, dots included.</summary>
    Word,

    /// <summary>A name in back quotes; the text is what stands between them.</summary>
    QuotedWord,

    /// <summary>A name or a value, which only what stands before it tells; the text is what stands between the quotes.</summary>
    DoubleQuoted,

    /// <summary>Anything that may carry data: strings, numbers, NULL, TRUE, FALSE, placeholders, literals in braces.</summary>
    Value,

    /// <summary><c>:name</c>, <c>@name</c>, <c>@@name</c>: names a value without carrying it.</summary>
    BindName,

    /// <summary>Operators, brackets, commas.</summary>
    Symbol,
}
