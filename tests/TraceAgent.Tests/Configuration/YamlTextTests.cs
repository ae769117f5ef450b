using Apm.TraceAgent.Configuration;

namespace Apm.TraceAgent.Tests.Configuration;

public class YamlTextTests
{
    [Theory]
    [InlineData("  - pass: geheim", "  - pass: …")]
    [InlineData("\tpassword:geheim", "\tpassword: …")]
    [InlineData("api_key: 0123", "api_key: …")]
    [InlineData("    - password: <$password>", "    - password: <$password>")]
    [InlineData("  pass:", "  pass:")]
    [InlineData("  pass: # to be filled in", "  pass: # to be filled in")]
    [InlineData("name:logan", "name:logan")]
    [InlineData("tags", "tags")]
    public void A_line_that_is_shown_holds_no_secret(string written, string shown)
    {
        Assert.Equal(shown, YamlText.Masked(written));
        Assert.Equal(shown, new ConfigComplaint("f", 1, 1, "s") { Written = written }.Written);
    }
}
