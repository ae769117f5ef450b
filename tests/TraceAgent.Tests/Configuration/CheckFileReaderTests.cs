using Apm.TraceAgent.Configuration;

namespace Apm.TraceAgent.Tests.Configuration;

/// <summary>What people write into the files of checks, and what they are told. → stands for a tab.</summary>
public class CheckFileReaderTests
{
    const string WalkthroughMySql = "init_config:\n\ninstances:\n  →server: localhost\n    →user: datadog\n    →pass: $password\n    →tags:\n        →optional_tag1\n        →optional_tag2\n    →options:\n        →replication: 0\n        →galera_cluster: 1\n";

    [Theory]
    [InlineData(WalkthroughMySql)]
    [InlineData("init_config:\n\ninstances:\n→server: localhost\n→user: datadog\n→pass: $password\n→tags:\n→→optional_tag1\n→→optional_tag2\n→options:\n→→replication: 0\n→→galera_cluster: 1\n")]
    public void The_mysql_file_of_the_walkthrough_is_one_instance(string text)
    {
        var instance = Assert.Single(Read("mysql", text).Instances);

        Assert.Equal(["galera_cluster=1", "replication=0"], ((IReadOnlyDictionary<string, object?>)instance.Values["options"]!).Select(pair => $"{pair.Key}={pair.Value}").Order());
        Assert.Equal("localhost datadog $password", string.Join(' ', instance.Values["server"], instance.Values["user"], instance.Values["pass"]));
        Assert.Equal(["optional_tag1", "optional_tag2"], instance.Tags);
        Assert.Equal(new List<object?> { "optional_tag1", "optional_tag2" }, instance.Values["tags"]);
        Assert.Equal(15, instance.IntervalSeconds);
    }

    [Fact]
    public void The_mysql_file_of_the_walkthrough_is_answered_in_three_steps()
    {
        Assert.Equal("""
            conf.d/mysql.d/conf.yaml:4:3: A tab indents this line; YAML takes blanks only. It is read as blanks up to the next multiple of 8. So do those in lines 5, 6, 7, 8, 9, 10, 11 and 12. The Datadog agent says: yaml: line 4: found character that cannot start any token
              4 |   →server: localhost
                |   ^
              write:
                init_config:
                instances:
                  - server: localhost
                    user: datadog
                    pass: …
                    tags:
                      - optional_tag1
                      - optional_tag2
                    options:
                      replication: 0
                      galera_cluster: 1
            conf.d/mysql.d/conf.yaml:4:4: "instances" is a group of keys here, where a list should stand; it is taken as one instance. The Datadog agent says: yaml: unmarshal errors:   line 4: cannot unmarshal !!map into []integration.RawMap
              4 |   →server: localhost
                |    ^
              write:
                instances:
                  - server: localhost
                    user: datadog
                    pass: …
                    tags:
                      - optional_tag1
                      - optional_tag2
                    options:
                      replication: 0
                      galera_cluster: 1
            conf.d/mysql.d/conf.yaml:8:10: The lines under "tags" have no dash, so that YAML joins them into one text; it is parted at blanks and commas into 2 tags. The Datadog agent says: yaml: unmarshal errors:   line 8: cannot unmarshal !!str `optiona...` into []string
              8 |         →optional_tag1
                |          ^^^^^^^^^^^^^
              write:
                tags:
                  - optional_tag1
                  - optional_tag2
            """, Complaints("mysql", WalkthroughMySql));
    }

