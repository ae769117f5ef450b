using Apm.TestKit;

namespace Apm.Wire.Tests;

/// <summary>Compares long pictures with files beside the tests.</summary>
static class Approved
{
    /// <summary>
    /// Fails when <paramref name="actual"/> is not what <c>tests/Wire.Tests/NAME.txt</c> holds. With APM_APPROVE=1 in the
    /// environment the file is written instead; read its difference before committing it.
    /// </summary>
    public static void Equal(string name, string actual)
    {
        var path = Path.Combine(Fixtures.RepoRoot, "tests", "Wire.Tests", name + ".txt");
        if (Environment.GetEnvironmentVariable("APM_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual + "\n");
        }
        Assert.True(File.Exists(path), $"{path} is not there; run once with APM_APPROVE=1 to write it.");
        Assert.Equal(File.ReadAllText(path).TrimEnd('\n'), actual);
    }
}
