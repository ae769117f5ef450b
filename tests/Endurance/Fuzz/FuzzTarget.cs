namespace Apm.Endurance.Fuzz;

/// <summary>Something that reads bytes of strangers.</summary>
/// <param name="Name">Such as <c>v0.4</c>; in a failure's sentence.</param>
/// <param name="Bodies">Sound bodies to start from; at least one.</param>
/// <param name="Read">Reads a body and uses what it gives. True when it was sound; false when it was refused as documented.</param>
public sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Bodies, Func<byte[], bool> Read);
