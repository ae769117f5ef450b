using System.Globalization;

namespace Apm.Monitors.Queries;

/// <summary>A node of a composite's tree.</summary>
public abstract record CompositeNode
{
    /// <summary>Ids of the monitors in it, in the order of the text.</summary>
    public abstract IEnumerable<long> Parts { get; }

    /// <summary>Binds tighter: 2 a part or not, 1 and, 0 or.</summary>
    internal abstract int Strength { get; }

    public sealed override string ToString() => Print();

    protected abstract string Print();

    private protected static string InBrackets(CompositeNode node, int atLeast) => node.Strength < atLeast ? $"( {node} )" : node.ToString();
}

/// <summary>A monitor by its id.</summary>
public sealed record CompositePartNode(long MonitorId) : CompositeNode
{
    public override IEnumerable<long> Parts => [MonitorId];
    internal override int Strength => 2;
    protected override string Print() => MonitorId.ToString(CultureInfo.InvariantCulture);
}

/// <summary><c>!a</c></summary>
public sealed record CompositeNot(CompositeNode Inner) : CompositeNode
{
    public override IEnumerable<long> Parts => Inner.Parts;
    internal override int Strength => 2;
    protected override string Print() => "!" + InBrackets(Inner, 2);
}

/// <summary><c>a &amp;&amp; b</c></summary>
public sealed record CompositeAnd(CompositeNode Left, CompositeNode Right) : CompositeNode
{
    public override IEnumerable<long> Parts => Left.Parts.Concat(Right.Parts);
    internal override int Strength => 1;
    protected override string Print() => $"{InBrackets(Left, 1)} && {InBrackets(Right, 2)}";
}

/// <summary><c>a || b</c></summary>
public sealed record CompositeOr(CompositeNode Left, CompositeNode Right) : CompositeNode
{
    public override IEnumerable<long> Parts => Left.Parts.Concat(Right.Parts);
    internal override int Strength => 0;
    protected override string Print() => $"{InBrackets(Left, 0)} || {InBrackets(Right, 1)}";
}
