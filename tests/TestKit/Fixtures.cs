namespace Apm.TestKit;

/// <summary>Files that the tests share: the repository's own, and payloads recorded from real clients.</summary>
public static class Fixtures
{
    /// <summary>The repository's root: the nearest folder above the test that holds Apm.sln.</summary>
    public static string RepoRoot { get; } = FindRoot();

    /// <summary>Bytes of a recorded payload, such as <c>node-zipkin/001.bin</c>.</summary>
    public static byte[] Bytes(string name) => File.ReadAllBytes(PathOf(name));

    /// <summary>Full path of a recorded payload or folder; fails with the place it looked at when it is not there.</summary>
    public static string PathOf(string name)
    {
        var path = Path.Combine(RepoRoot, "..", "shared", "fixtures", name);
        if (!File.Exists(path) && !Directory.Exists(path))
            throw new FileNotFoundException($"The recorded payloads are expected beside the repository, in ../shared/fixtures; {path} is not there.");
        return path;
    }

    static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Apm.sln"))) return folder;
        throw new DirectoryNotFoundException($"No Apm.sln above {AppContext.BaseDirectory}; run the tests from a checkout.");
    }
}
