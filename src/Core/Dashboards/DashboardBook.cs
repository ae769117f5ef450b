using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.Core.Dashboards;

/// <summary>The boards, kept as documents. Every save is a version; an earlier one can be brought back, and so can a deleted board.</summary>
/// <remarks>Thread-safe. What a call changed is on disk when it returns. Calls may throw <see cref="StoreUnavailableException"/>; then nothing was changed.</remarks>
/// <param name="documents">Where they are kept.</param>
/// <param name="clock">Times of making and change.</param>
/// <param name="random">Makes ids.</param>
public sealed class DashboardBook(IDocumentStore documents, TimeProvider clock, Random random)
{
    /// <summary>Most boards; default 1000. A further one is refused with a sentence.</summary>
    public const int MaxBoards = 1_000;

    /// <summary>Most earlier versions of a board; default 50. The oldest goes.</summary>
    public const int MaxVersions = 50;

    /// <summary>Most deleted boards that can be brought back; default 50. The one deleted first goes for good.</summary>
    public const int MaxDeleted = 50;

    /// <summary>Text stays readable: a definition is JSON, never part of a page.</summary>
    static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    const string Boards = "dashboards";
    const string Versions = "dashboard-versions";

    /// <summary>The first board's number; smaller ones look like counts in addresses.</summary>
    const long FirstNumber = 101;

    const string IdLetters = "abcdefghijklmnopqrstuvwxyz23456789";

    readonly Lock _lock = new();
    Dictionary<string, Dashboard>? _boards;

    /// <summary>All boards that are not deleted, by title.</summary>
    public IReadOnlyList<Dashboard> All()
    {
        lock (_lock) return [.. Boards_NeedsLock().Values.Where(board => board.DeletedUnixNanos == 0).OrderBy(board => board.Title, StringComparer.OrdinalIgnoreCase).ThenBy(board => board.Number)];
    }

    /// <summary>The deleted boards that can be brought back, the latest first.</summary>
    public IReadOnlyList<Dashboard> Deleted()
    {
        lock (_lock) return [.. Boards_NeedsLock().Values.Where(board => board.DeletedUnixNanos != 0).OrderByDescending(board => board.DeletedUnixNanos)];
    }

    /// <summary>A board by its id or its number; null when there is none, or it is deleted.</summary>
    public Dashboard? Find(string id)
    {
        lock (_lock) return Find_NeedsLock(id) is { DeletedUnixNanos: 0 } board ? board : null;
    }

    /// <summary>Keeps a new board.</summary>
    /// <param name="draft">Its id, number, times and version are not looked at.</param>
    /// <returns>As it was kept.</returns>
    /// <exception cref="DashboardException">There are too many.</exception>
    public Dashboard Create(Dashboard draft)
    {
        lock (_lock)
        {
            var boards = Boards_NeedsLock();
            CheckRoom_NeedsLock();
            string id;
            do id = NewId_NeedsLock();
            while (boards.ContainsKey(id));
            var now = clock.NowUnixNanos();
            return Keep_NeedsLock(WithWidgetIds_NeedsLock(draft) with
            {
                Id = id,
                Number = boards.Values.Select(board => board.Number).Append(FirstNumber - 1).Max() + 1,
                CreatedUnixNanos = now,
                ModifiedUnixNanos = now,
                Version = 1,
                DeletedUnixNanos = 0,
            });
        }
    }

    /// <summary>Keeps a board's next version; the one before can be brought back.</summary>
    /// <param name="id">Id or number.</param>
    /// <param name="change">Makes the new content of the present one; id, number, form, author and times stay as they are.</param>
    /// <param name="basedOn">The version that whoever changes it saw; null when that does not matter.</param>
    /// <returns>As it was kept; null when there is no such board.</returns>
    /// <exception cref="DashboardException">Somebody else has saved the board since.</exception>
    public Dashboard? Change(string id, Func<Dashboard, Dashboard> change, int? basedOn = null)
    {
        lock (_lock)
        {
            if (Find_NeedsLock(id) is not { DeletedUnixNanos: 0 } before) return null;
            if (basedOn is { } seen && seen != before.Version)
                throw new DashboardException($"Somebody has saved this dashboard since it was opened: it is at version {before.Version}, and this change began at {seen}. Open it again, and change it there.");
            var after = WithWidgetIds_NeedsLock(WithSent(change(before), before)) with
            {
                Id = before.Id, Number = before.Number, Form = before.Form, Author = before.Author,
                CreatedUnixNanos = before.CreatedUnixNanos,
                ModifiedUnixNanos = Math.Max(clock.NowUnixNanos(), before.ModifiedUnixNanos + UnixTime.NanosPerMicrosecond),
                Version = before.Version + 1,
            };
            documents.Store(Versions, VersionId(before.Id, before.Version), before);
            Keep_NeedsLock(after);
            if (before.Version > MaxVersions) documents.Remove(Versions, VersionId(before.Id, before.Version - MaxVersions));
            return after;
        }
    }

    /// <summary>Makes an earlier version the present one, as a save of its own.</summary>
    /// <returns>As it was kept; null when there is no such board or version.</returns>
    public Dashboard? BringBack(string id, int version) =>
        FindVersion(id, version) is { } earlier ? Change(id, _ => earlier) : null;