    [Fact]
    public void With_yaml_tabs_error_it_is_as_for_the_Datadog_agent()
    {
        var file = CheckFileReader.Read("mysql", "conf.d/mysql.d/conf.yaml", WalkthroughMySql.Replace('→', '\t'), acceptsTabs: false);

        Assert.Empty(file.Instances);
        var complaint = Assert.Single(file.Complaints);
        Assert.True(complaint.IsError);
        Assert.Equal("yaml: line 4: found character that cannot start any token", complaint.Original);
        Assert.StartsWith("A tab indents this line; YAML takes blanks only. The file is not used (yaml_tabs: error).", complaint.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void An_instance_behind_blanks_and_a_tab()
    {
        var file = Read("my_metric", "init_config: →\n→\ninstances:\n    →[{}]\n");

        Assert.Equal(15, Assert.Single(file.Instances).IntervalSeconds);
        Assert.Equal(2, Assert.Single(file.Complaints).Line);
    }

    [Fact]
    public void Three_dashes_for_one_instance_are_run_as_written_and_explained()
    {
        const string Text = "init_config:\n\ninstances:\n    - username: <$username>\n    - password: <$password>\n    - min_collection_interval: 45\n";

        Assert.Equal([15, 15, 45], Read("my_metric", Text).Instances.Select(instance => instance.IntervalSeconds));
        Assert.Equal("""
            conf.d/my_metric.yaml:5:7: 3 instances of my_metric: 2 run every 15 s, 1 every 45 s. Each dash begins an instance of its own; one instance has one dash.
              5 |     - password: <$password>
                |       ^
              write:
                instances:
                  - min_collection_interval: 45
            """, Complaints("my_metric", Text));
    }

    [Fact]
    public void Three_dashes_with_real_values_become_one_instance_with_all_of_them()
    {
        var complaint = Assert.Single(Read("my_metric", "instances:\n- url: http://a\n- min_collection_interval: 45\n").Complaints);

        Assert.Equal(["instances:", "  - url: http://a", "    min_collection_interval: 45"], complaint.Corrected);
    }

    [Fact]
    public void Two_instances_that_are_meant_as_two_are_nobodys_mistake()
    {
        Assert.Empty(Read("tcp_check", "init_config:\ninstances:\n- host: a\n  port: 1\n- host: b\n  port: 2\n  min_collection_interval: 45\n").Complaints);
    }

    [Theory]
    [InlineData("instances: [{}]", "", 1)]
    [InlineData("init_config:\ninstances:\n  - {}\n", "", 1)]
    [InlineData("instances:\n  -\n", "", 1)]
    [InlineData("", "", 0)]
    [InlineData("# nothing\n", "", 0)]
    [InlineData("ad_identifiers: [redis]\ninstances: [{}]", "", 0)]
    [InlineData("logs:\n  - type: file\n    path: /a\n", "", 0)]
    [InlineData("init_config:\n", """
        conf.d/x.yaml:1:1: There is no instance here, so that x is never run. An instance without settings is written {}. The Datadog agent says: Configuration file contains no valid instances
          1 | init_config:
            | ^
          write:
            instances:
              - {}
        """, 0)]
    [InlineData("instances:\n  - foo\n", """
        conf.d/x.yaml:2:5: An instance is a group of keys; this is not, and it is not run. The Datadog agent says: yaml: unmarshal errors:   line 2: cannot unmarshal !!str into integration.RawMap
          2 |   - foo
            |     ^^^
          write:
            instances:
              - {}
        """, 0)]
    [InlineData("instances:\n  - tags:\n      - name: logan\n", """
        conf.d/x.yaml:3:9: With a blank behind the colon this is a key with a value, no tag; it is taken as name:logan. The Datadog agent says: yaml: unmarshal errors:   line 3: cannot unmarshal !!map into string
          3 |       - name: logan
            |         ^
          write:
            tags:
              - name:logan
        """, 1)]
    [InlineData("instances:\n  - tags:\n      name: logan\n      team: shop\n", """
        conf.d/x.yaml:3:7: "tags" is a group of keys here, where a list should stand; each key with its value is taken as a tag. The Datadog agent says: yaml: unmarshal errors:   line 3: cannot unmarshal !!map into []string
          3 |       name: logan
            |       ^
          write:
            tags:
              - name:logan
              - team:shop
        """, 1)]
    [InlineData("instances:\n  - min_collection_interval: \"45\"\n", """
        conf.d/x.yaml:2:30: In quotes this is a text; it is read as 45 seconds. The Datadog agent says: yaml: unmarshal errors:   line 2: cannot unmarshal !!str `45` into int
          2 |   - min_collection_interval: "45"
            |                              ^
          write:
            min_collection_interval: 45
        """, 1)]
    [InlineData("instances:\n  - min_collection_interval: 0.5\n", """
        conf.d/x.yaml:2:30: "min_collection_interval" is a whole number of seconds from 1 on; 0.5 counts as none, and the instance runs every 15 s.
          2 |   - min_collection_interval: 0.5
            |                              ^^^
          write:
            min_collection_interval: 15
        """, 1)]
    [InlineData("init_config:\n  min_collection_interval: 45\ninstances:\n  - {}\n", """
        conf.d/x.yaml:2:3: "min_collection_interval" has no effect under init_config; it belongs in each instance.
          2 |   min_collection_interval: 45
            |   ^^^^^^^^^^^^^^^^^^^^^^^
          write:
            instances:
              - min_collection_interval: 45
        """, 1)]
    [InlineData("instances:\n  - host: a\nuser: datadog\n", """
        conf.d/x.yaml:3:1: "user" means nothing at the left margin; what belongs to an instance is indented below its dash.
          3 | user: datadog
            | ^^^^
          write:
            instances:
              - user: datadog
        """, 1)]
    [InlineData("instance:\n  - host: a\ninstances: [{}]\n", """
        conf.d/x.yaml:1:1: "instance" means nothing here. Did you mean "instances"?
          1 | instance:
            | ^^^^^^^^
          write:
            instances:
        """, 1)]
    [InlineData("instances:\n  - {a: 1}\n  - {a: 1}\n", """
        conf.d/x.yaml:3:5: This instance says the same as one above; they are run as one.
          3 |   - {a: 1}
            |     ^
        """, 1)]
    [InlineData("instances:\n  - a: [1, 2\n", """
        conf.d/x.yaml:3:1: This is not YAML: While parsing a flow sequence, did not find expected ',' or ']'. Look at the indentation and the colons here and just above. The file is not used.
        """, 0)]
    public void Each_mistake_has_its_answer(string text, string complaint, int instances)
    {
        Assert.Equal(instances, Read("x", text).Instances.Count);
        Assert.Equal(complaint, Complaints("x", text));
    }

    [Fact]
    public void An_instance_tells_what_is_attached_to_it()
    {
        var instance = Assert.Single(Read("x", "init_config:\n  service: shop\ninstances:\n  - tags: [team:a]\n    namespace: ours\n    empty_default_hostname: true\n    min_collection_interval: 60.0\n").Instances);

        Assert.Equal(["team:a", "service:shop"], instance.Tags);
        Assert.Equal(("ours", true, 60), (instance.Namespace, instance.HasNoHost, instance.IntervalSeconds));
    }

    [Fact]
    public void The_identity_of_an_instance_stays_while_its_settings_do()
    {
        var first = Read("x", "instances:\n  - a: 1\n    b: [x]\n").Instances[0].Id;

        Assert.Equal(first, Read("x", "# more\ninstances:\n\n- {a: 1, b: [x]}\n").Instances[0].Id);
        Assert.NotEqual(first, Read("x", "instances:\n  - a: 2\n    b: [x]\n").Instances[0].Id);
        Assert.Matches("^x:[0-9a-f]{16}$", first);
    }

    [Fact]
    public void Whatever_is_in_the_file_is_answered_and_never_fails()
    {
        const string Odd = ":{}[]\t\n -#&*!|>'\"%@`\0é";
        var chance = new Random(20_261_129);
        for (var i = 0; i < 20_000; i++)
        {
            var text = WalkthroughMySql.Replace('→', '\t').ToCharArray().ToList();
            for (var edits = chance.Next(1, 5); edits > 0; edits--)
            {
                var at = chance.Next(text.Count);
                if (chance.Next(3) == 0) text.RemoveAt(at);
                else text.Insert(at, Odd[chance.Next(Odd.Length)]);
            }
            var file = CheckFileReader.Read("x", "x.yaml", new string([.. text]), acceptsTabs: true);
            Assert.All(file.Complaints, complaint => Assert.True(complaint.Line >= 1 && complaint.Column >= 1 && complaint.ToString().Length > 20, new string([.. text])));
        }
    }

    static CheckFile Read(string check, string text) => CheckFileReader.Read(check, check == "mysql" ? "conf.d/mysql.d/conf.yaml" : $"conf.d/{check}.yaml", text.Replace('→', '\t'), acceptsTabs: true);

    static string Complaints(string check, string text) => string.Join('\n', Read(check, text).Complaints);
}
