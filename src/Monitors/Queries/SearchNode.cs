namespace Apm.Monitors.Queries;

/// <summary>A condition of a search, on monitors or on events.</summary>
/// <typeparam name="T">What is looked at.</typeparam>
public abstract record SearchNode<T>
{
    /// <summary>Whether something satisfies it.</summary>
    public abstract bool Holds(T candidate);
}

/// <summary>All hold; of none it is everything.</summary>
sealed record AllOf<T>(IReadOnlyList<SearchNode<T>> Nodes) : SearchNode<T>
{
    public override bool Holds(T candidate) => Nodes.All(node => node.Holds(candidate));
}

/// <summary>One holds.</summary>
sealed record AnyOf<T>(IReadOnlyList<SearchNode<T>> Nodes) : SearchNode<T>
{
    public override bool Holds(T candidate) => Nodes.Any(node => node.Holds(candidate));
}

/// <summary>The opposite.</summary>
sealed record NotOf<T>(SearchNode<T> Node) : SearchNode<T>
{
    public override bool Holds(T candidate) => !Node.Holds(candidate);
}

/// <summary>A key with a value, or free text.</summary>
sealed record SearchTerm<T>(Predicate<T> Test) : SearchNode<T>
{
    public override bool Holds(T candidate) => Test(candidate);
}
