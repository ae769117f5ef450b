using System.Text.RegularExpressions;

namespace Apm.Architecture.Tests;

/// <summary>Habits that a reviewer would otherwise have to ask for. Each complaint names the cure.</summary>
public partial class HabitsTests
{
    [Fact]
    public void Time_comes_in_through_a_TimeProvider()
    {
        var guilty = Repo.Sources("src").Where(file => !file.Contains("StartupHook", StringComparison.Ordinal))
            .Where(file => Clocks().IsMatch(File.ReadAllText(file))).Select(Relative);

        Assert.True(!guilty.Any(), $"DateTime.UtcNow and the like are banned here; take a TimeProvider: {string.Join(", ", guilty)}");
    }

    [Fact]
    public void No_test_sleeps()
    {
        var guilty = Repo.Sources("tests").Where(file => !file.EndsWith("HabitsTests.cs", StringComparison.Ordinal))
            .Where(file => !file.Contains("/Benchmarks/", StringComparison.Ordinal) && !file.Contains("/Endurance/", StringComparison.Ordinal)) // They measure time, and so must let it pass.
            .Where(file => !file.EndsWith("/SlowLine.cs", StringComparison.Ordinal)) // Bytes wait in it, no test does.
            .Where(file => Sleeps().IsMatch(File.ReadAllText(file))).Select(Relative);

        Assert.True(!guilty.Any(), $"Wait for a condition, not for time: {string.Join(", ", guilty)}");
    }

    [Fact]
    public void No_test_is_skipped()
    {
        var guilty = Repo.Sources("tests").Where(file => Skips().IsMatch(File.ReadAllText(file))).Select(Relative);

        Assert.True(!guilty.Any(), $"A test that does not run proves nothing; make it run or remove it: {string.Join(", ", guilty)}");
    }

    static string Relative(string file) => Path.GetRelativePath(Repo.Root, file);

    [GeneratedRegex(@"\bDateTime(Offset)?\.(Utc)?Now\b|\bStopwatch\.StartNew\b")]
    private static partial Regex Clocks();

    [GeneratedRegex(@"\bThread\.Sleep\(|\bTask\.Delay\((?!.*condition)")]
    private static partial Regex Sleeps();

    [GeneratedRegex(@"\[(Fact|Theory)\(Skip")]
    private static partial Regex Skips();
}
