using Apm.Cli.Settings;

namespace Apm.Cli.Tests.Settings;

public class DamagedSettingsTests
{
    const string Whole = "memory:\n  max_bytes: 1GB\nports: {agent: 8126, zipkin: off}\napm_config:\n  replace_tags:\n    - name: \"*\"\n      pattern: 'a+'\n      repl: |\n        two\n        lines\n  ignore_resources: [a, b]\n# end\n";

    [Fact]
    public void Whatever_is_in_the_file_is_answered_with_issues_and_never_with_a_failure()
    {
        const string Odd = ":{}[]\t\n -#&*!|>'\"%@`\0é";
        var chance = new Random(20_261_128);
        for (var i = 0; i < 20_000; i++)
        {
            var text = Whole.ToCharArray().ToList();
            for (var edits = chance.Next(1, 5); edits > 0; edits--)
            {
                var at = chance.Next(text.Count);
                if (chance.Next(3) == 0) text.RemoveAt(at);
                else text.Insert(at, Odd[chance.Next(Odd.Length)]);
            }
            var damaged = new string([.. text]);
            var result = SettingsReader.Read(new Dictionary<string, string>(), _ => null, (chance.Next(2) == 0 ? "apm.yaml" : "datadog.yaml", damaged));
            Assert.All(result.Issues, issue => Assert.True(issue.ToString().Length > 20, damaged));
        }
    }
}
