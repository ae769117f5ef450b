using System.Globalization;

namespace Apm.Core.Dashboards;

/// <summary>What became of a part of a board that somebody brought.</summary>
public enum ImportOutcome
{
    /// <summary>It is drawn as it is written.</summary>
    Taken,

    /// <summary>It is drawn, but otherwise.</summary>
    Changed,

    /// <summary>It is kept and given back, but nothing is done with it.</summary>
    Ignored,
}

/// <summary>One line of a report.</summary>
/// <param name="Place">Such as <c>widgets[2].requests[0].log_query</c>.</param>
/// <param name="What">What stands there: a widget with its title, or a member.</param>
/// <param name="Sentence">What was done; "" when nothing needs to be said.</param>
public sealed record ImportLine(ImportOutcome Outcome, string Place, string What, string Sentence);

/// <summary>Says line by line what of a board was taken, changed and ignored.</summary>
public static class ImportReport
{
    /// <summary>The lines, in the order of the board; a widget's own lines follow it.</summary>
    public static IReadOnlyList<ImportLine> Of(Dashboard board)
    {
        var lines = new List<ImportLine> { new(ImportOutcome.Taken, "title", board.Title, "") };
        foreach (var (variable, i) in (board.Variables ?? []).Select((variable, i) => (variable, i)))
            lines.Add(new ImportLine(ImportOutcome.Taken, Place("template_variables", i), $"${variable.Name}", IsUsed(board, variable) ? "" : "No query of the board uses it, so choosing a value changes nothing."));
        if (board.IsFree) lines.Add(new ImportLine(ImportOutcome.Changed, "layout_type", "free", "Places are rounded to twelve columns; widgets that would then cover each other move down."));
        if (board.Rest is { } rest)
            foreach (var (name, _) in System.Text.Json.Nodes.JsonNode.Parse(rest)!.AsObject())
                lines.Add(new ImportLine(ImportOutcome.Ignored, name, name, "Kept and given back; nothing is done with it."));
        for (var i = 0; i < board.Widgets.Count; i++) AddWidget(lines, Place(board.Form == BoardForm.Timeboard ? "graphs" : "widgets", i), board.Widgets[i]);
        return lines;
    }

    /// <summary>Whether a query of the board, or of its groups, speaks of a variable.</summary>
    public static bool IsUsed(Dashboard board, TemplateVariable variable) => board.Widgets.Any(widget => widget.Definition.Contains("$" + variable.Name, StringComparison.Ordinal));

    static void AddWidget(List<ImportLine> lines, string place, Widget widget)
    {
        var content = WidgetReader.Read(widget.Definition);
        var what = content.Title.Length > 0 ? $"{content.Type} “{content.Title}”" : content.Type;
        var isDrawn = content.Kind != WidgetKind.Unknown;
        lines.Add(isDrawn
            ? new ImportLine(content.Notes.Any(note => note.IsChanged) ? ImportOutcome.Changed : ImportOutcome.Taken, place, what, "")
            : new ImportLine(ImportOutcome.Ignored, place, what, content.Notes is [var why, ..] ? why.Sentence : ""));
        if (!isDrawn) return;
        lines.AddRange(content.Notes.Select(note => new ImportLine(note.IsChanged ? ImportOutcome.Changed : ImportOutcome.Ignored, $"{place}.{note.Path}", note.Path, note.Sentence)));
        for (var i = 0; i < content.Children.Count; i++) AddWidget(lines, Place($"{place}.widgets", i), content.Children[i]);
    }

    static string Place(string list, int index) => string.Create(CultureInfo.InvariantCulture, $"{list}[{index}]");
}
