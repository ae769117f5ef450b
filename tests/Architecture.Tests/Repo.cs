namespace Apm.Architecture.Tests;

/// <summary>The checkout that the tests run in.</summary>
static class Repo
{
    public static string Root { get; } = FindRoot();

    public static string File(string path) => Path.Combine(Root, path);

    /// <summary>Our own sources below a folder, without what a build makes.</summary>
    public static IEnumerable<string> Sources(string folder, string pattern = "*.cs") =>
        Directory.EnumerateFiles(File(folder), pattern, SearchOption.AllDirectories)
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin" or "node_modules"));

    static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (System.IO.File.Exists(Path.Combine(folder, "Apm.sln"))) return folder;
        throw new DirectoryNotFoundException($"No Apm.sln above {AppContext.BaseDirectory}.");
    }
}
