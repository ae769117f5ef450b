using Apm.Monitors.Messages;

namespace Apm.Monitors.Scripts;

/// <summary>An expectation of a script and what came of it.</summary>
/// <param name="At">Where it stands; of what nobody expected, the block that should have.</param>
/// <param name="Expected">As it is written; of what nobody expected, what came.</param>
/// <param name="Problem">What came instead, or is wrong with what came; "" when it holds.</param>
public sealed record MonitorScriptCheck(TextPlace At, string Expected, string Problem)
{
    public bool Holds => Problem.Length == 0;

    public override string ToString() => Holds ? $"line {At.Line}: {Expected}: as expected" : $"line {At.Line}: {Expected}: {Problem}";
}

/// <summary>A line of an <c>expect</c>, with those that say what the notice is like: <c>14m Triggered on host:a</c>.</summary>
sealed record ScriptExpectation(ScriptText Line, long AtUnixSeconds, string Kind, string? Group, string? Monitor, List<ScriptText> Details)
{
    static readonly string[] s_kinds = ["Triggered", "Warn", "No Data", "Unknown", "Recovered", "Re-Triggered", "Re-Warn", "Re-No Data"];
    static readonly string[] s_details = ["says", "not", "title", "to", "value"];

    /// <exception cref="MonitorScriptException">A line is none of an expectation.</exception>
    public static IReadOnlyList<ScriptExpectation> ReadAll(ScriptBlock block, ScriptWorld world)
    {
        var all = new List<ScriptExpectation>();
        foreach (var line in block.Lines)
        {
            if (!s_details.Contains(line.Words[0])) all.Add(Read(line, world));
            else if (all.Count == 0) throw new MonitorScriptException(line.At(0), $"\"{line.Text.Trim()}\" belongs to an expected notice above it, and there is none.");
            else if (line.Words.Length < 2 || (line.Words[0] == "not" && (line.Words.Length < 3 || line.Words[1] != "says"))) throw new MonitorScriptException(line.At(1), "Here a text is missing. Write: says TEXT, not says TEXT, title TEXT, to ADDRESS, to nobody, value NUMBER.");
            else all[^1].Details.Add(line);
        }
        return all;
    }

    static ScriptExpectation Read(ScriptText line, ScriptWorld world)
    {
        var at = world.TimeOf(line.At(0), line.Words[0]);
        var rest = line.After(1);
        var kind = s_kinds.Where(known => rest.StartsWith(known, StringComparison.OrdinalIgnoreCase)).MaxBy(known => known.Length)
            ?? throw new MonitorScriptException(line.At(1), $"\"{rest}\" begins with nothing that is told. There are: {string.Join(", ", s_kinds)}.");
        var words = rest[kind.Length..].Trim();
        string? group = null, monitor = null;
        if (words.StartsWith("on ", StringComparison.Ordinal))
        {
            var end = words.IndexOf(" of ", StringComparison.Ordinal);
            group = (end < 0 ? words[3..] : words[3..end]).Trim();
            words = end < 0 ? "" : words[(end + 1)..];
        }
        if (words.StartsWith("of ", StringComparison.Ordinal)) (monitor, words) = (words[3..].Trim(), "");
        return words.Length == 0 ? new ScriptExpectation(line, at, kind, group, monitor, [])
            : throw new MonitorScriptException(new TextPlace(line.Line, line.Text.LastIndexOf(words, StringComparison.Ordinal) + 1), $"\"{words}\" is not understood. Behind what is told comes: on GROUP, of MONITOR.");
    }

    /// <summary>Sets what was expected against what came.</summary>
    public static IEnumerable<MonitorScriptCheck> Compare(ScriptBlock block, IReadOnlyList<ScriptExpectation> expected, IReadOnlyList<ScriptNotice> came, ScriptWorld world)
    {
        var left = came.ToList();
        foreach (var one in expected)
        {
            var found = left.Find(one.IsMeant);
            if (found is not null) left.Remove(found);
            yield return new MonitorScriptCheck(one.Line.At(0), one.Line.Text.Trim(), found is null ? one.Instead(came, world) : string.Join("; ", one.Details.Select(detail => WrongWith(detail, found)).Where(wrong => wrong.Length > 0)));
        }
        foreach (var other in left) yield return new MonitorScriptCheck(block.At(0), Describe(other, world), "came, and nobody expected it");
        if (expected.Count == 0 && left.Count == 0) yield return new MonitorScriptCheck(block.At(0), "nothing is told", "");
    }

    bool IsMeant(ScriptNotice notice) => notice.AtUnixSeconds == AtUnixSeconds && notice.Kind.Equals(Kind, StringComparison.OrdinalIgnoreCase) && IsOfGroup(notice);

    bool IsOfGroup(ScriptNotice notice) => (Group is null || notice.Transition.Group == Group) && (Monitor is null || notice.Transition.Rule.Name == Monitor);

    string Instead(IReadOnlyList<ScriptNotice> came, ScriptWorld world)
    {
        var then = came.Where(notice => notice.AtUnixSeconds == AtUnixSeconds && IsOfGroup(notice)).ToList();
        if (then.Count > 0) return $"instead came {string.Join(" and ", then.Select(notice => Describe(notice, world)))}";
        var nearest = came.Where(notice => notice.Kind.Equals(Kind, StringComparison.OrdinalIgnoreCase) && IsOfGroup(notice)).MinBy(notice => Math.Abs(notice.AtUnixSeconds - AtUnixSeconds));
        return nearest is null ? "nothing came" : $"nothing came then; the nearest is {Describe(nearest, world)}";
    }

    static string Describe(ScriptNotice notice, ScriptWorld world) =>
        $"{world.Print(notice.AtUnixSeconds)} {notice.Kind}{(notice.Transition.GroupTags.Count > 0 ? $" on {notice.Transition.Group}" : "")}{(world.HasSeveralMonitors ? $" of {notice.Transition.Rule.Name}" : "")}{(notice.Transition.Value is { } value ? $" (value {ValueText.Of(value)})" : "")}";

    static string WrongWith(ScriptText detail, ScriptNotice notice)
    {
        var said = string.Join("\n", [notice.Text.PlainMessage().Trim(), .. notice.Text.Facts().Select(MarkdownText.ToPlain)]);
        var told = string.Join(", ", notice.Text.Mentioned().Select(mention => mention.Handle.TrimStart('@')));
        var wanted = detail.After(1);
        switch (detail.Words[0])
        {
            case "says": return said.Contains(wanted, StringComparison.Ordinal) ? "" : $"it does not say \"{wanted}\", but: {said.ReplaceLineEndings(" / ")}";
            case "not": return !said.Contains(detail.After(2), StringComparison.Ordinal) ? "" : $"it says \"{detail.After(2)}\": {said.ReplaceLineEndings(" / ")}";
            case "title": return notice.Text.Title == wanted ? "" : $"its title is \"{notice.Text.Title}\"";
            case "value":
                var value = notice.Transition.Value is { } number ? ValueText.Of(number) : "none";
                return value == wanted || (double.TryParse(wanted, System.Globalization.CultureInfo.InvariantCulture, out var expected) && notice.Transition.Value is { } real && ValueText.Of(expected) == ValueText.Of(real)) ? "" : $"its value is {value}";
            default:
                var isTold = wanted == "nobody" ? told.Length == 0 : told.Split(", ").Contains(wanted.TrimStart('@'), StringComparer.OrdinalIgnoreCase);
                return isTold ? "" : $"it goes to {(told.Length > 0 ? told : "nobody")}";
        }
    }
}
