using Apm.Cli.Host;
using Apm.TestKit;

namespace Apm.Cli.Tests.Host;

public sealed class SettingsWatchTests : IDisposable
{
    readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("settings-watch").FullName, "apm.yaml");
    readonly SteppedClock _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    readonly List<string> _taken = [];
    readonly List<string> _told = [];

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Fact]
    public void Tags_count_when_the_file_changes_and_others_are_said_to_count_later()
    {
        File.WriteAllText(_file, "tags:\n  - name:logan\n");
        using var watch = Watch();
        Look("");
        Assert.Empty(_taken);

        Look("tags:\n  - name:logan\n  - role:db\n");
        Assert.Equal(["name:logan,role:db"], _taken);
        Assert.Empty(_told);

        Look("tags:\n  - role:db\nhostname: other\n");
        Assert.Equal("role:db", _taken[^1]);
        Assert.Equal([$"{_file} has changed: hostname counts from the next start on; tags count now."], _told);
    }

    [Fact]
    public void A_file_with_errors_changes_nothing_and_is_told()
    {
        File.WriteAllText(_file, "tags: [a:b]\n");
        using var watch = Watch();

        Look("tags: [c:d]\nmemory:\n  max_bytes: lots\n");
        Assert.Empty(_taken);
        Assert.StartsWith($"{_file} has changed and has errors; what was read before stays in force. ", Assert.Single(_told), StringComparison.Ordinal);

        Look("tags: [c:d]\n");
        Assert.Equal(["c:d"], _taken);
    }

    SettingsWatch Watch() => new(_file, _ => null, _clock, (tags, _) => _taken.Add(string.Join(',', tags)), _told.Add);

    /// <summary>Writes the file, unless there is nothing to write, and lets the watch look.</summary>
    void Look(string text)
    {
        if (text.Length > 0) File.WriteAllText(_file, text);
        _clock.Advance(SettingsWatch.Period);
    }
}
