using System.Text.Json.Nodes;

namespace Apm.Cli.Definitions;

/// <summary>An object as the product has it.</summary>
/// <param name="Json">In the normal form of its kind.</param>
sealed record Existing(string Id, JsonObject Json);

/// <summary>A kind of object: how it is recognised, found again, compared, and by which calls it is made and changed.</summary>
/// <remarks>
/// The normal form holds what a person decides, and each member that was left out with its default. What the product gives (ids, authors,
/// times, states) is not in it. So two that mean the same are equal, and what does not stand in a file has its default afterwards.
/// </remarks>
abstract class DefinitionKind
{
    /// <summary>Such as <c>monitor</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Such as <c>monitors</c>.</summary>
    public virtual string Plural => Name + "s";

    /// <summary>Where new ones are posted.</summary>
    public abstract string Path { get; }

    public virtual HttpMethod ChangeMethod => HttpMethod.Put;

    /// <summary>Whether an object of a file is of this kind.</summary>
    public abstract bool Is(JsonObject json);

    /// <summary>The id that a file gives; null for none.</summary>
    public virtual string? IdOf(JsonObject json) => json["id"] is JsonValue id ? id.ToString() : null;

    /// <summary>Whether an object with the id that a file gives is the one that the file means, and not another's of the same number elsewhere.</summary>
    public virtual bool IsMeant(JsonObject json, Existing existing) => true;

    /// <summary>What it is called, and found again by when its id is not known; "" when it has no name.</summary>
    /// <param name="json">In the normal form.</param>
    public abstract string NameOf(JsonObject json);

    /// <summary>How a line calls it.</summary>
    public virtual string TitleOf(JsonObject json) => NameOf(json);

    /// <summary>After what its file is named.</summary>
    public virtual string FileTitleOf(JsonObject json) => NameOf(json);

    /// <summary>The normal form.</summary>
    /// <exception cref="DefinitionException">It is in a form that is not taken; the message says what to do.</exception>
    public abstract JsonObject Normal(JsonObject json);

    /// <summary>What is compared: the normal form without differences that mean nothing.</summary>
    public virtual JsonObject Comparable(JsonObject normal) => normal;

    /// <summary>All that there are.</summary>
    public abstract Task<IReadOnlyList<Existing>> List(ApiAccess api, CancellationToken cancel);

    /// <summary>One of the list in full.</summary>
    public virtual Task<Existing> Whole(ApiAccess api, Existing listed, CancellationToken cancel) => Task.FromResult(listed);

    /// <summary>The body of a call that makes or changes one.</summary>
    /// <param name="existing">Null when it is made.</param>
    public virtual JsonObject Body(JsonObject normal, Existing? existing) => (JsonObject)normal.DeepClone();

    /// <summary>The id in an answer.</summary>
    public virtual string IdIn(JsonNode answer) => answer["id"]!.ToString();

    /// <summary>Where a call is tried out that makes one; null when there is none such.</summary>
    public virtual string? TryPath => null;

    /// <summary>As it is written into a file.</summary>
    public virtual JsonObject ForFile(Existing existing)
    {
        var json = new JsonObject { ["id"] = long.TryParse(existing.Id, out var number) ? number : existing.Id };
        foreach (var (name, value) in existing.Json) json[name] = value?.DeepClone();
        return json;
    }

    /// <summary>After which others it comes, because it may name them.</summary>
    public abstract int Order(JsonObject normal);

    /// <summary>Puts other ids in the place of those that it names.</summary>
    /// <param name="idOf">The id here of an object of a kind that a file calls by another; null when it is the same.</param>
    public virtual void Rewire(JsonObject normal, Func<string, string, string?> idOf)
    {
    }

    /// <summary>A copy of some members; those that are not there with what stands in their place.</summary>
    protected static JsonObject Take(JsonObject json, params ReadOnlySpan<(string Name, JsonNode? Otherwise)> members)
    {
        var taken = new JsonObject();
        foreach (var (name, otherwise) in members) taken[name] = json[name] is { } value ? value.DeepClone() : otherwise?.DeepClone();
        return taken;
    }

    protected static string Text(JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}

/// <summary>The kinds that there are.</summary>
static class DefinitionKinds
{
    public static IReadOnlyList<DefinitionKind> All { get; } = [new SloDefinition(), new MonitorDefinition(), new DashboardDefinition(), new DowntimeDefinition(), new CorrectionDefinition()];

    public const string Names = "monitor, dashboard, downtime, SLO, correction";

    /// <summary>How each is recognised.</summary>
    public const string Marks = "A monitor has a type and a query, a dashboard widgets and a layout_type, a downtime a scope, an SLO a type and thresholds or a timeframe, a correction a slo_id and a category; or put it into a list named monitors, dashboards, downtimes, slos or corrections.";

    public static DefinitionKind? Of(JsonObject json) => All.FirstOrDefault(kind => kind.Is(json));

    public static DefinitionKind? OfPlural(string word) => All.FirstOrDefault(kind => kind.Plural == word);
}
