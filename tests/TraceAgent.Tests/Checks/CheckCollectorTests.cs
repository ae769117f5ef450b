using Apm.TraceAgent.Checks;

namespace Apm.TraceAgent.Tests.Checks;

public sealed class CheckCollectorTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("collect").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Files_and_what_is_built_in_become_plans()
    {
        Write("conf.d/tcp.yaml", "instances:\n  - port: 1\n    min_collection_interval: 45\n    tags: [a:b]\n");
        Write("conf.d/my_metric.yaml", "instances: [{}]\n");
        Write("checks.d/my_metric.py", "");
        Write("conf.d/ntp.d/conf.yaml.default", "instances: [{}]\n"); // Of another agent's package, for a check that is not here.

        var read = Collector().Read();

        Assert.Equal(["my_metric my_metric.yaml 15", "tcp tcp.yaml 45", "cpu built in 15"], read.Plans.Select(plan => $"{plan.Check} {(plan.IsBuiltIn ? plan.Source : Path.GetFileName(plan.Source))} {plan.Interval.TotalSeconds}"));
        Assert.Equal(["a:b"], read.Plans[1].Tags);
        Assert.Empty(read.Complaints);
        Assert.Equal("python my_metric", Assert.Throws<CheckFailedException>(() => read.Plans[0].Make()).Message);
    }

    [Fact]
    public void A_file_takes_the_place_of_what_is_built_in()
    {
        Write("conf.d/cpu.d/conf.yaml.default", "instances:\n  - min_collection_interval: 60\n");

        Assert.Equal(60, Assert.Single(Collector().Read().Plans, plan => plan.Check == "cpu").Interval.TotalSeconds);
    }

    [Fact]
    public void A_program_that_nothing_asks_for_is_said()
    {
        Write("checks.d/my_metric.py", "");

        var complaint = Assert.Single(Collector().Read().Complaints);

        Assert.Equal($"Nothing asks for this check, so that it never runs; it needs a file {Path.Combine(_folder, "conf.d", "my_metric.yaml")} with an instance.", complaint.Sentence);
        Assert.Equal(["init_config:", "instances:", "  - {}"], complaint.Corrected);
    }

    [Fact]
    public void A_name_that_nobody_has_is_said_with_the_nearest()
    {
        Write("conf.d/tpc.yaml", "instances: [{port: 1}]\n");

        Assert.Equal("No check is called tpc. Did you mean tcp? Files are named after the check that they configure.", Assert.Single(Collector().Read().Complaints).Sentence);
    }

    [Fact]
    public void A_change_of_any_file_is_seen()
    {
        var collector = Collector();
        var stamps = new List<string> { collector.Stamp() };
        Write("conf.d/a.yaml", "instances: [{}]");
        stamps.Add(collector.Stamp());
        Write("conf.d/a.yaml", "instances: [{}, {a: 1}]");
        stamps.Add(collector.Stamp());
        Write("checks.d/a.py", "x = 1");
        stamps.Add(collector.Stamp());

        Assert.Equal(4, stamps.Distinct().Count());
        Assert.Equal(collector.Stamp(), collector.Read().Stamp);
    }

    CheckCollector Collector() => new(new CheckFolders { ConfD = Path.Combine(_folder, "conf.d"), ChecksD = Path.Combine(_folder, "checks.d"), Host = "box" }, [new Kind("tcp"), new Kind("cpu")], ["cpu", "disk"],
        (_, check, _, _, _, _) => throw new CheckFailedException($"python {check}"));

    void Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    sealed class Kind(string name) : ICheckKind
    {
        public string Name => name;

        public ICheck Create(CheckSettings settings) => throw new CheckFailedException(name);
    }
}
