namespace Apm.TestKit;

/// <summary>Compares long pictures with files beside the tests.</summary>
public static class ApprovedText
{
    /// <summary>
    /// What the file <c>tests/PROJECT/NAME.txt</c> holds, to be compared with <paramref name="actual"/>. With APM_APPROVE=1 in the
    /// environment the file is written first; read its difference before committing it.
    /// </summary>
    /// <param name="name">Path below <c>tests</c>, without ending.</param>
    public static string Of(string name, string actual)
    {
        var path = Path.Combine(Fixtures.RepoRoot, "tests", name + ".txt");
        if (Environment.GetEnvironmentVariable("APM_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual.TrimEnd('\n') + "\n");
        }
        if (!File.Exists(path)) throw new FileNotFoundException($"{path} is not there; run once with APM_APPROVE=1 to write it, and read it.");
        return File.ReadAllText(path).TrimEnd('\n');
    }
}