    /// <summary>The present version and the earlier ones that are kept, the newest first; empty when there is no such board.</summary>
    public IReadOnlyList<Dashboard> VersionsOf(string id)
    {
        if (Find(id) is not { } board) return [];
        var earlier = Enumerable.Range(1, board.Version - 1).Reverse().Take(MaxVersions).Select(version => documents.Find<Dashboard>(Versions, VersionId(board.Id, version)));
        return [board, .. earlier.OfType<Dashboard>()];
    }

    /// <summary>One version of a board; null when it is not kept, or no longer.</summary>
    public Dashboard? FindVersion(string id, int version) =>
        Find(id) is not { } board ? null : board.Version == version ? board : documents.Find<Dashboard>(Versions, VersionId(board.Id, version));

    /// <summary>Deletes a board; it can be brought back for a while.</summary>
    /// <returns>As it was; null when there is no such board.</returns>
    public Dashboard? Delete(string id)
    {
        lock (_lock)
        {
            if (Find_NeedsLock(id) is not { DeletedUnixNanos: 0 } board) return null;
            Keep_NeedsLock(board with { DeletedUnixNanos = clock.NowUnixNanos() });
            foreach (var gone in Deleted().Skip(MaxDeleted)) RemoveForGood_NeedsLock(gone);
            return board;
        }
    }

    /// <summary>Brings a deleted board back; null when there is none such.</summary>
    /// <exception cref="DashboardException">There are too many.</exception>
    public Dashboard? Restore(string id)
    {
        lock (_lock)
        {
            if (Find_NeedsLock(id) is not { DeletedUnixNanos: not 0 } board) return null;
            CheckRoom_NeedsLock();
            return Keep_NeedsLock(board with { DeletedUnixNanos = 0 });
        }
    }

    void CheckRoom_NeedsLock()
    {
        if (Boards_NeedsLock().Values.Count(board => board.DeletedUnixNanos == 0) >= MaxBoards) throw new DashboardException($"There are {MaxBoards} dashboards already, the most that are kept. Delete one first.");
    }

    void RemoveForGood_NeedsLock(Dashboard board)
    {
        documents.Remove(Boards, board.Id);
        Boards_NeedsLock().Remove(board.Id);
        for (var version = Math.Max(1, board.Version - MaxVersions); version < board.Version; version++) documents.Remove(Versions, VersionId(board.Id, version));
    }

    Dashboard Keep_NeedsLock(Dashboard board)
    {
        documents.Store(Boards, board.Id, board);
        return Boards_NeedsLock()[board.Id] = board;
    }

    Dashboard? Find_NeedsLock(string id) =>
        Boards_NeedsLock().GetValueOrDefault(id)
        ?? (long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Boards_NeedsLock().Values.FirstOrDefault(board => board.Number == number) : null);

    Dictionary<string, Dashboard> Boards_NeedsLock() => _boards ??= documents.FindAll<Dashboard>(Boards).ToDictionary(board => board.Id, StringComparer.Ordinal);

    [SuppressMessage("Security", "CA5394", Justification = "An id is a name, no secret.")]
    string NewId_NeedsLock() => string.Join('-', Enumerable.Range(0, 3).Select(_ => new string([.. Enumerable.Range(0, 3).Select(_ => IdLetters[random.Next(IdLetters.Length)])])));

    /// <summary>Widgets without an id, or with one that another has, are given one, those in groups too.</summary>
    Dashboard WithWidgetIds_NeedsLock(Dashboard board)
    {
        var taken = new HashSet<long> { 0 };
        var named = board.Widgets.Select(widget => widget with { Id = FreeId_NeedsLock(widget.Id, taken) }).ToList();
        return board with { Widgets = [.. named.Select(widget => WithIdsOfChildren_NeedsLock(widget, taken))] };
    }

    Widget WithIdsOfChildren_NeedsLock(Widget widget, HashSet<long> taken)
    {
        if (WidgetReader.Read(widget.Definition).Kind != WidgetKind.Group || JsonNode.Parse(widget.Definition) is not JsonObject group) return widget;
        var isChanged = false;
        foreach (var child in (group["widgets"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var before = child["id"] is JsonValue value && value.TryGetValue<long>(out var given) && given > 0 ? given : 0;
            var id = FreeId_NeedsLock(before, taken);
            if (id == before) continue;
            (child["id"], isChanged) = (id, true);
        }
        return isChanged ? widget with { Definition = group.ToJsonString(s_readable) } : widget;
    }

    /// <summary>The id that is wanted, or another when it is taken.</summary>
    [SuppressMessage("Security", "CA5394", Justification = "An id is a name, no secret.")]
    long FreeId_NeedsLock(long wanted, HashSet<long> taken)
    {
        while (!taken.Add(wanted)) wanted = random.NextInt64(1, 1L << 52); // As a script's number holds it.
        return wanted;
    }

    /// <summary>A widget that was not changed still is what an old call sent, and is given back so.</summary>
    static Dashboard WithSent(Dashboard after, Dashboard before)
    {
        var sent = before.Widgets.Where(widget => widget.Sent is not null).ToDictionary(widget => widget.Id);
        if (sent.Count == 0) return after;
        return after with
        {
            Widgets = [.. after.Widgets.Select(widget =>
                widget.Sent is null && sent.TryGetValue(widget.Id, out var old) && (before.Form == BoardForm.Timeboard || old.Layout == widget.Layout) && JsonNode.DeepEquals(JsonNode.Parse(old.Definition), JsonNode.Parse(widget.Definition))
                    ? widget with { Sent = old.Sent } : widget)],
        };
    }

    static string VersionId(string board, int version) => string.Create(CultureInfo.InvariantCulture, $"{board}.{version:000000}");
}
