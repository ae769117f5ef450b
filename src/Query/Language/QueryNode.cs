using System.Globalization;
using System.Text;
using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>One node of a metric query's tree. It knows its place in the text and prints itself as text that reads back as the same.</summary>
public abstract class QueryNode(TextRange at)
{
    public TextRange At { get; } = at;

    /// <summary>The nodes directly beneath.</summary>
    public virtual IEnumerable<QueryNode> Children => [];

    /// <summary>The metrics asked for in this node and all beneath, in the order of the text.</summary>
    public IEnumerable<MetricQuery> MetricQueries => this is MetricQuery one ? [one] : Children.SelectMany(child => child.MetricQueries);

    /// <summary>Writes the node as a query.</summary>
    /// <param name="group">Values of the groups to fill into scopes in place of <c>by</c>; null to print as written.</param>
    internal abstract void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group);

    /// <summary>The query for one of its groups: <c>avg:m{host:box-1}</c>.</summary>
    public string PrintFor(IReadOnlyDictionary<string, string> group)
    {
        var text = new StringBuilder();
        Write(text, group);
        return text.ToString();
    }

    public sealed override string ToString()
    {
        var text = new StringBuilder();
        Write(text, null);
        return text.ToString();
    }
}

/// <summary>Several queries of one text, separated by commas.</summary>
public sealed class QueryList(IReadOnlyList<QueryNode> queries)
{
    public IReadOnlyList<QueryNode> Queries { get; } = queries;

    public override string ToString() => string.Join(", ", Queries);
}

/// <summary>A number.</summary>
public sealed class NumberNode(double value, TextRange at) : QueryNode(at)
{
    /// <summary>Finite and not negative: a minus before it is a <see cref="NegateNode"/>.</summary>
    public double Value { get; } = value;

    internal override void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group) => text.Append(Value.ToString("R", CultureInfo.InvariantCulture));
}

/// <summary>A minus before something.</summary>
public sealed class NegateNode(QueryNode inner, TextRange at) : QueryNode(at)
{
    public QueryNode Inner { get; } = inner;

    public override IEnumerable<QueryNode> Children => [Inner];

    internal override void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group)
    {
        text.Append('-');
        BinaryNode.WriteOperand(text, Inner, needsBrackets: Inner is BinaryNode, group);
    }
}

/// <summary>Two sides of <c>+ - * /</c>.</summary>
public sealed class BinaryNode(char sign, QueryNode left, QueryNode right, TextRange at) : QueryNode(at)
{
    public char Sign { get; } = sign;
    public QueryNode Left { get; } = left;
    public QueryNode Right { get; } = right;

    public override IEnumerable<QueryNode> Children => [Left, Right];

    bool IsProduct => Sign is '*' or '/';

    internal override void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group)
    {
        WriteOperand(text, Left, needsBrackets: Left is BinaryNode left && IsProduct && !left.IsProduct, group);
        text.Append(' ').Append(Sign).Append(' ');
        WriteOperand(text, Right, needsBrackets: Right is BinaryNode right && (IsProduct || !right.IsProduct), group);
    }

    internal static void WriteOperand(StringBuilder text, QueryNode node, bool needsBrackets, IReadOnlyDictionary<string, string>? group)
    {
        if (needsBrackets) text.Append('(');
        node.Write(text, group);
        if (needsBrackets) text.Append(')');
    }
}
