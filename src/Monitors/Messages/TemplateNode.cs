namespace Apm.Monitors.Messages;

/// <summary>A place in a template.</summary>
/// <param name="Start">First character, from 0.</param>
/// <param name="Length">How many characters.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
public readonly record struct TemplatePlace(int Start, int Length, int Line, int Column);

/// <summary>Something in a template that will not do what its writer meant. It is rendered all the same.</summary>
public sealed record TemplateWarning(TemplatePlace At, string Sentence);

/// <summary>A part of a template.</summary>
abstract record TemplateNode;

/// <summary>Text as it is.</summary>
sealed record TextNode(string Text) : TemplateNode;

/// <summary><c>{{name}}</c>: the value of a variable.</summary>
sealed record VariableNode(string Name) : TemplateNode;

/// <summary><c>{{eval "value / 2"}}</c>.</summary>
sealed record EvalNode(string Expression) : TemplateNode;

/// <summary><c>{{local_time 'last_triggered_at' 'Asia/Tokyo'}}</c>.</summary>
sealed record LocalTimeNode(string Variable, string Zone) : TemplateNode;

/// <summary><c>{{override_priority 'P1'}}</c>: shows nothing.</summary>
sealed record PriorityNode(int Priority) : TemplateNode;

/// <summary><c>{{#name arguments}}…{{else}}…{{/name}}</c>, or with <c>^</c> when the condition must not hold.</summary>
sealed record BlockNode(string Name, IReadOnlyList<string> Arguments, bool IsNegated, IReadOnlyList<TemplateNode> Then, IReadOnlyList<TemplateNode> Else) : TemplateNode;
