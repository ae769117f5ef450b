using Apm.Cli.Host;
using Apm.Cli.Settings;

namespace Apm.Cli.Tests.Settings;

/// <summary>The part of a <c>datadog.yaml</c> that is about the host and its checks, with the walkthrough's mistakes. → stands for a tab.</summary>
public class CheckSettingsTests
{
    [Theory]
    [InlineData("tags:\n→- name:logan\n→- applying_for:solutions_engineer\n", """
        datadog.yaml:2:1: A tab indents this line; YAML takes blanks only. It is read as blanks up to the next multiple of 8. So does one in line 3. The Datadog agent does not start with it: Failed to setup config unable to load Datadog config file: While parsing config: yaml: line 2: found character that cannot start any token
          2 | →- name:logan
            | ^
          write:
            tags:
              - name:logan
              - applying_for:solutions_engineer
        """)]
    [InlineData("tags:\n  name:logan\n  applying_for:solutions_engineer\n", """
        datadog.yaml:2:3: The lines under "tags" have no dash, so that YAML joins them into one text; it is parted at blanks and commas into 2 tags. The Datadog agent says: yaml: unmarshal errors:   line 2: cannot unmarshal !!str `name:lo...` into []string
          2 |   name:logan
            |   ^^^^^^^^^^
          write:
            tags:
              - name:logan
              - applying_for:solutions_engineer
        """)]
    [InlineData("tags:\n  name: logan\n  applying_for: solutions_engineer\n", """
        datadog.yaml:2:3: "tags" is a group of keys here, where a list should stand; each key with its value is taken as a tag. The Datadog agent says: yaml: unmarshal errors:   line 2: cannot unmarshal !!map into []string
          2 |   name: logan
            |   ^
          write:
            tags:
              - name:logan
              - applying_for:solutions_engineer
        """)]
    [InlineData("tags:\n  - name: logan\n  - applying_for:solutions_engineer\n", """
        datadog.yaml:2:5: With a blank behind the colon this is a key with a value, no tag; it is taken as name:logan. The Datadog agent says: yaml: unmarshal errors:   line 2: cannot unmarshal !!map into string
          2 |   - name: logan
            |     ^
          write:
            tags:
              - name:logan
              - applying_for:solutions_engineer
        """)]
    [InlineData("tags: [\"name:logan\", \"applying_for:solutions_engineer\"]\n", "")]
    [InlineData("tags: name:logan, applying_for:solutions_engineer\n", "")]
    public void Host_tags_are_read_as_they_are_meant(string text, string issue)
    {
        var result = Read(text);

        Assert.Equal(["name:logan", "applying_for:solutions_engineer"], result.Settings.Checks.Tags);
        Assert.Equal(issue, string.Join('\n', result.Issues));
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void With_yaml_tabs_error_the_file_is_refused_as_that_agent_does()
    {
        Assert.Contains("While parsing config: yaml: line 3: found character", Assert.Single(Read("yaml_tabs: error\ntags:\n→- name:logan\n").Errors).ToString(), StringComparison.Ordinal);
        Assert.Contains("While parsing config: yaml: line 2: found character", Assert.Single(Read("tags:\n→- name:logan\n", ("APM_YAML_TABS", "error")).Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_apm_config_whose_keys_stand_at_the_margin()
    {
        Assert.Equal("""
            datadog.yaml:2:1: "enabled" stands at the top level, where it means nothing; it belongs under apm_config, indented. It is passed over.
              2 | enabled: true
                | ^^^^^^^
              write:
                apm_config:
                  enabled: true
            """, Assert.Single(Read("apm_config:\nenabled: true\n").Issues).ToString());
    }

    [Fact]
    public void Complaints_come_as_the_screens_show_them()
    {
        var complaint = Assert.Single(Read("tags:\n→- name:logan\n").Settings.Checks.Complaints);

        Assert.Equal(("datadog.yaml", 2, 1, "→- name:logan", false), (complaint.File, complaint.Line, complaint.Column, complaint.Written.Replace('\t', '→'), complaint.IsError));
        Assert.Equal(["tags:", "  - name:logan"], complaint.Corrected);
    }

    [Fact]
    public void Keys_and_variables_of_the_Datadog_agent()
    {
        var checks = Read("hostname: box-1\nextra_tags: [c:3]\nconfd_path: /etc/datadog-agent/conf.d\nadditional_checksd: /c\ncheck_runners: 7\nenv: prod\n", ("DD_TAGS", "a:1 b:2")).Settings;

        Assert.Equal(["a:1", "b:2", "c:3", "env:prod"], CheckParts.HostTags(checks));
        Assert.Equal(("box-1", "/etc/datadog-agent/conf.d", "/c", 7), (checks.Checks.Host, checks.Checks.ConfD, checks.Checks.ChecksD, checks.Checks.Schedule.MaxRunners));
        Assert.Equal(Environment.MachineName, Read("").Settings.Checks.Host);
        Assert.Empty(CheckParts.HostTags(Read("").Settings));
    }

    static SettingsResult Read(string text, params (string Name, string Value)[] variables) =>
        SettingsReader.Read(new Dictionary<string, string>(), name => variables.FirstOrDefault(variable => variable.Name == name).Value, ("datadog.yaml", text.Replace('→', '\t')));
}
