using System.Text.RegularExpressions;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.BuiltIn;
using YamlDotNet.Serialization;

namespace Apm.Cli.Tests.Checks;

public partial class ExampleFilesTests
{
    public static TheoryData<string> Names => [.. BuiltInChecks.All(TimeProvider.System).Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_example_that_is_shipped_works_as_it_is(string name)
    {
        foreach (var settings in Instances(Text(name))) await using (Kind(name).Create(settings)) Assert.NotEmpty(settings.Instance);
    }

    /// <summary>So a key of the example that the check would refuse, or that is indented wrongly, is found here and not by a user.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_key_of_the_example_may_be_switched_on(string name)
    {
        var all = CommentedKeys().Replace(Text(name), "$1$2");
        Assert.True(all.Split('\n').Count(line => line.TrimStart().StartsWith('#')) < Text(name).Split('\n').Count(line => line.TrimStart().StartsWith('#')));

        foreach (var settings in Instances(WithoutFiles().Replace(all, ""))) await using (Kind(name).Create(settings)) Assert.True(settings.Instance.Count > 3);
    }

    static ICheckKind Kind(string name) => BuiltInChecks.All(TimeProvider.System).Single(kind => kind.Name == name);

    static string Text(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "conf.d", $"{name}.d", "conf.yaml.example"));

    static IEnumerable<CheckSettings> Instances(string text)
    {
        var file = (IReadOnlyDictionary<string, object?>)Plain(new DeserializerBuilder().Build().Deserialize<object?>(text))!;
        var init = file["init_config"] as IReadOnlyDictionary<string, object?> ?? new Dictionary<string, object?>();
        return ((IReadOnlyList<object?>)file["instances"]!).Select(instance => new CheckSettings(init, (IReadOnlyDictionary<string, object?>)instance!, "box-1"));
    }

    static object? Plain(object? value) => value switch
    {
        IDictionary<object, object?> map => map.ToDictionary(pair => (string)pair.Key, pair => Plain(pair.Value)),
        IList<object?> list => list.Select(Plain).ToList(),
        _ => value,
    };

    /// <summary>Lines such as <c>    # timeout: 10</c> and those of lists below them; not sentences.</summary>
    [GeneratedRegex(@"^( +)# ( *(?:- |[a-z_]+:).*)$", RegexOptions.Multiline)]
    private static partial Regex CommentedKeys();

    /// <summary>Certificates that this machine does not have.</summary>
    [GeneratedRegex(@"^ +(tls_ca_cert|tls_cert|tls_private_key):.*\n", RegexOptions.Multiline)]
    private static partial Regex WithoutFiles();
}
