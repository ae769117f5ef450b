using System.Xml.Linq;

namespace Apm.Architecture.Tests;

public class ProjectReferencesTests
{
    [Theory]
    [InlineData("Core", "")]
    [InlineData("Wire", "Core")]
    [InlineData("Tracer", "")]
    [InlineData("Tracer/StartupHook", "")]
    [InlineData("Storage", "Core")]
    [InlineData("Query", "Core")]
    [InlineData("Doctor", "Core")]
    [InlineData("Monitors", "Core Query")]
    [InlineData("TraceAgent", "Core Doctor Monitors Query Storage Wire")]
    [InlineData("ApmUi", "Core Monitors Query")]
    public void A_project_references_only_what_the_map_allows(string project, string allowed)
    {
        var file = Repo.File($"src/{project}/{Path.GetFileName(project)}.csproj");
        var referenced = XDocument.Load(file).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

        Assert.Empty(referenced.Except(allowed.Split(' ')));
    }

    [Fact]
    public void Every_project_under_src_has_its_place_on_the_map()
    {
        var known = new[] { "ApmUi", "Cli", "Core", "Doctor", "Monitors", "Query", "StartupHook", "Storage", "TraceAgent", "Tracer", "Wire" };

        var found = Repo.Sources("src", "*.csproj").Select(Path.GetFileNameWithoutExtension).Order();

        Assert.Equal(known, found);
    }

    [Fact]
    public void Nobody_references_the_command_line()
    {
        var guilty = Repo.Sources("src", "*.csproj").Where(file => File.ReadAllText(file).Contains("Cli.csproj", StringComparison.Ordinal));

        Assert.Empty(guilty);
    }

    [Fact]
    public void Only_the_command_line_names_a_concrete_store()
    {
        var guilty = new[] { "src/TraceAgent", "src/Query", "src/Doctor", "src/Monitors", "src/ApmUi", "src/Core", "src/Wire" }
            .SelectMany(folder => Repo.Sources(folder))
            .Where(file => File.ReadLines(file).Any(line => line.StartsWith("using Apm.Storage", StringComparison.Ordinal)));

        Assert.Empty(guilty);
    }

    [Fact]
    public void The_start_up_hook_stands_on_no_package()
    {
        var packages = XDocument.Load(Repo.File("src/Tracer/StartupHook/StartupHook.csproj")).Descendants("PackageReference");

        Assert.Empty(packages);
    }
}
