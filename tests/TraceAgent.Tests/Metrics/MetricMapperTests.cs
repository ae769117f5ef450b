using Apm.TraceAgent.Metrics;

namespace Apm.TraceAgent.Tests.Metrics;

public class MetricMapperTests
{
    static readonly MetricMapping[] Mappings =
    [
        new("airflow.", "airflow.job.duration.*.*", false, "airflow.job.duration", [("dag", "$1"), ("task", "$2")]),
        new("airflow.", "airflow.dag_*.done", false, "airflow.dag.done", [("dag", "$1")]),
        new("*", @"web\.(?<host>[a-z]+)\.(\d+)\.hits", true, "web.hits", [("shard", "$1"), ("box", "${host}")]),
    ];

    [Theory]
    [InlineData("airflow.job.duration.etl.load:4|c",     "airflow.job.duration{dag:etl,host:box,task:load}")]
    [InlineData("airflow.job.duration.etl.load.x:4|c",   "airflow.job.duration.etl.load.x{host:box}")]
    [InlineData("airflow.dag_main.done:4|c|#env:prod",   "airflow.dag.done{dag:main,env:prod,host:box}")]
    [InlineData("web.a.17.hits:4|c",                     "web.hits{box:a,host:box,shard:17}")]
    [InlineData("other.a.17.hits:4|c",                   "other.a.17.hits{host:box}")]
    public async Task Dotted_names_become_names_with_tags(string line, string series)
    {
        var rig = new StatsdRig(new DogStatsDSettings { Mappings = Mappings });
        rig.Send(line);

        Assert.StartsWith(series + " Rate/10", await rig.After(10), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.**", false, "\"a.**\" is no pattern of a mapping: write letters, digits, _ - and . with single stars, such as airflow.job.*.*, or set match_type: regex.")]
    [InlineData("a b", false, "\"a b\" is no pattern of a mapping: write letters, digits, _ - and . with single stars, such as airflow.job.*.*, or set match_type: regex.")]
    public void A_pattern_that_is_none_is_said(string match, bool isRegex, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<ArgumentException>(() => new MetricMapping("*", match, isRegex, "m", [])).Message);

    [Fact]
    public void A_regular_expression_that_is_none_is_said() =>
        Assert.StartsWith("\"a(\" is no regular expression that can be used: ", Assert.Throws<ArgumentException>(() => new MetricMapping("*", "a(", true, "m", [])).Message, StringComparison.Ordinal);
}
