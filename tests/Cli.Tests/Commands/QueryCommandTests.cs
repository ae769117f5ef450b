using Apm.Cli.Commands;

namespace Apm.Cli.Tests.Commands;

public sealed class QueryCommandTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("query").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Scripts_say_how_many_of_their_expectations_hold()
    {
        var right = Write("right.txt", "load gauge every 20s\n    m{host:a}   1 2 3\n\neval from 0s to 1m sum:m{*}\n    {*} 0s=1 20s=2 40s=3\n");
        var wrong = Write("wrong.txt", "load gauge every 20s\n    m{host:a}   1 2 3\n\neval from 0s to 1m sum:m{*}\n    {*} 0s=1 20s=2 40s=4\n");

        Assert.Equal((0, $"{right}: 1 of 1 queries give what is expected\n", ""), Run(right));
        var (code, output, _) = Run(right, wrong);
        Assert.Equal(1, code);
        Assert.Contains($"{wrong}, line 4: sum:m{{*}}", output, StringComparison.Ordinal);
        Assert.Contains("{*} 0s=1 20s=2 40s=3", output, StringComparison.Ordinal);
        Assert.EndsWith($"{wrong}: 0 of 1 queries give what is expected\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_script_is_said_with_its_line()
    {
        var bad = Write("bad.txt", "# a comment\nevaluate everything\n");
        var (code, _, errors) = Run(bad, Path.Combine(_folder, "missing.txt"));

        Assert.Equal(2, code);
        Assert.Contains($"apm: {bad}: Line 2: ", errors, StringComparison.Ordinal);
        Assert.Contains("missing.txt", errors, StringComparison.Ordinal);
    }

    string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    static (int Code, string Output, string Errors) Run(params string[] files)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = QueryCommand.Run(files, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
