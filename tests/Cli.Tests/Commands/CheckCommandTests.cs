using System.Text.RegularExpressions;
using Apm.Cli.Commands;
using Apm.Cli.Host;

namespace Apm.Cli.Tests.Commands;

public sealed class CheckCommandTests : IDisposable
{
    const string MyMetric = "from checks import AgentCheck\nimport random\n\nclass CustomCheck(AgentCheck):\n\tdef check(self, instance):\n\t\tself.gauge('my_metric', random.randint(0,1000))\n";

    readonly string _folder = Directory.CreateTempSubdirectory("check").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_page_has_the_form_of_the_Datadog_agents()
    {
        Write("conf.d/my_metric.yaml", "init_config: \t\n\t\ninstances:\n    \t[{}]\n");
        Write("checks.d/my_metric.py", MyMetric);

        var (code, output, errors) = await Run("my_metric");

        Assert.Equal(0, code);
        Assert.StartsWith($"Warning: {_folder}/conf.d/my_metric.yaml:2:1: A tab indents this line; YAML takes blanks only.", errors, StringComparison.Ordinal);
        Assert.Equal($$"""
            === Series ===
            [
              {
                "metric": "my_metric",
                "points": [
                  [
                    N,
                    N
                  ]
                ],
                "tags": [],
                "host": "box-1",
                "type": "gauge",
                "interval": 0,
                "source_type_name": "System"
              }
            ]
            =========
            Collector
            =========

              Running Checks
              ==============
                
                my_metric (unversioned)
                -----------------------
                  Instance ID: my_metric:N [OK]
                  Configuration Source: file:{{_folder}}/conf.d/my_metric.yaml
                  Total Runs: 1
                  Metric Samples: Last Run: 1, Total: 1
                  Events: Last Run: 0, Total: 0
                  Service Checks: Last Run: 0, Total: 0
                  Average Execution Time : N
                  Last Execution Date : N
                  Last Successful Execution Date : N
            Check has run only once, if some metrics are missing you can try again with --check-rate to see any other metric if available.

            """, Masked(output));
    }

    [Fact]
    public async Task Two_runs_give_rates_and_several_instances_are_said()
    {
        Write("conf.d/counts.yaml", "instances:\n  - name: a\n  - name: b\n");
        Write("checks.d/counts.py", "from checks import AgentCheck\nclass Counts(AgentCheck):\n    n = 0\n    def check(self, instance):\n        self.n += 100\n        self.rate('counts.rate', self.n, tags=['name:' + instance['name']])\n        self.service_check('counts.ok', AgentCheck.WARNING, message='so so')\n");

        var (code, output, _) = await Run("counts", times: 2);

        Assert.Equal(0, code);
        Assert.StartsWith("Multiple check instances found, running each of them\n=== Series ===", output, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(output, "\"metric\": \"counts.rate\""));
        Assert.Equal(4, Regex.Count(output, "\"check\": \"counts.ok\""));
        Assert.Equal(2, Regex.Count(output, @"Total Runs: 2"));
        Assert.DoesNotContain("Check has run only once", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_shows_the_traceback_and_the_exit_code_says_so()
    {
        Write("conf.d/bad.yaml", "instances: [{}]\n");
        Write("checks.d/bad.py", "from checks import AgentCheck\nclass Bad(AgentCheck):\n    def check(self, instance):\n        return 1 / 0\n");

        var (code, output, _) = await Run("bad");

        Assert.Equal(1, code);
        Assert.Contains($"[ERROR]\n", output, StringComparison.Ordinal);
        Assert.Contains("      Last Successful Execution Date : Never\n      Error: bad.py fails in line 4: ZeroDivisionError: division by zero\n      Traceback (most recent call last):\n", output, StringComparison.Ordinal);
        Assert.Contains("      ZeroDivisionError: division by zero\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("my_metrik", "Error: no valid check found. Did you mean my_metric?\n")]
    [InlineData("my_metric", "Error: invalid config for my_metric: FOLDER/conf.d/my_metric.yaml:1:1: There is no instance here, so that my_metric is never run. An instance without settings is written {}. The Datadog agent says: Configuration file contains no valid instances\n  1 | init_config:\n    | ^\n  write:\n    instances:\n      - {}\nError: no valid check found. Checks here: ")]
    public async Task Without_a_valid_check_it_says_what_to_do(string name, string error)
    {
        Write("conf.d/my_metric.yaml", "init_config:\n");
        Write("checks.d/my_metric.py", MyMetric);

        var (code, output, errors) = await Run(name);

        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith(error.Replace("FOLDER", _folder, StringComparison.Ordinal), errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_built_in_can_be_run_as_well()
    {
        var (code, output, _) = await Run("load");

        Assert.Equal(0, code);
        Assert.Contains("\"metric\": \"system.load.1\"", output, StringComparison.Ordinal);
        Assert.Contains("Configuration Source: built in", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_reads_a_datadog_yaml_and_the_folders_beside_it()
    {
        Write("datadog.yaml", "hostname: box-9\ntags:\n\t- name:logan\n\t- applying_for:solutions_engineer\n");
        Write("conf.d/my_metric.yaml", "instances: [{}]\n");
        Write("checks.d/my_metric.py", MyMetric);

        var (code, output, _) = await CliProcess.Run(_folder, "check", "my_metric");

        Assert.Equal(0, code);
        Assert.Contains("\"host\": \"box-9\"", output, StringComparison.Ordinal);
        Assert.Equal(2, (await CliProcess.Run(_folder, "check", "my_metric", "--times", "0")).Code);
    }

    async Task<(int Code, string Output, string Errors)> Run(string name, int times = 1)
    {
        var (output, errors) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var settings = HostSettings.Default with { DataFolder = Path.Combine(_folder, "data"), Checks = new CheckHostSettings { Hostname = "box-1", Folder = _folder } };
        var code = await CheckCommand.Run(new CheckWish(name, times, TimeSpan.FromMilliseconds(20), AsJson: false), settings, TimeProvider.System, output, errors, CancellationToken.None);
        return (code, output.ToString(), errors.ToString());
    }

    void Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    static string Masked(string page) => Regex.Replace(Regex.Replace(page, @"(?<=(Time|Date) : ).*|(?<=my_metric:)[0-9a-f]{16}", "N"), @"(?<=^ +)[\d.]+(?=,?$)", "N", RegexOptions.Multiline);
}
