using Apm.Cli.Commands;

namespace Apm.Cli.Tests.Doctor;

public class EndedEarlyTests
{
    [Theory]
    [InlineData(0, "The command ended by itself before any span of it came. Give one that stays, such as a server, or one that does some traced work.")]
    [InlineData(1, "The command failed with exit code 1 before any span of it came. Its own words stand above: what they name has to be mended first.")]
    public void A_command_that_fails_is_not_asked_to_stay(int exitCode, string sentence) => Assert.Equal(sentence, DoctorCommand.EndedEarly(exitCode).Sentence);
}
