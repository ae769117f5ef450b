using System.Text.Json.Nodes;

namespace Apm.Cli.Definitions;

/// <summary>Makes the product have what files say: creates, changes, leaves alone, one object after the other, each with a line.</summary>
/// <param name="isDry">Nothing is changed; lines say what would be.</param>
sealed class Applying(ApiAccess api, bool isDry, TextWriter output)
{
    readonly Dictionary<DefinitionKind, List<Existing>> _existing = [];
    readonly Dictionary<(string Kind, string Id), string> _idsHere = [];
    readonly HashSet<(string Kind, string Id)> _notYetMade = [];
    readonly Dictionary<(string Kind, string Key), Definition> _seen = [];
    int _created, _changed, _unchanged, _refused;

    /// <returns>How many were refused.</returns>
    public async Task<int> Run(IReadOnlyList<Definition> definitions, CancellationToken cancel)
    {
        var ordered = new List<(Definition Definition, JsonObject Normal)>();
        foreach (var definition in definitions)
        {
            try
            {
                ordered.Add((definition, definition.Kind.Normal(definition.Json)));
            }
            catch (Exception wrong) when (wrong is DefinitionException or InvalidOperationException or FormatException)
            {
                Refuse(definition, "", wrong.Message, definition.Where);
            }
        }
        // What others name comes before them.
        foreach (var (definition, normal) in ordered.OrderBy(one => one.Definition.Kind.Order(one.Normal))) await Apply(definition, normal, cancel);
        await output.WriteLineAsync($"{(isDry ? "Would be: " : "")}{_created} created, {_changed} changed, {_unchanged} unchanged, {_refused} refused.");
        return _refused;
    }

    async Task Apply(Definition definition, JsonObject normal, CancellationToken cancel)
    {
        var kind = definition.Kind;
        var fileId = kind.IdOf(definition.Json);
        var namesNotYetMade = false;
        kind.Rewire(normal, (of, id) =>
        {
            namesNotYetMade |= _notYetMade.Contains((of, id));
            return _idsHere.GetValueOrDefault((of, id));
        });
        var title = kind.TitleOf(normal);
        try
        {
            var found = await Find(definition, normal, fileId, cancel);
            var key = (kind.Name, found?.Id ?? "new " + kind.NameOf(normal));
            if (!_seen.TryAdd(key, definition)) throw new DefinitionException($"the same {kind.Name} stands in {_seen[key].Where} already. Keep one of them.");
            if (found is not null && fileId is not null && fileId != found.Id) _idsHere[(kind.Name, fileId)] = found.Id;
            if (Masks.Restore(normal, found?.Json) is [var secret, ..]) throw new DefinitionException($"\"{secret}\" holds a secret that was masked when it was exported, and {(found is null ? "there is none here yet" : "another text stands here")}. Put it in.");
            if (found is null) await Create(definition, normal, fileId, title, namesNotYetMade, cancel);
            else await Change(definition, normal, found, title, cancel);
        }
        catch (DefinitionException wrong)
        {
            Refuse(definition, title, wrong.Message, definition.Where);
        }
        catch (ApiRefusedException refused)
        {
            Refuse(definition, title, refused.Message, definition.WhereOf(definition.PlaceIn(refused.Message)));
        }
    }

    async Task<Existing?> Find(Definition definition, JsonObject normal, string? fileId, CancellationToken cancel)
    {
        var kind = definition.Kind;
        if (!_existing.TryGetValue(kind, out var all)) _existing[kind] = all = [.. await kind.List(api, cancel)];
        var found = fileId is null ? null : all.Find(one => one.Id == fileId && kind.IsMeant(definition.Json, one));
        if (found is null)
        {
            var same = all.FindAll(one => kind.NameOf(one.Json) == kind.NameOf(normal));
            if (same.Count > 1) throw new DefinitionException($"there are {same.Count} {kind.Plural} like it here ({string.Join(", ", same.Select(one => one.Id))}). Say by its id which one is meant.");
            found = same.Count == 1 ? same[0] : null;
        }
        return found is null ? null : await kind.Whole(api, found, cancel);
    }

    async Task Create(Definition definition, JsonObject normal, string? fileId, string title, bool namesNotYetMade, CancellationToken cancel)
    {
        var kind = definition.Kind;
        if (isDry)
        {
            if (kind.TryPath is { } path && !namesNotYetMade) await api.Call(HttpMethod.Post, path, kind.Body(normal, null), cancel);
            if (fileId is not null) _notYetMade.Add((kind.Name, fileId));
            _created++;
            Write("created", kind, "", title, definition.Where);
            return;
        }
        var answer = await api.Call(HttpMethod.Post, kind.Path, kind.Body(normal, null), cancel);
        var id = kind.IdIn(answer!);
        if (fileId is not null && fileId != id) _idsHere[(kind.Name, fileId)] = id;
        _created++;
        Write("created", kind, id, title, definition.Where);
    }

    async Task Change(Definition definition, JsonObject normal, Existing found, string title, CancellationToken cancel)
    {
        var kind = definition.Kind;
        var body = kind.Body(normal, found);
        var wanted = (JsonObject)normal.DeepClone();
        // A start that was left out is the one that it has.
        if (kind is DowntimeDefinition && wanted["schedule"] is JsonObject schedule && schedule["recurrences"] is null && schedule["start"] is null) schedule["start"] = found.Json["schedule"]?["start"]?.DeepClone();
        var changes = Differences.Of(kind.Comparable(wanted), kind.Comparable((JsonObject)found.Json.DeepClone()));
        if (changes.Count == 0)
        {
            _unchanged++;
            Write("unchanged", kind, found.Id, title, "");
            return;
        }
        if (!isDry) await api.Call(kind.ChangeMethod, $"{kind.Path}/{found.Id}", body, cancel);
        else if (kind.TryPath is { } path) await api.Call(HttpMethod.Post, path.Replace("/validate", $"/{found.Id}/validate", StringComparison.Ordinal), body, cancel);
        _changed++;
        Write("changed", kind, found.Id, title, Differences.Print(changes));
    }

    void Refuse(Definition definition, string title, string why, string where)
    {
        _refused++;
        var said = why.Length > 0 && char.IsPunctuation(why[^1]) ? why : why + ".";
        output.WriteLine($"{"refused",-10} {definition.Kind.Name,-10} {where}{(title.Length > 0 ? $" \"{title}\"" : "")}: {said}");
    }

    void Write(string what, DefinitionKind kind, string id, string title, string more) => output.WriteLine($"{what,-10} {kind.Name,-10} {(id.Length > 0 ? id + " " : "")}\"{title}\"{(more.Length > 0 ? $" ({more})" : "")}");
}
