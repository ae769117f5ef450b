using Apm.Query.Text;

namespace Apm.Query.TraceQl;

enum TraceQlTokenKind
{
    End,

    /// <summary><c>{ } ( ) ,</c> and operators; <see cref="TraceQlToken.Text"/> is the sign.</summary>
    Sign,

    /// <summary>An intrinsic, function or keyword, such as <c>duration</c>, <c>span:name</c>, <c>true</c>.</summary>
    Word,

    /// <summary>An attribute; <see cref="TraceQlToken.Field"/> says which.</summary>
    Attribute,

    /// <summary>In quotes or backticks; <see cref="TraceQlToken.Text"/> is what it means.</summary>
    Text,
    Number,

    /// <summary>A number with a unit; <see cref="TraceQlToken.Number"/> is nanoseconds.</summary>
    Duration,
}

readonly record struct TraceQlToken(TraceQlTokenKind Kind, string Text, TextRange At, double Number = 0, TraceQlField Field = default);
