namespace Apm.EndToEnd.Tests.Browser;

/// <summary>The browser that is on this machine; none is downloaded.</summary>
static class SystemChromium
{
    /// <summary>APM_CHROMIUM, else chromium or google-chrome on PATH.</summary>
    public static string Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        var candidates = new[] { Environment.GetEnvironmentVariable("APM_CHROMIUM") ?? "" }
            .Concat(new[] { "chromium", "chromium-browser", "google-chrome", "google-chrome-stable" }.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))));
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("The browser tests need Chromium: apt-get install chromium, or set APM_CHROMIUM to its path.");
    }
}
