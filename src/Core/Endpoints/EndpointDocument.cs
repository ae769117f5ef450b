namespace Apm.Core.Endpoints;

/// <summary>What was learnt of a service's paths, as it is kept (docs/formats/endpoint-templates.md).</summary>
sealed record EndpointDocument
{
    public required string Service { get; init; }
    public IReadOnlyList<FoldedPlace> Folds { get; init; } = [];
    public IReadOnlyList<KeptTemplate> Templates { get; init; } = [];
    public IReadOnlyList<TemplateOverride> Overrides { get; init; } = [];
    public IReadOnlyList<string> FoldedLater { get; init; } = [];
}

/// <summary>One template as it is kept.</summary>
/// <param name="Name">The resource.</param>
/// <param name="Rules">Why.</param>
/// <param name="Examples">Some raw names.</param>
/// <param name="Registers">The <see cref="DistinctCount"/>, base64.</param>
sealed record KeptTemplate(string Name, IReadOnlyList<PathRule> Rules, IReadOnlyList<string> Examples, string Registers);
