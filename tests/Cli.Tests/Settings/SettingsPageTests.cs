using System.Text.RegularExpressions;
using Apm.Cli.Host;
using Apm.Cli.Settings;
using Apm.TestKit;

namespace Apm.Cli.Tests.Settings;

/// <summary>docs/settings.md and docs/limits.md against the settings there are.</summary>
public partial class SettingsPageTests
{
    /// <summary>Limits that a part lets its embedder change and the settings file does not, because a wrong value would only do harm.</summary>
    static readonly string[] NotForUsers =
    [
        "PayloadLogSettings.", "LiteDatabaseSettings.", "ApmTracingOptions.", "HookSettings.", "PropagationSettings.", "TraceStoreSettings.MaxSliceBytes", "TraceStoreSettings.SliceDuration",
        "TraceStoreSettings.MaxBlockSpans", "TraceStoreSettings.MaxWait", "TraceStoreSettings.BlockSpans", "TraceStoreSettings.BlockTextBytes", "TraceStoreSettings.MaxBytes", "StatsStoreSettings.MaxBytes",
        "TraceStoreSettings.SlicesOfBudget", "AgentSettings.SlowGrace", "DiskGuardSettings.", "StorageBudget.", "LedgerSettings.",
    ];

    [Fact]
    public void The_page_has_a_row_for_each_setting()
    {
        var page = File.ReadAllText(Path.Combine(Fixtures.RepoRoot, "docs", "settings.md"));

        var missing = SettingsCatalogue.All.Select(Row).Where(row => !page.Contains(row, StringComparison.Ordinal)).ToList();

        Assert.True(missing.Count == 0, $"docs/settings.md lacks these rows; put them in:\n{string.Join('\n', missing)}");
    }

    [Fact]
    public void Every_limit_that_is_marked_as_a_setting_can_be_set()
    {
        var settable = SettingsCatalogue.All.SelectMany(setting => setting.Limits).ToHashSet();
        var marked = File.ReadLines(Path.Combine(Fixtures.RepoRoot, "docs", "limits.md")).Where(line => line.StartsWith('|') && line.Contains(", setting", StringComparison.Ordinal))
            .SelectMany(line => Names().Matches(line).Select(match => match.Groups[1].Value)).Where(name => name.Contains("Settings.", StringComparison.Ordinal)).ToList();

        Assert.Equal([], marked.Where(name => !settable.Contains(name) && !NotForUsers.Any(part => name.StartsWith(part, StringComparison.Ordinal))).ToList());
        Assert.Equal([], settable.Except(marked).ToList());
    }

    static string Row(Setting setting)
    {
        var names = string.Join(" · ", setting.Names.Select(name => $"`{name}`"));
        var value = setting.Print(HostSettings.Default);
        value = setting.Name == "data" ? "`data`" : value.Length == 0 || setting.ReadNode is not null ? "none" : $"`{value}`";
        return $"| {names} | {value} | {setting.Kind.Expected} | {string.Join(", ", setting.Variables.Select(name => $"`{name}`"))} | {setting.Effect} |";
    }

    [GeneratedRegex(@"`([A-Z]\w+\.[A-Z]\w+)`")]
    private static partial Regex Names();
}
