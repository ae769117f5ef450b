namespace Apm.Monitors.Search;

/// <summary>A condition on monitors.</summary>
public abstract record MonitorSearchNode
{
    /// <summary>Whether a monitor satisfies it.</summary>
    public abstract bool Holds(MonitorCard card);
}

/// <summary>All hold; of none it is everything.</summary>
sealed record AllOf(IReadOnlyList<MonitorSearchNode> Nodes) : MonitorSearchNode
{
    public override bool Holds(MonitorCard card) => Nodes.All(node => node.Holds(card));
}

/// <summary>One holds.</summary>
sealed record AnyOf(IReadOnlyList<MonitorSearchNode> Nodes) : MonitorSearchNode
{
    public override bool Holds(MonitorCard card) => Nodes.Any(node => node.Holds(card));
}

/// <summary>The opposite.</summary>
sealed record NotOf(MonitorSearchNode Node) : MonitorSearchNode
{
    public override bool Holds(MonitorCard card) => !Node.Holds(card);
}

/// <summary>A word of the search: a key with a value, or free text over the name.</summary>
sealed record SearchTerm(Predicate<MonitorCard> Test) : MonitorSearchNode
{
    public override bool Holds(MonitorCard card) => Test(card);
}
