using Apm.Core.Counting;
using Apm.Core.Hosts;
using Apm.TestKit;

namespace Apm.Core.Tests.Hosts;

public sealed class HostCatalogueTests : IDisposable
{
    readonly MemoryDocuments _documents = new();

    public void Dispose() => _documents.Dispose();
    readonly Counters _counters = new();

    HostCatalogue Open() => new(_documents, _counters);

    static HostReport Report(string host, IReadOnlyList<string>? aliases = null, IReadOnlyList<string>? apps = null, HostFacts? facts = null, params (string Source, string[] Tags)[] tags) =>
        new(host, aliases ?? [], tags.ToDictionary(pair => pair.Source, pair => (IReadOnlyList<string>)pair.Tags), apps ?? [], facts);

    [Fact]
    public void A_host_is_found_in_whatever_case_and_by_its_aliases()
    {
        var hosts = Open();
        hosts.Saw(Report("Box-1", aliases: ["i-123"]), 100);
        hosts.Saw("box-1", 200, "mysql");
        hosts.Saw("I-123", 300);

        var host = Assert.Single(hosts.All());
        Assert.Equal(("Box-1", 100, 300, "mysql"), (host.Name, host.FirstUnixSeconds, host.LastUnixSeconds, string.Join(',', host.Apps)));
        Assert.Same(host, hosts.Find("i-123"));
        Assert.Null(hosts.Find("other"));
    }

    [Fact]
    public void Tags_of_all_sources_count_normalised_and_each_source_keeps_its_own()
    {
        var hosts = Open();
        hosts.Saw(Report("box", tags: ("datadog", ["name:logan", "Applying_For:Solutions_Engineer", "  "])), 100);
        Assert.Equal(["env:dev"], hosts.SetTags("box", "", ["env: dev", "env:dev"]) is { } set ? set.Where(tag => tag == "env:dev") : []);
        Assert.Equal(["env:_dev", "env:dev", "team:x"], hosts.AddTags("BOX", "users", ["team:x"]));
        hosts.Saw(Report("box", tags: ("datadog", ["name:logan"])), 200);

        Assert.Equal(["env:_dev", "env:dev", "name:logan", "team:x"], hosts.TagsOf("box"));
        Assert.True(hosts.RemoveTags("box", "users"));
        Assert.Equal(["name:logan"], hosts.TagsOf("box"));
        Assert.False(hosts.RemoveTags("nobody", null));
        Assert.Empty(hosts.TagsOf("nobody"));
    }

    [Fact]
    public void What_somebody_decided_is_kept_at_once_and_what_was_seen_by_Save()
    {
        var hosts = Open();
        hosts.SetTags("decided", "users", ["a:b"]);
        hosts.Mute("muted", null, "quiet", 100);
        hosts.Saw("seen", 100);

        Assert.Equal("decided muted", string.Join(' ', Open().All().Select(host => host.Name)));
        hosts.Save();
        var again = Open();
        Assert.Equal("decided muted seen", string.Join(' ', again.All().Select(host => host.Name)));
        Assert.Equal(3, again.All().Select(host => host.Id).Distinct().Count());
        Assert.Equal(["a:b"], again.TagsOf("decided"));
    }

    [Fact]
    public void Muting_ends_by_itself_or_by_somebody()
    {
        var hosts = Open();
        var muted = hosts.Mute("box", 200, "quiet", 100)!;

        Assert.True(muted.IsMutedAt(199));
        Assert.False(muted.IsMutedAt(200));
        Assert.Null(hosts.Unmute("box", 200));
        Assert.Equal(muted.Mute!.Id, hosts.Unmute("box", 150)!.Id);
        Assert.False(hosts.Find("box")!.IsMutedAt(150));
        Assert.True(hosts.Mute("box", null, "", 150)!.Mute!.Id > muted.Mute.Id);
    }

    [Fact]
    public void There_is_room_for_so_many_and_the_one_silent_for_longest_goes_unless_somebody_tagged_it()
    {
        var hosts = Open();
        hosts.SetTags("tagged", "users", ["a:b"]);
        for (var i = 1; i < HostCatalogue.MaxHosts; i++) hosts.Saw($"h{i}", 1_000 + i);
        hosts.Save();
        hosts.Saw("new", 9_000);
        hosts.Save();

        Assert.Equal(HostCatalogue.MaxHosts, hosts.All().Count);
        Assert.Null(hosts.Find("h1"));
        Assert.NotNull(hosts.Find("tagged"));
        Assert.NotNull(hosts.Find("new"));
        Assert.Equal(1, _counters.Read("hosts_forgotten"));
        Assert.Null(Open().Find("h1"));
    }

    [Fact]
    public void Names_and_tags_have_limits_that_are_counted()
    {
        var hosts = Open();
        hosts.Saw(new string('x', HostCatalogue.MaxNameChars + 1), 5);
        hosts.Saw("", 5);
        hosts.SetTags("box", "users", [.. Enumerable.Range(0, HostCatalogue.MaxTagsOfSource + 3).Select(i => $"t{i}")]);
        for (var i = 0; i <= HostCatalogue.MaxSources; i++) hosts.SetTags("box", $"s{i}", ["a:b"]);
        hosts.Saw(Report("box", facts: new HostFacts { Machine = "x86_64", Gohai = new string('g', HostCatalogue.MaxGohaiChars + 1) }), 5);

        var host = Assert.Single(hosts.All());
        Assert.Equal(1, _counters.Read("hosts_refused", "name_too_long"));
        Assert.Equal((HostCatalogue.MaxTagsOfSource, HostCatalogue.MaxSources), (host.TagsBySource["users"].Count, host.TagsBySource.Count));
        Assert.Equal(3 + 2, _counters.Read("host_tags_over_limit"));
        Assert.Equal(("x86_64", ""), (host.Facts.Machine, host.Facts.Gohai));
    }
}
