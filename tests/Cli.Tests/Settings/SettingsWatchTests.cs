using Apm.Cli.Settings;

namespace Apm.Cli.Tests.Settings;

/// <summary>A settings file that is edited while all runs.</summary>
public sealed class SettingsWatchTests : IDisposable
{
    readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("apm-settings-").FullName, "datadog.yaml");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    SettingsResult Read() => SettingsReader.Read(new Dictionary<string, string>(), _ => null, SettingsReader.FindFile(_path, _ => null));

    [Fact]
    public void Tags_are_taken_from_the_file_as_it_is_now_and_a_broken_one_changes_nothing_but_its_complaints()
    {
        File.WriteAllText(_path, "tags:\n  - name:logan\n");
        var watch = new SettingsWatch(_path, Read().Settings.Checks, Read);
        Assert.Null(watch.Again());

        File.WriteAllText(_path, "tags:\n  - name:logan\n  - team:web\n");
        Assert.Equal(["name:logan", "team:web"], watch.Again()!.Tags);
        Assert.Null(watch.Again());

        File.WriteAllText(_path, "tags:\n  - name:logan\n bad: [\n");
        var broken = watch.Again()!;
        Assert.Equal(["name:logan", "team:web"], broken.Tags);
        Assert.StartsWith("This is not YAML", Assert.Single(broken.Complaints).Sentence, StringComparison.Ordinal);

        File.Delete(_path);
        Assert.Null(watch.Again());

        File.WriteAllText(_path, "tags:\n\t- name:logan\n");
        var tabs = watch.Again()!;
        Assert.Equal(["name:logan"], tabs.Tags);
        Assert.StartsWith("A tab indents this line", Assert.Single(tabs.Complaints).Sentence, StringComparison.Ordinal);
    }
}
