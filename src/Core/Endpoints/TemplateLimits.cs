namespace Apm.Core.Endpoints;

/// <summary>What bounds the learning of endpoint names. A path that meets a limit gets a placeholder, which the list of templates tells.</summary>
public static class TemplateLimits
{
    /// <summary>
    /// Different rare segments at one place from which on they are values of a parameter; default 16. In the first place of a path
    /// 40, in the second 24, because many routes begin differently; <c>api</c> and versions do not count as places.
    /// </summary>
    public const int MaxRareChildren = 16;

    /// <summary>As <see cref="MaxRareChildren"/>, in the first place of a path.</summary>
    public const int MaxRareChildrenFirst = 40;

    /// <summary>As <see cref="MaxRareChildren"/>, in the second place of a path.</summary>
    public const int MaxRareChildrenSecond = 24;

    /// <summary>As <see cref="MaxRareChildren"/>, where other segments are values by their look already; default 4.</summary>
    public const int MaxRareBesideValues = 4;

    /// <summary>Different segments at one place, however often they are called; default 100. Beyond it only those stay that have a twentieth of the calls.</summary>
    public const int MaxChildren = 100;

    /// <summary>Words that stay beside the placeholder of their place; default 40.</summary>
    public const int MaxKeptChildren = 40;

    /// <summary>Segments of a path that are looked at; default 12. What follows becomes <c>{rest}</c>.</summary>
    public const int MaxSegments = 12;

    /// <summary>Places learnt of one service; default 10,000. What would be more is a placeholder.</summary>
    public const int MaxNodesPerService = 10_000;

    /// <summary>Places learnt of all services; default 100,000, about 30 MB. What would be more is a placeholder.</summary>
    public const int MaxNodes = 100_000;

    /// <summary>Services whose paths are learnt; default 500. Of others, only what shows by its look becomes a placeholder.</summary>
    public const int MaxServices = 500;

    /// <summary>Raw names whose template is remembered; default 65,536, about 20 MB. When full all are forgotten and worked out again, to the same result.</summary>
    public const int MaxMemo = 65_536;

    /// <summary>Templates of one service that are listed with their examples; default 500. Names beyond it are made all the same, and counted in <c>endpoint_templates_over_limit</c>.</summary>
    public const int MaxListedPerService = 500;

    /// <summary>
    /// Names of one service that were given out, whose numbers count under the template should their place be folded later; default 2,000,
    /// about 0.5 MB. What is beyond it stays by its name, and is counted in <c>endpoint_names_over_limit</c>.
    /// </summary>
    public const int MaxGivenPerService = 2_000;

    /// <summary>Examples kept of one template; default 10.</summary>
    public const int MaxExamples = 10;

    /// <summary>Longest example in characters; default 300. A longer one is cut.</summary>
    public const int MaxExampleChars = 300;

    /// <summary>Rules of one service that people made; default 200. One more is refused.</summary>
    public const int MaxOverridesPerService = 200;

    /// <summary>Calls from which on a segment is no rarity.</summary>
    internal const int OftenVisits = 3;
}
